/** @file The recipe "debug" from nothing to a report with one command; disturbed, it ends with the same numbers. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { readResult } from '../../src/benchmarks/result.ts';
import { openLeRobot } from '../../src/data/lerobot/reader.ts';
import { assertFine, assertOneError, filesBelow, scratchFolder, vlakit } from '../processes/vlakit.ts';

const folder = scratchFolder('debug-recipe');
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const COMMAND = ['quickstart', '--recipe', 'debug', '--workers', '1', '--out', 'run', '--data', 'dataset'];

function room(name: string): string {
  const cwd = path.join(folder, name);
  fs.mkdirSync(cwd);
  return cwd;
}

/** What must not depend on how a run came to its end. */
function outcome(cwd: string): object {
  const content = (name: string): string => fs.readFileSync(path.join(cwd, name), 'hex');
  const { episodes } = readResult(path.join(cwd, 'run', 'evaluation.json'));
  return {
    data: content('dataset/data/chunk-000/file-000.parquet'),
    metrics: content('run/metrics.jsonl'),
    weights: content('run/checkpoints/step-00000020/model.safetensors'),
    episodes: episodes.map(({ task, seed, condition, outcome, length }) => [task, seed, condition, outcome, length]),
  };
}

const calm = room('calm');

test('records, trains, evaluates and reports', async () => {
  const ended = await vlakit(COMMAND, { cwd: calm });
  assertFine(ended);
  assert.match(ended.out, /^condition\s+task\s+success/);
  assert.match(ended.out, /run\/report\.html\n$/);
  const dataset = await openLeRobot(path.join(calm, 'dataset'), { episodes: 'all' });
  assert.equal(dataset.episodes.length, 3);
  await dataset.close();
  const page = fs.readFileSync(path.join(calm, 'run', 'report.html'), 'utf8');
  for (const word of ['loss', 'learningRate', 'touch', 'push', 'lift', 'vlakit quickstart', 'data:image/webp']) {
    assert.ok(page.includes(word), `the report does not hold "${word}"`);
  }
  const result = readResult(path.join(calm, 'run', 'evaluation.json'));
  assert.deepEqual([result.partial, result.episodes.length], [false, 6]);
  const leftOvers = filesBelow(calm).filter((file) => /\.(tmp|old)(\/|$)|\.recording|\.vlakit-trial/.test(file));
  assert.deepEqual(leftOvers, [], 'no temporary file is left');
});

test('the report loads nothing from elsewhere', () => {
  const page = fs.readFileSync(path.join(calm, 'run', 'report.html'), 'utf8');
  const loaded = [...page.matchAll(/(?:src|href|poster)\s*=\s*["']([^"']*)/gi)].map(([, address]) => address!);
  assert.deepEqual(
    loaded.filter((address) => !/^(data:|#)/.test(address)).map((address) => address.slice(0, 80)),
    [],
  );
  assert.doesNotMatch(page, /@import|url\((?!["']?(data:|#))/);
});

test('interrupted and killed in every phase, it goes on: the end is the same bit for bit', async () => {
  const cwd = room('disturbed');
  assert.equal((await vlakit(COMMAND, { cwd, killAt: / 1\/3 episodes/ })).code, null);
  for (const moment of [/\[1\/3\] record/, / \d+\/20 steps/]) {
    assertOneError(await vlakit(COMMAND, { cwd, interruptAt: [moment] }), 'interrupted', /./);
  }
  assert.equal((await vlakit(COMMAND, { cwd, killAt: / \d+\/20 steps/ })).code, null);
  assertOneError(await vlakit(COMMAND, { cwd, interruptAt: [/\[3\/3\] evaluate/] }), 'interrupted', /./);
  const ended = await vlakit(COMMAND, { cwd });
  assertFine(ended);
  assert.match(ended.err, /dataset is there already/);
  assert.deepEqual(outcome(cwd), outcome(calm));
});

test('a dataset that another recipe recorded is not taken for the own one', async () => {
  const ended = await vlakit([...COMMAND, '--set', 'record.seed=9'], { cwd: calm });
  assertOneError(ended, 'mismatch', /dataset: expected the dataset that the recipe records, got another one/);
});
