/** @file Generated human hands: a dataset that repeats and resumes, and whose numbers are those of the representation. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { Random } from '../../base/random.ts';
import { decodeGrasp, type Eigengrasps } from '../../codec/human-hands/eigengrasps.ts';
import { encodeHands } from '../../codec/human-hands/hand-actions.ts';
import { relatePose, type PoseChange } from '../../codec/relative-pose.ts';
import { openLeRobot } from '../../data/lerobot/reader.ts';
import { parseEmbodiment } from '../../codec/embodiment-file.ts';
import { drawHandEpisode } from '../../simulation/human-hands/episode.ts';
import { generateHumanHands, handNumbers, sharedEigengrasps, type HumanHandsOptions } from './human-hands-dataset.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'hands-'));
after(() => fs.rmSync(root, { recursive: true }));

function make(name: string, changes: Partial<HumanHandsOptions> = {}): ReturnType<typeof generateHumanHands> {
  const { signal } = new AbortController();
  const folder = path.join(root, name);
  return generateHumanHands({
    episodes: 3,
    seed: 4,
    imageSize: 16,
    root: folder,
    existing: 'resume',
    command: 'test',
    signal,
    ...changes,
  });
}

function contents(name: string): Record<string, string> {
  const folder = path.join(root, name);
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const whole = files.filter((file) => fs.statSync(path.join(folder, file)).isFile());
  return Object.fromEntries(whole.map((file) => [file, fs.readFileSync(path.join(folder, file), 'hex')]));
}

test('the same seed makes the same dataset, also after an interruption; another seed another one', async () => {
  await make('one');
  let asked = 0;
  const signal = {
    get aborted() {
      return asked++ >= 2;
    },
  } as AbortSignal;
  await assert.rejects(make('two', { signal }), { code: 'interrupted' });
  await assert.rejects(make('two', { seed: 5 }), { code: 'mismatch' });
  await make('two');
  assert.deepEqual(contents('two'), contents('one'));
  await make('three', { seed: 5 });
  assert.notDeepEqual(contents('three'), contents('one'));
});

test('state and action are wrists and eigengrasps, and the codec’s relative poses are the representation’s', async () => {
  const dataset = await openLeRobot(path.join(root, 'one'), { episodes: 'all' });
  const { eigengrasps, embodiment } = dataset.info.raw['vlakit'] as { eigengrasps: Eigengrasps; embodiment: unknown };
  assert.deepEqual(eigengrasps, JSON.parse(JSON.stringify(sharedEigengrasps())));
  assert.equal(parseEmbodiment(embodiment, 'info.json').action.names.length, 32);
  assert.ok((await dataset.annotation(0, 0))!.subtask!.startsWith('reach for the '));

  const { frames, instruction } = drawHandEpisode(new Random(4, 1, 0));
  assert.equal(await dataset.instruction(1, 0), instruction);
  const [state, action] = [await dataset.column('observation.state', 1), await dataset.column('action', 1)];
  for (const [i, frame] of frames.entries()) {
    const expected = handNumbers(frame, eigengrasps);
    expected.forEach((value, k) => assert.ok(Math.abs(state[32 * i + k]! - value) < 1e-6));
    const next = Math.min(i + 1, frames.length - 1);
    for (let k = 0; k < 32; k++) assert.equal(action[32 * i + k], state[32 * next + k]);
  }
  // Ten weights say most of what 45 joints do.
  const right = frames.map(({ hands }) => hands.right.joints);
  const error = right.map((joints, i) => {
    const back = decodeGrasp(eigengrasps, state.subarray(32 * i + 22, 32 * i + 32));
    return Math.sqrt(joints.reduce((sum, value, k) => sum + (value - back[k]!) ** 2, 0) / 45);
  });
  assert.ok(Math.max(...error) < 0.08, `${Math.max(...error)} rad`);

  const hand = (at: number): PoseChange => ({
    position: [at, at + 1, at + 2],
    rotation: [at + 3, at + 4, at + 5],
    format: 'axis-angle',
    statePosition: [at, at + 1, at + 2],
    stateRotation: [at + 3, at + 4, at + 5],
    stateFormat: 'axis-angle',
  });
  const rows = Float64Array.from(action.subarray(0, 32 * 8));
  for (const change of [hand(0), hand(16)]) relatePose(rows, 32, state, change);
  const { data } = encodeHands(
    eigengrasps,
    frames[0]!.hands,
    frames.slice(1, 9).map(({ hands }) => hands),
  );
  rows.forEach((value, i) => assert.ok(Math.abs(value - data[i]!) < 1e-5, `${i}: ${value} and ${data[i]}`));
  await dataset.close();
});
