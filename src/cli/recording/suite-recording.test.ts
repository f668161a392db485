/** @file A suite of LIBERO is recorded like a built-in world, with what supervises reasoning, and away from the published states. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { openLeRobot } from '../../data/lerobot/reader.ts';
import { sharedData, skipReason } from '../../../tests/shared-data.ts';
import { liberoSuiteOf, openRecordedWorld } from './open-world.ts';
import { recordDataset } from './record-dataset.ts';
import { suiteRecording } from './suite-recording.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'record-libero-'));
after(() => fs.rmSync(root, { recursive: true }));
// What is kept between runs belongs to no test.
process.env['XDG_CACHE_HOME'] = path.join(root, 'cache');
const TASK = 'pick_up_the_chocolate_pudding_and_place_it_in_the_basket';

test('a suite by its name has all its tasks, and other names are left to the built-in worlds', () => {
  assert.equal(liberoSuiteOf('libero-90'), 'libero_90');
  assert.equal(liberoSuiteOf('tabletop'), null);
  assert.equal(liberoSuiteOf(undefined), null);
  const { world, tasks, episodes, imageSize } = suiteRecording('libero_goal', {});
  assert.deepEqual([world, tasks.length, episodes, imageSize], ['libero-goal', 10, 500, 256]);
});

test('a recorded task of LIBERO', { skip: skipReason('libero') }, async () => {
  const before = process.env['VLAKIT_LIBERO'];
  process.env['VLAKIT_LIBERO'] = sharedData('libero')!;
  try {
    const config = suiteRecording('libero_object', { tasks: [TASK], episodes: 1, imageSize: 32, seed: 5 });
    await recordDataset({
      config: { ...config, annotations: true },
      root: path.join(root, 'object'),
      existing: 'refuse',
      workers: 1,
      command: 'vlakit record test',
      signal: new AbortController().signal,
    });
    const world = await openRecordedWorld({ world: 'libero-object', imageSize: 16 });
    // Far above the 50 published rows: these are other states.
    await world.reset({ task: TASK, seed: 123_456_789 });
    await world.close();
  } finally {
    if (before === undefined) delete process.env['VLAKIT_LIBERO'];
    else process.env['VLAKIT_LIBERO'] = before;
  }
  const dataset = await openLeRobot(path.join(root, 'object'), { episodes: 'all' });
  const { length } = dataset.episodes[0]!;
  assert.ok(length > 30 && length <= 280, `${length} frames`);
  assert.equal(dataset.fps, 20);
  assert.deepEqual(dataset.features['observation.state']!.shape, [8]);
  const { subtasks } = dataset.info.raw['vlakit'] as { subtasks: string[] };
  const told = [...(await dataset.column('supervision.subtask', 0))].map((id) => subtasks[id]!);
  assert.deepEqual([...new Set(told)].slice(0, 3), ['reach', 'grip', 'carry']);
  const boxes = await dataset.column('supervision.target_box.agentview', 0);
  const [x0, y0, x1, y1] = [...boxes.subarray(0, 4)] as [number, number, number, number];
  assert.ok(x0 < x1 && y0 < y1 && x1 - x0 < 0.3, 'a box around the pudding');
  const [first] = fs
    .readFileSync(path.join(root, 'object/meta/annotations/episode-000000.jsonl'), 'utf8')
    .split('\n')
    .map((line) => JSON.parse(line || 'null') as { subtask?: string; trace?: Record<string, unknown[]> } | null);
  assert.equal(first!.subtask, 'reach for the chocolate pudding');
  assert.ok(first!.trace!['agentview']!.length > 1);
});
