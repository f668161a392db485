/** @file `vlakit data` as a process: cleaning with its table and file, interruption, keyframes, pseudo-actions, and what is refused. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { LAYOUT, damageTable, writeMovingDataset } from '../../tests/moving-dataset.ts';
import { smallRecipe } from '../../tests/small-recipe.ts';
import { writeSmallDataset } from '../../tests/small-dataset.ts';
import { assertFine, assertOneError, vlakit } from '../../tests/processes/vlakit.ts';
import { openLeRobot } from '../data/lerobot/reader.ts';
import { readSelection } from '../data/selection-file.ts';

const cwd = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-data-command-'));
const root = path.join(cwd, 'arm');

before(async () => {
  await writeMovingDataset(root, [
    ...Array.from({ length: 9 }, () => ({ length: 60, task: 'lift the cube' })),
    { length: 60, task: 'lift the cube', time: () => 3 },
  ]);
  await damageTable(root, (columns, row) => (columns['action']![row(2, 7)] = [NaN, 0, 0, 0]));
});
after(() => fs.rmSync(cwd, { recursive: true, force: true }));

test('clean prints what each filter dropped and why, and writes which frames are kept', async () => {
  const ended = await vlakit(['data', 'clean', 'arm', '--layout', LAYOUT], { cwd });
  assertFine(ended);
  assert.match(ended.out, /^numbers +10 +0 +1 +1 +60$/m);
  assert.match(ended.out, /^static +9 +1 +1 +1 +60$/m);
  assert.match(ended.out, /numbers: episode 2: .*frame 7, dimension 0: expected a finite number, got NaN/);
  assert.match(ended.out, /static: episode 9: 60 of 60 frames are idle/);
  assert.match(ended.out, /Kept 8 of 10 episodes, 480 of 600 frames \(80\.0 %\)/);
  assert.match(ended.err, /read .*\n(.*\n)*clean /);
  const selection = readSelection(root, root);
  assert.deepEqual(
    selection.episodes.filter(({ keep }) => keep.length === 0).map(({ index }) => index),
    [2, 9],
  );
  assert.equal(selection.thresholds['static']!['share'], 0.9);
  assert.ok(!JSON.stringify(selection).includes(cwd), 'no path of this machine');
  assert.ok(!fs.existsSync(path.join(root, 'selection.json.part')));
});

test('clean takes thresholds and filters, writes nothing in a dry run, and refuses unknown names', async () => {
  const dry = await vlakit(
    [
      'data',
      'clean',
      'arm',
      '--out',
      'dry.json',
      '--dry-run',
      '--filters',
      'static',
      '--set',
      'static.share=1.1',
      '--json',
    ],
    { cwd },
  );
  assertFine(dry);
  const { filters } = JSON.parse(dry.out) as { filters: { filter: string; touched: number }[] };
  assert.deepEqual(
    filters.map(({ filter }) => filter),
    ['numbers', 'static'],
  );
  assert.ok(!fs.existsSync(path.join(cwd, 'dry.json')));
  for (const [args, message] of [
    [['--filters', 'statics'], /--filters: expected one of timestamps, .*got "statics"/],
    [['--set', 'static.second=1'], /threshold of static: expected one of motion, .*got "second"/],
    [['--set', 'static'], /expected filter\.threshold=number/],
  ] as const) {
    const ended = await vlakit(['data', 'clean', 'arm', ...args], { cwd });
    assertOneError(ended, args[0] === '--set' && args[1] === 'static' ? 'bad-argument' : 'not-found', message);
  }
});

test('a cleaning that is interrupted leaves no selection, and goes on when it is run again', async () => {
  const many = path.join(cwd, 'many');
  await writeMovingDataset(
    many,
    Array.from({ length: 200 }, () => ({ length: 60, task: 'lift the cube' })),
  );
  const args = ['data', 'clean', 'many', '--layout', LAYOUT];
  const stopped = await vlakit(args, { cwd, interruptAt: [/clean +[░█]/] });
  assert.equal(stopped.code, 130, stopped.err);
  assertOneError(stopped, 'interrupted', /stopped after \d+ of 200 episodes/);
  assert.ok(!fs.existsSync(path.join(many, 'selection.json')));
  const done = Number(/stopped after (\d+) of/.exec(stopped.err)![1]);
  assert.ok(done > 0 && fs.existsSync(path.join(many, 'selection.json.part')));
  const again = await vlakit(args, { cwd });
  assertFine(again);
  assert.match(again.out, /Kept 200 of 200 episodes/);
  assert.ok(!fs.existsSync(path.join(many, 'selection.json.part')));
});

test('keyframes are marked in the selection that is there', async () => {
  assertFine(await vlakit(['data', 'clean', 'arm', '--out', 'marked.json', '--layout', LAYOUT], { cwd }));
  const ended = await vlakit(
    ['data', 'keyframes', 'arm', '--out', 'marked.json', '--layout', LAYOUT, '--set', 'distance=0.06'],
    { cwd },
  );
  assertFine(ended);
  assert.match(ended.out, /^\d+ keyframes among 480 kept frames/m);
  const { episodes, keyframes } = readSelection(path.join(cwd, 'marked.json'), root);
  assert.equal(keyframes!['distance'], 0.06);
  assert.equal(episodes[2]!.keyframes, undefined, 'a dropped episode has none');
  assert.ok(episodes[0]!.keyframes!.length > 1 && episodes[0]!.keyframes!.length < 60);
  assertOneError(
    await vlakit(['data', 'keyframes', 'arm', '--set', 'distanse=1'], { cwd }),
    'not-found',
    /expected one of distance, angle/,
  );
});

test('pseudo-actions make a dataset with one more feature; damaged states are refused', async () => {
  const ended = await vlakit(
    ['data', 'pseudo-actions', 'arm', 'with-actions', '--as', 'action.made', '--layout', LAYOUT],
    { cwd },
  );
  assertFine(ended);
  assert.match(ended.out, /"action\.made" of 4 numbers: d_x, d_y, d_z, gripper/);
  const dataset = await openLeRobot(path.join(cwd, 'with-actions'), { episodes: 'all' });
  // The dataset's own actions were made that way, too.
  const [made, own] = [await dataset.column('action.made', 0), await dataset.column('observation.state', 0)];
  assert.ok(Math.abs(made[0]! - (own[4]! - own[0]!)) < 1e-6);
  await dataset.close();
  assertOneError(await vlakit(['data', 'pseudo-actions', 'arm', 'x'], { cwd }), 'bad-argument', /without "action"/);
});

test('preview shows a recipe’s data as a table, as JSON and as a page', async () => {
  await writeSmallDataset(path.join(cwd, 'small'), 'image', [8, 6]);
  const recipe = { ...smallRecipe('small'), name: 'mine', summary: '', record: null, evaluation: null, openLoop: null };
  fs.writeFileSync(path.join(cwd, 'mine.mjs'), `export const recipe = ${JSON.stringify(recipe)};\n`);
  const ended = await vlakit(['data', 'preview', 'mine.mjs', '--set', 'loop.steps=28', '--out', 'pages/mine.html'], {
    cwd,
  });
  assertFine(ended);
  assert.match(ended.out, /^small +robot +3 +100\.0 % +1 +14 +0\.00 +6$/m);
  assert.match(fs.readFileSync(path.join(cwd, 'pages', 'mine.html'), 'utf8'), /<h1>Data of mine<\/h1>/);
  const json = await vlakit(['data', 'preview', 'mine.mjs', '--json'], { cwd });
  const { members } = JSON.parse(json.out) as { members: { frames: number; sheet?: unknown }[] };
  assert.deepEqual([members[0]!.frames, members[0]!.sheet], [14, undefined]);
  const missing = ['data', 'preview', 'mine.mjs', '--set', 'data.datasets.0.root=nowhere'];
  assertOneError(await vlakit(missing, { cwd }), 'not-found', /nowhere: expected a LeRobot dataset/);
});
