/** @file What changes cost: pairs of the same scene, counted by hand. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { degradationLines, degradationRows } from './degradation.ts';
import { pairedDifference } from './paired-difference.ts';
import { benchmarkConditions } from './protocol.ts';
import type { EpisodeRecord, EvaluationResult, Protocol } from './result.ts';
import { aligned } from './text-table.ts';

const condition = (name: string, wantsSuccess = true): Protocol['conditions'][number] => ({
  name,
  meaning: '',
  wantsSuccess,
});
const PROTOCOL: Protocol = {
  tasks: ['lift', 'push'],
  conditions: [condition('base'), condition('other', false), condition('dim'), condition('wind')],
  episodesPerTask: 4,
  firstSeed: 0,
  execute: 1,
  maxSteps: {},
  controlHz: 10,
};

/** Per condition and task a word of outcomes by seed: "1" success, "0" failure, "x" broken, which leaves no record. */
const OUTCOMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  base: { lift: '1110', push: '11x1' },
  other: { lift: '0000', push: '0000' },
  dim: { lift: '0111', push: '0001' },
  wind: { lift: '111x', push: '1111' },
};

function episodes(): EpisodeRecord[] {
  return Object.entries(OUTCOMES).flatMap(([name, tasks]) =>
    Object.entries(tasks).flatMap(([task, word]) =>
      word.split('').flatMap((letter, seed): EpisodeRecord[] => {
        if (letter === 'x') return [];
        const timing = { seconds: 1, latencyMs: { p50: 1, p99: 1, max: 1 } };
        const outcome = letter === '1' ? 'success' : 'timeout';
        const rest = { index: 0, noiseSeed: 0, instruction: '', length: 1, actionsHash: '', inferences: 1, timing };
        return [{ ...rest, condition: name, task, seed, outcome }];
      }),
    ),
  );
}

test('only pairs count, and each condition in which success is wanted is compared with the first', () => {
  const rows = degradationRows(episodes(), PROTOCOL);
  assert.deepEqual([...new Set(rows.map((row) => row.condition))], ['dim', 'wind']);
  const find = (name: string, task: string) => rows.find((row) => row.condition === name && row.task === task)!;
  const dim = find('dim', 'all');
  // lift: 1-0, 1-1, 1-1, 0-1; push: 1-0, 1-0, 1-1 (the third is broken before).
  assert.deepEqual([dim.pairs, dim.lost, dim.gained], [7, 3, 1]);
  assert.deepEqual([dim.baseRate, dim.rate], [6 / 7, 4 / 7]);
  const { difference, low, high } = pairedDifference({ both: 3, lost: 3, gained: 1, neither: 0 });
  assert.deepEqual([dim.difference, dim.low, dim.high], [difference, low, high]);
  assert.deepEqual([find('dim', 'push').pairs, find('dim', 'push').lost], [3, 2]);
  const wind = find('wind', 'all');
  assert.deepEqual([wind.pairs, wind.lost, wind.gained, wind.difference], [6, 0, 0, 0]);
});

test('the table names what is lost, and the task that loses most', () => {
  const degradation = degradationRows(episodes(), PROTOCOL);
  const lines = aligned(degradationLines({ degradation, protocol: PROTOCOL } as unknown as EvaluationResult), false);
  assert.match(lines[1]!, /^dim +85\.7 % +57\.1 % +−28\.6 +−\d+\.\d to \+?−?\d+\.\d +7 +3 +1 {2}push −66\.7$/);
  assert.match(lines[2]!, /^wind +100\.0 % +100\.0 % +0\.0 .* 6 +0 +0 {2}·$/);
  assert.deepEqual(degradationLines({ protocol: PROTOCOL } as EvaluationResult), []);
});

test('a change under which episodes are broken says so, also where nothing is left to compare', () => {
  const left = episodes().filter(({ condition }) => condition !== 'dim');
  const broken = ['dim', 'dim', 'wind'].map((name) => ({ condition: name, task: 'lift', seed: 0 }));
  const result = { degradation: degradationRows(left, PROTOCOL), broken, protocol: PROTOCOL };
  const [head, dim, wind] = aligned(degradationLines(result as unknown as EvaluationResult), false);
  assert.match(head!, /gained +broken +worst task$/);
  assert.match(dim!, /^dim +– +– +– +– +0 +· +· +2 {2}·$/);
  assert.match(wind!, /^wind +100\.0 % +100\.0 % +0\.0 .* 6 +0 +0 +1 {2}·$/);
});

test('degradation means the conditions in which success is wanted, as far as the world has them', () => {
  const own = ['base', 'other', 'held-out'];
  assert.deepEqual(benchmarkConditions(['degradation'], own, ['dim']), ['base', 'held-out', 'dim']);
  assert.deepEqual(benchmarkConditions(['all'], own, ['dim']), ['base', 'other', 'held-out', 'dim']);
  assert.deepEqual(benchmarkConditions(['base', 'dim'], own, ['dim']), ['base', 'dim']);
  assert.throws(() => benchmarkConditions(['degradation'], ['base'], []), /expected a world with perturbations/);
});
