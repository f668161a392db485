/** @file The study "debug" through the real command line: whole, disturbed in every phase, and a sweep of what it trained. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import type { StudyResult } from '../../src/cli/study/study-result.ts';
import { assertFine, assertOneError, filesBelow, scratchFolder, vlakit } from '../processes/vlakit.ts';

const folder = scratchFolder('study');
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const COMMAND = ['study', 'debug', '--only', 'in-two,frozen', '--seeds', '2', '--workers', '1'];

function room(name: string): string {
  const cwd = path.join(folder, name);
  fs.mkdirSync(cwd);
  return cwd;
}

const resultIn = (cwd: string, name = 'debug'): StudyResult =>
  JSON.parse(fs.readFileSync(path.join(cwd, 'studies', name, 'study.json'), 'utf8')) as StudyResult;

/** What must not depend on how the study came to its end. */
function outcome(cwd: string): object {
  const { rates, differences, runs } = resultIn(cwd);
  const stages = runs.flatMap((run) => run.stages.map(({ identity, sha256, metrics }) => [identity, sha256, metrics]));
  return { rates, differences, stages, series: runs.flatMap((run) => run.measurements.map(({ series }) => series)) };
}

const calm = room('calm');

test('trains, measures and compares with one command; a second one has nothing left to do', async () => {
  const ended = await vlakit(COMMAND, { cwd: calm });
  assertFine(ended);
  assert.match(ended.out, /\| twenty, then twenty +\| +[\d.]+ % \|/);
  assert.match(ended.out, /\| twenty, then twenty − twenty, then the expert alone \|/);
  assert.match(ended.out, /Fewer than three seeds/);
  const result = resultIn(calm);
  // Per seed one shared stage, two later ones and two measurements.
  assert.deepEqual([result.done, result.jobs], [10, 10]);
  assert.deepEqual(
    result.rates.map(({ arm, seeds, items }) => [arm, seeds, items]),
    [
      ['in-two', [1, 2], 6],
      ['frozen', [1, 2], 6],
    ],
  );
  assert.deepEqual([result.differences[0]!.paired, result.differences[0]!.seeds], [true, 2]);
  const [one, other] = result.runs;
  assert.equal(one!.stages[0]!.sha256, other!.stages[0]!.sha256);
  assert.notEqual(one!.stages[1]!.sha256, other!.stages[1]!.sha256);
  const files = filesBelow(path.join(calm, 'studies', 'debug'));
  for (const name of ['study.md', 'rates.svg']) assert.ok(files.includes(name), name);
  assert.deepEqual(
    files.filter((file) => /\.(tmp|old)(\/|$)|(^|\/)lock$|\.vlakit-trial/.test(file)),
    [],
  );
  const again = await vlakit(COMMAND, { cwd: calm });
  assertFine(again);
  assert.match(again.err, /10 jobs, 0 of them now/);
  const page = fs.readFileSync(path.join(calm, 'studies', 'debug', 'study.md'), 'utf8');
  assert.ok(page.startsWith('# debug\n\n**Does the machinery of studies work?**'));
  assert.ok(page.includes('![rates](rates.svg)') && !page.includes('Not finished'));
});

test('the same bit for bit after a kill and an interruption in every phase; --table says what is there', async () => {
  const cwd = room('disturbed');
  fs.cpSync(path.join(calm, 'data'), path.join(cwd, 'data'), { recursive: true });
  assertOneError(await vlakit(COMMAND, { cwd, interruptAt: [/ train debug seed 1: /] }), 'interrupted', /./);
  assert.equal((await vlakit(COMMAND, { cwd, killAt: / train debug-further seed 1: / })).code, null);
  const table = await vlakit([...COMMAND, '--table'], { cwd });
  assertFine(table);
  assert.match(table.out, /Nothing is measured yet/);
  assert.equal((await vlakit(COMMAND, { cwd, killAt: / success \d\/6 episodes/ })).code, null);
  assertOneError(
    await vlakit(COMMAND, { cwd, interruptAt: [/ success \d\/6 episodes/] }),
    'interrupted',
    /stopped during the measurement "success"/,
  );
  assertFine(await vlakit(COMMAND, { cwd }));
  assert.deepEqual(outcome(cwd), outcome(calm));
});

test('a sweep of a module of one’s own: every pair of settings, latency, one figure', async () => {
  const stages = path.join('studies', 'debug', 'stages');
  const run = fs.readdirSync(path.join(calm, stages)).find((name) => name.startsWith('debug-further-seed1'));
  const success = {
    kind: 'success',
    name: 'success',
    environment: 'tabletop',
    environmentOptions: null,
    tasks: ['touch'],
    conditions: ['base'],
    episodes: 1,
    firstSeed: 0,
    execute: 2,
    eulerSteps: null,
    noiseScale: null,
    mode: null,
  };
  const arms = [{ name: 'own', title: 'Own', start: path.join(stages, run!), stages: [], measurements: [success] }];
  const sweep = { eulerSteps: [1, 3], execute: [2, 4], latency: { rounds: 2, inferences: 2 } };
  const about = { name: 'mine', question: 'How many?', claim: 'none', seeds: 3, budget: null };
  const study = { ...about, arms, comparisons: [], sweep };
  fs.writeFileSync(path.join(calm, 'mine.mjs'), `export const study = ${JSON.stringify(study)};\n`);
  const ended = await vlakit(['study', 'mine.mjs', '--workers', '1'], { cwd: calm });
  assertFine(ended);
  assert.match(ended.out, /\| Euler steps \| +2 executed \| +4 executed \| +inference, ms \|/);
  const { latency, rates } = resultIn(calm, 'mine');
  assert.equal(rates.length, 4);
  assert.deepEqual(
    latency!.latencies.map(({ eulerSteps, rounds }) => [eulerSteps, rounds.length]),
    [
      [1, 2],
      [3, 2],
    ],
  );
  const figure = fs.readFileSync(path.join(calm, 'studies', 'mine', 'sweep-base.svg'), 'utf8');
  // A dot per pair of settings in each of the two panels, and one per line in the legend.
  assert.equal(figure.match(/<circle/g)!.length, 4 + 4 + 2);
});

test('mistakes are one clear line, before anything is trained', async () => {
  const cwd = room('mistakes');
  const fails = async (args: readonly string[], code: 'not-found' | 'mismatch' | 'bad-argument', message: RegExp) =>
    assertOneError(await vlakit(['study', ...args], { cwd }), code, message);
  await fails(['debgu'], 'not-found', /hint: Did you mean "debug"\?/);
  await fails(['debug', '--only', 'at-onec'], 'not-found', /hint: Did you mean "at-once"\?/);
  await fails(['debug', '--set', 'recipe.loop.steps=30'], 'mismatch', /expected arm in-two to learn from 120 samples/);
  await fails(['debug', '--set', 'measurement.execute=9'], 'bad-argument', /from 1 to 4 \(the horizon\), got 9/);
  await fails(['none.mjs'], 'not-found', /none\.mjs: expected a module, got no such file/);
  fs.writeFileSync(path.join(cwd, 'half.mjs'), 'export const study = { name: "half" };\n');
  await fails(
    ['half.mjs'],
    'bad-argument',
    /expected an export `study` with all fields, got one without question, claim/,
  );
  assert.deepEqual(filesBelow(cwd), ['half.mjs']);
});
