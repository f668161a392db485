/** @file Published numbers: as printed, with a source each, and one's own beside them. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { sharedData } from '../../tests/shared-data.ts';
import { benchmarkPage, benchmarkText } from './benchmark-page.ts';
import { resultOf } from './run-result.ts';
import type { EvaluationResult } from './result.ts';
import type { RunHead } from './run-head.ts';
import { BENCHMARKS } from './table/index.ts';
import { LIBERO_PUBLISHED } from './table/libero-published.ts';
import { tabletop } from './table/tabletop.ts';

const FACTS = {
  created: '2026-01-01T00:00:00Z',
  command: 'vlakit benchmark',
  versions: { vlakit: '0.1.0' },
  machine: { cpu: '', cores: 1, memoryGb: 1, system: '' },
  warnings: [],
  seconds: 1,
  workers: 1,
};

/** A result of `successes` of `episodes`. */
function resultWith(name: string, successes: number, episodes: number): EvaluationResult {
  const head: RunHead = {
    policy: { name: 'mine', checkpoint: null, sha256: null },
    environment: { name, options: null },
    protocol: {
      tasks: ['lift'],
      conditions: [{ name: 'base', meaning: 'As it is.', wantsSuccess: true }],
      episodesPerTask: episodes,
      firstSeed: 0,
      execute: 5,
      maxSteps: { lift: 10 },
      controlHz: 20,
    },
    benchmark: { name, text: 'Played fairly.', settings: { seed: 7 }, hash: 'abc', shard: null },
    total: episodes,
  };
  const latency = { p50: 1, p99: 1, max: 1 };
  const finished = Array.from({ length: episodes }, (_, index) => ({
    episode: {
      index,
      condition: 'base',
      task: 'lift',
      seed: index,
      noiseSeed: 0,
      instruction: 'lift it',
      outcome: index < successes ? ('success' as const) : ('timeout' as const),
      length: 10,
      actionsHash: '0',
      inferences: 1,
      timing: { seconds: 1, latencyMs: latency },
    },
    latenciesMs: [1],
  }));
  return resultOf(head, { ...FACTS, planned: episodes }, finished, []);
}

test('one’s own number stands first, with its interval, above the published ones', () => {
  const spatial = { ...tabletop, name: 'libero-spatial', tasks: 1, episodes: 500, published: LIBERO_PUBLISHED };
  const result = resultWith('libero-spatial', 471, 500);
  const text = benchmarkText(spatial, result, new Map(), false);
  assert.match(text, /^mine +94\.2 +– +– +– +– {2}measured here: spatial 91\.8 % – 95\.9 % of 500$/m);
  assert.match(text, /^ZR-0 +97\.4 +99\.4 +98\.0 +96\.4 +97\.8 {2}ZR-0, table 1$/m);
  assert.match(text, /^Qwen-VLA-Instruct +– +– +– +– +97\.9 {2}Qwen-VLA, table 4$/m);
  const other = benchmarkText({ ...spatial, tasks: 10, episodes: 50 }, result, new Map(), false);
  assert.match(other, /of 500; not the whole protocol: 1 of 10 tasks, 500 instead of 50 episodes per task$/m);
  assert.equal(stripVTControlCharacters(benchmarkText(spatial, result, new Map(), true)), text);
  // With the other suites the mean is there, each suite counting the same.
  const others = new Map([
    ['libero-object', resultWith('libero-object', 10, 10)],
    ['libero-goal', resultWith('libero-goal', 5, 10)],
    ['libero-10', resultWith('libero-10', 1, 20)],
  ]);
  assert.match(benchmarkText(spatial, result, others, false), /^mine +94\.2 +100\.0 +50\.0 +5\.0 +62\.3 {2}measured/m);
});

test('the page has protocol, hashes and every source in full', () => {
  const page = benchmarkPage({ ...tabletop, published: LIBERO_PUBLISHED }, resultWith('tabletop', 3, 4), new Map());
  for (const { reference } of LIBERO_PUBLISHED.rows.map(({ source }) => source)) assert.ok(page.includes(reference));
  assert.match(page, /^\| ZR-0 \| 97\.4 \| 99\.4 \| 98\.0 \| 96\.4 \| 97\.8 \| ZR-0, table 1 \|$/m);
  assert.match(page, /1 tasks, 4 episodes each, seeds from 0; 5 actions of each chunk are executed/);
  assert.match(page, /SHA-256 of the protocol abc; of the weights unknown/);
});

test('every published table has a number or a gap per column, and means that are those of the suites where nothing else is said', () => {
  for (const { published } of BENCHMARKS) {
    for (const row of published?.rows ?? []) {
      assert.equal(row.percent.length, published!.columns.length, row.method);
      assert.ok(row.source.reference.length > row.source.short.length);
    }
  }
  for (const { method, percent, note } of LIBERO_PUBLISHED.rows) {
    const [spatial, object, goal, long, mean] = percent;
    if (spatial === null || note !== undefined) continue;
    const exact = (spatial! + object! + goal! + long!) / 4;
    assert.ok(Math.abs(exact - mean!) <= 0.13, `${method}: ${exact} and ${mean}`);
  }
});

const papers = sharedData('')?.replace(/data\/?$/, 'papers') ?? null;
const texts = (['zr-0', 'xiaomi-robotics-0', 'qwen-vla'] as const).map((name) =>
  path.join(papers ?? '', `${name}.txt`),
);
const skip = papers !== null && texts.every((file) => fs.existsSync(file)) ? false : 'needs the papers under shared/';

test('the numbers are those of the papers', { skip }, () => {
  const tables = texts.map((file) =>
    fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.replaceAll(/<[^>]*>|[%$\\{}*]/g, '').replaceAll('pi_', 'π_')),
  );
  const find = (table: readonly string[], numbers: readonly number[]): boolean =>
    table.some((line) => {
      const found = [...line.matchAll(/\t([0-9.]+)/g)].map(([, text]) => Number(text));
      return numbers.every((value, i) => found[i] === value);
    });
  for (const { method, percent, source } of LIBERO_PUBLISHED.rows) {
    const at = ['ZR-0', 'Xiaomi', 'Qwen'].findIndex((word) => source.short.startsWith(word));
    if (at < 0) continue;
    const numbers = percent.filter((value) => value !== null);
    assert.ok(find(tables[at]!, numbers), `${method} in ${source.short}`);
  }
});
