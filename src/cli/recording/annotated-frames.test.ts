/** @file Annotations of recordings against what else is recorded: phases, paths, pictures; and the same from a later replay. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { TABLETOP_NOISE } from '../../../recipes/tabletop-parts.ts';
import { openLeRobot, type LeRobotDataset } from '../../data/lerobot/reader.ts';
import type { Annotation } from '../../interfaces/annotation.ts';
import { createTabletop, TASKS } from '../../simulation/tabletop/index.ts';
import { annotateFromSimulation } from '../annotate/from-simulation.ts';
import type { RecordConfig } from '../../../recipes/recording.ts';
import { recordDataset } from './record-dataset.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'annotated-'));
const inside = (name: string): string => path.join(root, name);

const CONFIG: RecordConfig = {
  episodes: TASKS.length,
  tasks: TASKS.map(({ name }) => name),
  seed: 11,
  imageSize: 16,
  noise: TABLETOP_NOISE,
  attempts: 5,
};

function record(name: string, config: RecordConfig, signal = new AbortController().signal): Promise<unknown> {
  return recordDataset({ config, root: inside(name), existing: 'resume', workers: 1, command: 'test', signal });
}

function contents(name: string): Record<string, string> {
  const files = fs.readdirSync(inside(name), { recursive: true, encoding: 'utf8' }).sort();
  const whole = files.filter((file) => fs.statSync(path.join(inside(name), file)).isFile());
  return Object.fromEntries(whole.map((file) => [file, fs.readFileSync(path.join(inside(name), file), 'hex')]));
}

let dataset: LeRobotDataset;
const episodes: Annotation[][] = [];

before(async () => {
  await record('with', { ...CONFIG, annotations: true });
  await record('without', CONFIG);
  dataset = await openLeRobot(inside('with'), { episodes: 'all' });
  for (const { index, length } of dataset.episodes) {
    const frames: Annotation[] = [];
    for (let frame = 0; frame < length; frame++) {
      const annotation = await dataset.annotation(index, frame);
      assert.ok(annotation !== undefined);
      frames.push(annotation);
    }
    episodes.push(frames);
  }
});
after(async () => {
  await dataset.close();
  fs.rmSync(root, { recursive: true });
});

/** The verb of each phase, written down once more. */
const VERBS: Readonly<Record<string, RegExp>> = {
  reach: /^(reach|move over)/,
  grip: /^close the gripper on/,
  raise: /^raise .* off the table$/,
  carry: /^carry .* to the /,
  release: /^let go of .* on the /,
  pull: /^pull .* open$/,
  push: /^push .*(shut|into the dark zone)$/,
  press: /^press .* down$/,
  turn: /^turn .* until it lies (lengthwise|sideways)$/,
  'go behind': /^go behind/,
};

test('subtasks are the expert’s phases at every frame, and name what the instruction names', async () => {
  const { subtasks } = dataset.info.raw['vlakit'] as { subtasks: string[] };
  const met = new Set<string>();
  for (const [episode, frames] of episodes.entries()) {
    const phases = await dataset.column('supervision.subtask', episode);
    const instruction = await dataset.instruction(episode, 0);
    for (const [frame, { subtask, targets }] of frames.entries()) {
      const phase = subtasks[phases[frame]!]!;
      met.add(phase);
      assert.match(subtask!, VERBS[phase]!, `episode ${episode}, frame ${frame}`);
      assert.ok(instruction.includes(targets![0]!.name) && subtask!.includes(targets![0]!.name), instruction);
    }
  }
  assert.deepEqual([...met].sort(), Object.keys(VERBS).sort());
});

test('what is finished and what remains are the whole task at every frame', () => {
  for (const [episode, frames] of episodes.entries()) {
    const { subtasks } = TASKS[episode]!;
    for (const [frame, { finished, todo, subtask, progress, plan }] of frames.entries()) {
      const all = [...finished!, ...todo!];
      assert.deepEqual(all, [...frames[0]!.todo!]);
      assert.equal(all.length, subtasks.length);
      assert.equal(todo![0], subtask);
      assert.ok(Math.abs(progress! - frame / frames.length) < 1e-4);
      assert.ok(plan!.endsWith(`so the robot should ${subtask}.`));
      assert.doesNotMatch(JSON.stringify(all), /[{}]|undefined/);
    }
    assert.deepEqual(frames[0]!.finished, []);
    assert.equal(frames.at(-1)!.todo!.length, 1, `${TASKS[episode]!.name} ends in its last step`);
  }
});

