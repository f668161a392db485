/** @file The real control loop, recorded: a session of an asynchronous robot is asked again and gives the same chunks. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { SimulatedClock } from '../src/base/clock.ts';
import { startProgress } from '../src/base/progress.ts';
import { replaySession } from '../src/cli/replay/compare.ts';
import { openRecording } from '../src/cli/replay/recorded-session.ts';
import { openLeRobot } from '../src/data/lerobot/reader.ts';
import { datasetSink } from '../src/data/loop-dataset.ts';
import type { TickRecord } from '../src/interfaces/tick-record.ts';
import { recordedPolicy } from '../src/recording/recorded-policy.ts';
import { startRecorder } from '../src/recording/recorder.ts';
import { readSession } from '../src/recording/session-file.ts';
import { mcapSink } from '../src/recording/sinks.ts';
import { constantLatency } from '../src/runtime/latency-model.ts';
import { runEpisode } from '../src/runtime/run-episode.ts';
import { SimulatedRobot } from '../src/runtime/simulated-robot.ts';
import { naiveAsynchronous } from '../src/runtime/strategies/index.ts';
import { openPolicy } from './flatland/flatland-policy.ts';
import { openEnvironment } from './flatland/flatland.ts';
import { plainGate } from './real-time/plain-gate.ts';
import { withFolder } from './small-dataset.ts';

const POLICY = { horizon: 8, noise: 0.05, fault: null, cameraName: null };

test('a session of an asynchronous loop replays exactly, and MCAP and dataset agree with its ticks', () =>
  withFolder(async (folder) => {
    const [file, root] = [path.join(folder, 'session.mcap'), path.join(folder, 'set')];
    const clock = new SimulatedClock(100);
    const environment = await openEnvironment({ imageSize: 24 });
    const policy = await openPolicy(POLICY, environment);
    const robot = new SimulatedRobot({ environment, clock });
    const recorder = await startRecorder({
      session: { embodiment: robot.embodiment, zero: 1_795_651_200, about: {} },
      sinks: [
        mcapSink({ file, existing: 'refuse', images: 'png' }),
        datasetSink({ root, existing: 'refuse', cameras: 'image' }),
      ],
    });
    const told: TickRecord[] = [];
    await runEpisode({
      robot,
      gate: plainGate(robot),
      policy: recordedPolicy(policy, recorder, clock),
      strategy: naiveAsynchronous({ execute: 4 }),
      clock,
      latency: constantLatency(0.12),
      episode: { task: 'stay', seed: 5 },
      seed: 1,
      onTick(record) {
        told.push({ ...record, action: record.action.slice() });
        recorder.tick(record);
      },
    });
    assert.deepEqual((await recorder.close()).problems, []);
    const { episodes } = readSession(file);
    assert.equal(episodes.length, 1);
    assert.equal(episodes[0]!.seed, 1);
    assert.deepEqual(
      episodes[0]!.ticks.map(({ tick, source, action }) => ({ tick, source, action })),
      told.map(({ tick, source, action }) => ({ tick, source, action })),
    );
    assert.ok(told.some(({ source }) => source === 'hold') && told.some(({ source }) => source === 'chunk'));
    const dataset = await openLeRobot(root, { episodes: 'all' });
    const seen = told.filter(({ observation }) => observation !== null);
    assert.deepEqual(
      [...(await dataset.column('action', 0))],
      seen.flatMap(({ action }) => [...action]),
    );
    await dataset.close();

    const session = await openRecording(file, 'all', { every: 1, cameras: [] });
    assert.equal(session.kind, 'inferences');
    const again = await openPolicy(POLICY, environment);
    const progress = startProgress({ label: 'replay', total: 1, unit: 'inferences' });
    const replayed = await replaySession(session, again, 99, progress, new AbortController().signal);
    assert.ok(replayed.answers.length > 1);
    assert.deepEqual([replayed.different, replayed.missing], [0, 0]);
    // The noise comes from the recorded seed: with another policy the numbers differ.
    const noisier = await openPolicy({ ...POLICY, noise: 0.06 }, environment);
    assert.ok((await replaySession(session, noisier, 99, progress, new AbortController().signal)).different > 0);
  }));
