/** @file `vlakit evaluate` and `vlakit report` as processes: files, table, exit codes, Ctrl-C. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { FLATLAND_OPTIONS, vlakit as run } from '../../tests/processes/vlakit.ts';
import { readResult } from '../benchmarks/result.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-cli-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

const vlakit = (args: readonly string[], ...interruptAt: RegExp[]) => run(args, { cwd: folder, interruptAt });

test('evaluate prints a table and writes the result and films; report makes the page', async () => {
  const { code, out, err } = await vlakit([
    'evaluate',
    'expert',
    ...FLATLAND_OPTIONS,
    '--episodes',
    '2',
    '--execute',
    '1',
  ]);
  assert.equal(code, 0, err);
  assert.match(out, /^base +touch +2\/2 +100\.0 %/m);
  assert.equal(stripVTControlCharacters(out), out, 'no colour in a pipe');
  const result = readResult(path.join(folder, 'evaluation/evaluation-expert.json'));
  assert.equal(
    result.command,
    `vlakit evaluate expert ${FLATLAND_OPTIONS[0]} ${FLATLAND_OPTIONS[1]} ${FLATLAND_OPTIONS[2]} '${FLATLAND_OPTIONS[3]}' --episodes 2 --execute 1`,
  );
  assert.ok(result.rollouts.length > 0);
  const report = await vlakit(['report', 'evaluation', '--title', 'Flat']);
  assert.equal(report.code, 0, report.err);
  assert.match(fs.readFileSync(path.join(folder, 'evaluation/report.html'), 'utf8'), /<title>Flat<\/title>/);
});

test('--json prints the result alone', async () => {
  const args = ['--episodes', '1', '--conditions', 'base', '--no-films', '--json', '--out', 'json'];
  const { code, out } = await vlakit(['evaluate', 'expert', ...FLATLAND_OPTIONS, ...args]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), readResult(path.join(folder, 'json/evaluation-expert.json')));
});

test('Ctrl-C saves what is finished, marked partial, and exits with 130', async () => {
  const args = ['--episodes', '100000', '--conditions', 'base', '--no-films', '--out', 'stopped'];
  const { code, err } = await vlakit(['evaluate', 'expert', ...FLATLAND_OPTIONS, ...args], /[1-9]\d*\/200000 episodes/);
  assert.equal(code, 130, err);
  assert.match(err, /stopped early; the result is marked as partial/);
  const { partial, episodes } = readResult(path.join(folder, 'stopped/evaluation-expert.json'));
  assert.equal(partial, true);
  assert.ok(episodes.length > 0);
});

test('mistakes are one clear line and exit code 1', async () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [
      ['evaluate', 'expert', ...FLATLAND_OPTIONS, '--tasks', 'tuoch'],
      /error\[not-found\]: task: .*\nhint: Did you mean "touch"\?/,
    ],
    [
      ['evaluate', 'expert', ...FLATLAND_OPTIONS, '--noise-scale', '0'],
      /--noise-scale, --mode, --runtime, --arithmetic, --weights, --threads, --robot, --batch: expected a checkpoint, got "expert"/,
    ],
    [
      ['evaluate', 'expert', ...FLATLAND_OPTIONS, '--weights', 'int8'],
      /--weights, --threads, --robot, --batch: expected a checkpoint, got "expert"/,
    ],
    [['evaluate', 'runs/none', '--arithmetic', 'bf16'], /Expected one of f32, f16, got "bf16"/],
    [['evaluate', 'runs/none', '--weights', 'int9'], /Expected one of f32, int8, int4, got "int9"/],
    [['evaluate', 'runs/none', '--noise-scale', '2'], /Expected a number from 0 to 1, got "2"/],
    [['evaluate', 'expert', '--environment-options', '{}'], /--environment-options: expected an environment module/],
    [
      ['evaluate', 'expert', ...FLATLAND_OPTIONS, '--image-size', '32'],
      /--image-size: expected a built-in world, got an/,
    ],
    [['evaluate', 'expert', ...FLATLAND_OPTIONS, '--seed', String(2 ** 53 - 1)], /expected 50 seeds below 2⁵³/],
    [['evaluate', 'expert', ...FLATLAND_OPTIONS, '--episodes', '0'], /Expected a whole number from 1, got "0"/],
    [['evaluate', 'expert', '--environment', 'none.js'], /none\.js: expected a module, got no such file/],
    [['evaluate', 'expert', ...FLATLAND_OPTIONS, '--out', 'a-file/below'], /error\[io\]: write: a-file\/below: /],
    [['evaluate', 'runs/none'], /runs\/none: expected a checkpoint, a run, "expert" or a module, got no such file/],
    [['evaluate', '.'], /\.: expected a checkpoint or a training run, got neither/],
    [['report', 'nowhere'], /error\[not-found\]: report: nowhere/],
  ];
  fs.writeFileSync(path.join(folder, 'a-file'), '');
  const runs = await Promise.all(cases.map(([args]) => vlakit(args)));
  for (const [i, { code, err }] of runs.entries()) {
    assert.equal(code, 1, err);
    assert.match(err, cases[i]![1]);
    assert.doesNotMatch(err, /\n {4}at /, 'no stack');
  }
});
