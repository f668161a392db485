/** @file Results on disk and on the terminal. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { VlaError } from '../base/errors.ts';
import { workerUrl } from '../base/worker-url.ts';
import { evaluate } from './evaluate.ts';
import { filmPlan } from './film-episodes.ts';
import { saveEvaluation } from './evaluation-folder.ts';
import { resultTable } from './result-table.ts';
import { readResult, writeResult } from './result.ts';

const module = (name: string): string => workerUrl(import.meta.url, `../../tests/flatland/${name}`).href;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-result-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

const evaluation = await evaluate({
  environment: { module: module('flatland'), options: { imageSize: 24 } },
  policy: { module: module('flatland-policy'), options: { horizon: 4, noise: 0, fault: null, cameraName: null } },
  tasks: ['all'],
  conditions: ['base', 'other'],
  episodes: 2,
  firstSeed: 1_000_000_000,
  execute: 'half',
  workers: 1,
  inferenceTimeoutMs: 10_000,
  policyName: null,
  film: filmPlan(null),
  command: `vlakit evaluate 'a b'`,
  checkpoint: { path: 'runs/x', sha256: 'ab'.repeat(32) },
});

test('a result is read back as it was written, and names its films', () => {
  const written = saveEvaluation(folder, 'evaluation', evaluation);
  const file = path.join(folder, 'evaluation.json');
  assert.deepEqual(readResult(file), written);
  assert.equal(written.rollouts.length, 3);
  for (const rollout of written.rollouts) {
    const bytes = fs.readFileSync(path.join(folder, rollout.file));
    assert.equal(bytes.subarray(8, 12).toString('latin1'), 'WEBP');
  }
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  assert.equal(lines.filter((line) => line.includes('"noiseSeed"')).length, 8, 'one line per episode');
  // A second evaluation of the same name that lacks films takes none away; a whole one leaves nothing of the first behind.
  const rollouts = evaluation.rollouts.slice(0, 1);
  saveEvaluation(folder, 'evaluation', { ...evaluation, rollouts });
  assert.equal(fs.readdirSync(path.join(folder, 'evaluation-rollouts')).length, 3);
  saveEvaluation(folder, 'evaluation', { ...evaluation, rollouts, chosen: 1 });
  assert.equal(fs.readdirSync(path.join(folder, 'evaluation-rollouts')).length, 1);
  assert.equal(readResult(file).rollouts.length, 1);
});

test('what is not a result is refused with the place', () => {
  const refuse = (content: string, message: RegExp): void => {
    const file = path.join(folder, 'bad.json');
    fs.writeFileSync(file, content);
    assert.throws(
      () => readResult(file),
      (error) => error instanceof VlaError && error.code === 'bad-data' && message.test(error.message),
    );
  };
  refuse('{"schema": "vlakit.evaluation/99"}', /expected schema "vlakit.evaluation\/1", got "vlakit.evaluation\/99"/);
  refuse('null', /got undefined/);
  refuse('{"schema"', /expected JSON/);
  const { result } = evaluation;
  refuse(JSON.stringify({ ...result, rows: [{ ...result.rows[0], rate: 'high' }] }), /at rows\.0\.rate: /);
  assert.throws(() => readResult(path.join(folder, 'none.json')), { code: 'not-found' });
  if (process.getuid?.() !== 0) return;
  assert.throws(() => writeResult('/proc/result.json', result), VlaError);
});

test('the table is aligned, and coloured only when asked', () => {
  const plain = resultTable(evaluation.result, false);
  const tabled = plain.split('\n\n').slice(0, 2).join('\n').split('\n');
  assert.equal(tabled.length, 1 + 2 * 3);
  assert.match(tabled[0]!, /^condition +task +success +rate +95 % interval +wrong object +mean length$/);
  assert.match(tabled[3]!, /^base +all +4\/4 +100\.0 % +51\.0 % – 100\.0 % +· +[\d.]+$/);
  assert.match(tabled[6]!, /^other +all +0\/4 +0\.0 % +0\.0 % – 49\.0 % +4 +[\d.]+$/);
  assert.equal(new Set(tabled.map((line) => line.length)).size, 1, 'columns are aligned');
  assert.match(plain, /policy latency p50 [\d.]+ ms, p99 [\d.]+ ms over \d+ inferences/);
  const coloured = resultTable(evaluation.result, true);
  assert.ok(coloured.includes('\u001b[32m'));
  assert.equal(stripVTControlCharacters(coloured).replaceAll(/ +$/gm, ''), plain.replaceAll(/ +$/gm, ''));
});

test('many conditions make a matrix', () => {
  const { result } = evaluation;
  const more = ['held-out', 'dim'].map((name) => ({ name, meaning: '', wantsSuccess: true }));
  const rows = [
    ...result.rows,
    ...more.flatMap(({ name }) => result.rows.slice(0, 3).map((row) => ({ ...row, condition: name }))),
  ];
  const protocol = { ...result.protocol, conditions: [...result.protocol.conditions, ...more] };
  assert.deepEqual(
    resultTable({ ...result, rows, protocol }, false)
      .split('\n')
      .slice(0, 5),
    [
      'task               base   other  held-out       dim',
      'touch           100.0 %   0.0 %   100.0 %   100.0 %',
      'stay            100.0 %   0.0 %   100.0 %   100.0 %',
      'all             100.0 %   0.0 %   100.0 %   100.0 %',
      '95 % interval  51–100 %  0–49 %  51–100 %  51–100 %',
    ],
  );
});
