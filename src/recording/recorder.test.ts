/** @file Tests of what may go wrong while a loop is recorded: crashes, full disks, sinks that fail, a thread that is too slow. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RECORDED_SESSION, imageAt, inferenceAt, playLoop, tickAt, wantedAt } from '../../tests/recorded-loop.ts';
import { pythonWith, runPython } from '../../tests/processes/python.ts';
import { noOwnDisks, onOwnDisk } from '../../tests/processes/vlakit.ts';
import { withFolder } from '../../tests/small-dataset.ts';
import { workerUrl } from '../base/worker-url.ts';
import { copyTold } from './copy-told.ts';
import { mcapSink } from './sinks.ts';
import { recordedPolicy } from './recorded-policy.ts';
import { startRecorder } from './recorder.ts';
import { readSession } from './session-file.ts';

const PROGRAM = fileURLToPath(workerUrl(import.meta.url, '../../tests/recorded-loop-process'));
const SLOW_SINK = workerUrl(import.meta.url, '../../tests/slow-sink').href;

/** Runs the made-up loop in a process; `kill` ends it without warning when it says so. */
function loopProcess(args: readonly string[], kill: RegExp | null, wrapper: readonly string[] = []): Promise<string> {
  return new Promise((resolve, reject) => {
    const [program, ...rest] = [...wrapper, process.execPath, PROGRAM, ...args];
    const child = spawn(program!, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (data: Buffer) => {
      out += String(data);
      if (kill?.test(out) === true) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', () => resolve(out));
  });
}

describe('a recording that is disturbed', () => {
  const python = pythonWith('mcap', 'mcap_protobuf');

  test('ends at a whole chunk when the process is killed, and is read up to there', async (t) =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'killed.mcap');
      const out = await loopProcess([file, '100000'], /tick 700\n/);
      assert.doesNotMatch(out, /closed/);
      const { whole, episodes } = readSession(file);
      assert.equal(whole, false);
      const { ticks } = episodes[0]!;
      assert.ok(ticks.length > 600, `${ticks.length} ticks were saved`);
      for (const [i, tick] of ticks.entries()) {
        assert.equal(tick.tick, i);
        assert.deepEqual(tick.wanted, wantedAt(0, i));
        const front = tick.images['front']!;
        assert.ok(front.kind === 'rgb');
        assert.deepEqual(front.data, imageAt('front', 0, i).data);
      }
      if (python !== false) return t.diagnostic(python);
      const found = JSON.parse(runPython(['tools/check-mcap.py', file, '--cut'])) as { messages: { topic: string }[] };
      assert.equal(found.messages.filter(({ topic }) => topic === '/tick').length, ticks.length);
    }));

  test('says that the disk is full, and the loop goes on', { skip: noOwnDisks() }, () =>
    withFolder(async (folder) => {
      const [disk, left] = [path.join(folder, 'disk'), path.join(folder, 'left')];
      const out = await loopProcess([path.join(disk, 'full.mcap'), '3000'], null, onOwnDisk(disk, 'size=256k', left));
      assert.equal(out.match(/^problem .*/gm)?.length, 1);
      assert.match(out, /^problem mcap: mcap: .*full\.mcap: ENOSPC/m);
      assert.match(out, /tick 2999\n/);
      assert.match(out, /closed \{"told":3000,"lost":0,"problems":1\}/);
      const { whole, episodes } = readSession(path.join(left, 'full.mcap'));
      assert.equal(whole, false);
      assert.ok(episodes[0]!.ticks.length > 50);
    }),
  );

  test('loses what a slow thread cannot take, counts it and says where', () =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'slow.mcap');
      const gate = new Int32Array(new SharedArrayBuffer(4));
      const recorder = await startRecorder({
        session: RECORDED_SESSION,
        // The sink in front holds the thread until the gate opens.
        sinks: [
          { name: 'slow', module: SLOW_SINK, options: { gate } },
          mcapSink({ file, existing: 'refuse', images: 'raw' }),
        ],
        mostWaiting: 4,
      });
      recorder.episode({ index: 0, seed: null });
      for (let tick = 0; tick < 10; tick++) recorder.tick(tickAt(0, tick));
      assert.equal(recorder.lost, 7, 'the episode and three ticks wait');
      // A reset is never lost.
      recorder.episode({ index: 1, seed: null });
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      const { told, lost, problems } = await recorder.close();
      assert.deepEqual({ told, lost, problems }, { told: 3, lost: 7, problems: [] });
      const { episodes } = readSession(file);
      assert.deepEqual(
        episodes.map(({ ticks }) => ticks.map(({ tick }) => tick)),
        [[0, 1, 2], []],
      );
      assert.match(fs.readFileSync(file, 'latin1'), /the recorder was too slow: 7 records were dropped here/);
    }));

  test('has room again when the thread has caught up', () =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'steady.mcap');
      const sinks = [mcapSink({ file, existing: 'refuse', images: 'raw' })];
      const recorder = await startRecorder({ session: RECORDED_SESSION, sinks, mostWaiting: 4 });
      for (let tick = 0; tick < 40; tick++) {
        recorder.tick(tickAt(0, tick));
        await recorder.settled();
      }
      assert.deepEqual(await recorder.close(), { told: 40, lost: 0, problems: [] });
      assert.equal(readSession(file).episodes[0]!.ticks.length, 40);
    }));

  test('goes on in the other sinks when one fails', () =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'fine.mcap');
      const heard: string[] = [];
      const recorder = await startRecorder({
        session: RECORDED_SESSION,
        sinks: [
          { name: 'broken', module: SLOW_SINK, options: { failAt: 2 } },
          mcapSink({ file, existing: 'refuse', images: 'raw' }),
        ],
        onProblem: ({ sink, error }) => heard.push(`${sink}: ${error.message}`),
      });
      await playLoop(recorder, 1, 5);
      const { problems } = await recorder.close();
      assert.deepEqual(heard, ['broken: as it was asked to']);
      assert.equal(problems.length, 1);
      assert.equal(readSession(file).episodes[0]!.ticks.length, 5);
      assert.equal((await recorder.close()).problems.length, 1, 'closing twice is fine');
      recorder.tick(tickAt(0, 9));
    }));

  test('does not begin when a sink cannot be opened', async () => {
    const sinks = [{ name: 'none', module: SLOW_SINK, options: { failAt: -1 } }];
    await assert.rejects(startRecorder({ session: RECORDED_SESSION, sinks }), /as it was asked to/);
  });
});