test('traces are where the hand will be, boxes what the supervision features say', async () => {
  for (const [episode, frames] of episodes.entries()) {
    const boxes = await dataset.column('supervision.target_box.wrist', episode);
    const state = await dataset.column('observation.state', episode);
    for (const [frame, { trace, targets }] of frames.entries()) {
      const last = frames.length - 1;
      // The front camera stands still: where the hand will be is where it then is.
      const later = (k: number): readonly number[] => frames[Math.min(last, frame + 4 * k)]!.trace!['front']![0]!;
      assert.deepEqual(
        trace!['front'],
        [0, 1, 2, 3, 4, 5].map((k) => later(k)),
      );
      // The front camera looks at the robot: its left is the picture's right.
      const next = frames[Math.min(last, frame + 4)]!;
      const [y, nextY] = [state[frame * 8 + 1]!, state[Math.min(last, frame + 4) * 8 + 1]!];
      if (Math.abs(nextY - y) > 0.02) {
        const shift = next.trace!['front']![0]![0] - trace!['front']![0]![0];
        assert.equal(Math.sign(shift), Math.sign(nextY - y), `frame ${frame}`);
      }
      const box = targets![0]!.boxes['wrist'] ?? [0, 0, 0, 0];
      for (const [k, value] of box.entries()) assert.ok(Math.abs(value - boxes[frame * 4 + k]!) < 1e-4);
    }
  }
});

test('annotations change nothing else, survive an interruption, and can be made later', async () => {
  const { 'meta/info.json': withInfo, ...withAll } = contents('with');
  const { 'meta/info.json': withoutInfo, ...withoutAll } = contents('without');
  const others = Object.fromEntries(Object.entries(withAll).filter(([file]) => !file.includes('annotations')));
  assert.deepEqual(others, withoutAll);
  assert.notEqual(withInfo, withoutInfo);
  assert.equal(Object.keys(withAll).length - Object.keys(others).length, TASKS.length);

  let asked = 0;
  const stopping = {
    get aborted() {
      return asked++ >= 4;
    },
  } as AbortSignal;
  await assert.rejects(record('stopped', { ...CONFIG, annotations: true }, stopping), { code: 'interrupted' });
  await assert.rejects(record('stopped', CONFIG), { code: 'mismatch', message: /annotations/ });
  await record('stopped', { ...CONFIG, annotations: true });
  assert.deepEqual(contents('stopped'), contents('with'));

  const { signal } = new AbortController();
  const later = { root: inside('without'), replace: false, workers: 2, signal };
  assert.equal(await annotateFromSimulation(later), TASKS.length);
  const { 'meta/info.json': _info, ...replayed } = contents('without');
  assert.deepEqual(replayed, withAll);
  assert.equal(await annotateFromSimulation(later), 0);
});

test('a dataset that plays otherwise is not annotated', async () => {
  const info = path.join(inside('without'), 'meta', 'info.json');
  const json = JSON.parse(fs.readFileSync(info, 'utf8')) as { vlakit?: { record: { seed: number } } };
  fs.writeFileSync(info, JSON.stringify({ ...json, vlakit: { record: { ...json.vlakit!.record, seed: 12 } } }));
  const { signal } = new AbortController();
  const options = { root: inside('without'), replace: true, workers: 1, signal };
  await assert.rejects(annotateFromSimulation(options), { code: 'mismatch', message: /episode 0: .*recorded actions/ });
  fs.writeFileSync(info, JSON.stringify({ ...json, vlakit: undefined }));
  await assert.rejects(annotateFromSimulation(options), { code: 'unsupported' });
});

test('every task has words for each of its subtasks', async () => {
  for (const { name, subtasks, steps } of TASKS) assert.deepEqual(Object.keys(steps), [...subtasks], name);
  const tabletop = await createTabletop({ imageSize: 16 });
  await tabletop.reset({ task: 'place', seed: 3 });
  assert.match(tabletop.narrate().scene, /^A \w+ \w+, a \w+ \w+, a \w+ pad and a \w+ pad are on the table\.$/);
  await tabletop.close();
});
