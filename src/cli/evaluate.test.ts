/** @file `vlakit evaluate` and `vlakit report` as processes: files, table, exit codes, Ctrl-C. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { workerUrl } from '../base/worker-url.ts';
import { readResult } from '../benchmarks/result.ts';

const compiled = (relative: string): string => fileURLToPath(workerUrl(import.meta.url, relative));
const main = compiled('./main');
const flatland = [
  '--environment',
  compiled('../../tests/flatland/flatland'),
  '--environment-options',
  '{"imageSize":24}',
];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-cli-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the program in the scratch folder; `interruptAt` sends SIGINT half a second after the output holds that text. */
function vlakit(args: readonly string[], interruptAt?: string): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { cwd: folder });
    let [out, err, interrupted] = ['', '', false];
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
      if (interruptAt === undefined || interrupted || !err.includes(interruptAt)) return;
      interrupted = true;
      setTimeout(() => child.kill('SIGINT'), 500);
    });
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

test('evaluate prints a table and writes the result and films; report makes the page', async () => {
  const { code, out, err } = await vlakit(['evaluate', 'expert', ...flatland, '--episodes', '2', '--execute', '1']);
  assert.equal(code, 0, err);
  assert.match(out, /^base +touch +2\/2 +100\.0 %/m);
  assert.equal(stripVTControlCharacters(out), out, 'no colour in a pipe');
  const result = readResult(path.join(folder, 'evaluation/evaluation-expert.json'));
  assert.equal(
    result.command,
    `vlakit evaluate expert ${flatland[0]} ${flatland[1]} ${flatland[2]} '${flatland[3]}' --episodes 2 --execute 1`,
  );
  assert.ok(result.rollouts.length > 0);
  const report = await vlakit(['report', 'evaluation', '--title', 'Flat']);
  assert.equal(report.code, 0, report.err);
  assert.match(fs.readFileSync(path.join(folder, 'evaluation/report.html'), 'utf8'), /<title>Flat<\/title>/);
});

test('--json prints the result alone', async () => {
  const args = ['--episodes', '1', '--conditions', 'base', '--no-films', '--json', '--out', 'json'];
  const { code, out } = await vlakit(['evaluate', 'expert', ...flatland, ...args]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), readResult(path.join(folder, 'json/evaluation-expert.json')));
});

test('Ctrl-C saves what is finished, marked partial, and exits with 130', async () => {
  const args = ['--episodes', '100000', '--conditions', 'base', '--no-films', '--out', 'stopped'];
  const { code, err } = await vlakit(['evaluate', 'expert', ...flatland, ...args], 'evaluate   ░');
  assert.equal(code, 130, err);
  assert.match(err, /stopped early; the result is marked as partial/);
  const { partial, episodes } = readResult(path.join(folder, 'stopped/evaluation-expert.json'));
  assert.equal(partial, true);
  assert.ok(episodes.length > 0);
});

test('mistakes are one clear line and exit code 1', async () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [
      ['evaluate', 'expert', ...flatland, '--tasks', 'tuoch'],
      /error\[not-found\]: task: .*\nhint: Did you mean "touch"\?/,
    ],
    [['evaluate', 'expert', ...flatland, '--episodes', '0'], /Expected a whole number from 1, got "0"/],
    [['evaluate', 'expert', '--environment', 'none.js'], /none\.js: expected a module, got no such file/],
    [['report', 'nowhere'], /error\[not-found\]: report: nowhere/],
  ];
  const runs = await Promise.all(cases.map(([args]) => vlakit(args)));
  for (const [i, { code, err }] of runs.entries()) {
    assert.equal(code, 1, err);
    assert.match(err, cases[i]![1]);
    assert.doesNotMatch(err, /\n {4}at /, 'no stack');
  }
});