test('what is told is copied: the loop may use its memory again', () => {
  const record = tickAt(0, 4);
  // A view of a longer chunk, as loops have it: its neighbours do not travel.
  const chunk = new Float32Array(3000);
  const { copy, bytes, buffers } = copyTold({ kind: 'tick', value: { ...record, action: chunk.subarray(3, 6) } });
  assert.ok(bytes < 1500, `${bytes} bytes`);
  assert.equal(buffers.length, 5);
  const images = record.observation!.images;
  images['front']!.data.fill(0);
  record.observation!.state.fill(0);
  record.wanted!.fill(0);
  assert.ok(copy.kind === 'tick');
  const { action, ...kept } = copy.value;
  const { action: _, ...expected } = tickAt(0, 4);
  assert.deepEqual(kept, expected);
  assert.deepEqual([...action], [0, 0, 0]);
});

test('a recorded policy tells its questions as they were asked', async () => {
  const told: unknown[] = [];
  const { chunk } = inferenceAt(0, 2);
  const listener = {
    episode: (start: unknown) => void told.push(start),
    inference: (record: unknown) => void told.push(record),
    tick: () => {},
    measurement: () => {},
  };
  let now = 1;
  const policy = recordedPolicy(
    {
      name: 'formula',
      embodiment: RECORDED_SESSION.embodiment,
      continues: { kind: 'prefix', longest: 2 },
      reset: () => {},
      infer: async (observation, options) => {
        now += 0.25;
        // The loop goes on meanwhile.
        observation.state.fill(0);
        options!.continuation!.actions.fill(0);
        return chunk;
      },
      close: async () => {},
    },
    listener,
    { now: () => now, sleepUntil: async () => {} },
  );
  assert.deepEqual(policy.continues, { kind: 'prefix', longest: 2 });
  await policy.reset({ seed: 7 });
  const { observation } = tickAt(0, 2);
  const { continuation } = inferenceAt(0, 2);
  assert.equal(await policy.infer(observation!, { continuation: continuation! }), chunk);
  assert.deepEqual(told, [
    { index: 0, seed: 7 },
    { ...inferenceAt(0, 2), seconds: 0.25 },
  ]);
});
