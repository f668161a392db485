/** @file The report is one well-formed file that asks the network for nothing, escapes its content and shows every number. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { VlaError } from '../../base/errors.ts';
import { workerUrl } from '../../base/worker-url.ts';
import { evaluate } from '../../benchmarks/evaluate.ts';
import { filmPlan } from '../../benchmarks/film-episodes.ts';
import { saveEvaluation } from '../../benchmarks/evaluation-folder.ts';
import { expert } from '../../benchmarks/expert-policy.ts';
import { niceTicks, shortNumber } from './axis.ts';
import { thin } from './line-chart.ts';
import { readRun } from './read-run.ts';
import type { ReportInput } from './report-input.ts';
import { renderReport } from './report.ts';

const module = (name: string): string => workerUrl(import.meta.url, `../../../tests/flatland/${name}`).href;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-report-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

const base = {
  environment: { module: module('flatland'), options: { imageSize: 24 } },
  tasks: ['all'],
  episodes: 2,
  firstSeed: 1_000_000_000,
  workers: 1,
  inferenceTimeoutMs: null,
  policyName: null,
};
const policy = { module: module('flatland-policy'), options: { horizon: 4, noise: 0, fault: null, cameraName: null } };
const checkpoint = { path: 'runs/<x>', sha256: 'cd'.repeat(32) };
saveEvaluation(
  folder,
  'evaluation',
  await evaluate({
    ...base,
    policy,
    conditions: ['all'],
    execute: 'half',
    film: filmPlan(null),
    command: `vlakit evaluate 'runs/<x>' --seed 1`,
    checkpoint,
  }),
);
saveEvaluation(
  folder,
  'evaluation-expert',
  await evaluate({
    ...base,
    policy: expert(),
    conditions: ['base'],
    execute: 1,
    film: null,
    command: 'vlakit evaluate expert',
    checkpoint: null,
  }),
);
const lines = Array.from({ length: 900 }, (_, i) => ({
  step: i + 1,
  kind: 'train',
  loss: 1 / (i + 1),
  learningRate: 1e-3,
}));
fs.writeFileSync(path.join(folder, 'metrics.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
fs.writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ name: '<script>alert(1)</script>' }));
const training = {
  command: 'vlakit train mine --set seed=17',
  seed: 17,
  versions: { vlakit: '9.9.9' },
  datasets: [
    { root: 'data/mine', command: 'vlakit record mine', seed: 23 },
    { root: 'data/given', command: null, seed: null },
  ],
};
fs.writeFileSync(path.join(folder, 'provenance.json'), JSON.stringify(training));
const openLoop = {
  dataset: 'robot',
  episodes: [3],
  frames: 100,
  metric: 'Mean absolute error',
  dimensions: ['elbow', 'wrist'],
  predictors: [
    { name: 'policy', errors: [0.1, 0.2] },
    { name: 'hold', errors: [0.2, 0.4] },
  ],
  notes: [],
};
fs.writeFileSync(path.join(folder, 'open-loop.json'), JSON.stringify(openLoop));
const input = readRun(folder, 'A & B', '2026-01-02T03:04:05Z');
const page = renderReport(input);

test('tags are balanced', () => {
  const open: string[] = [];
  const voids = /^(meta|img|br|!doctype)$/;
  const body = page.replace(/<style>[^]*?<\/style>/, '<style></style>');
  for (const [, close, name, rest] of body.matchAll(/<(\/?)([a-z!][a-z0-9]*)((?:"[^"]*"|[^">])*)>/g)) {
    if (voids.test(name!) || rest!.trimEnd().endsWith('/')) continue;
    if (close === '') open.push(name!);
    else assert.equal(open.pop(), name, `</${name}> closes another tag`);
  }
  assert.deepEqual(open, []);
});

test('it runs nothing and loads nothing', () => {
  assert.equal(/<script|<link|<iframe|@import|url\(|https?:|\son[a-z]+=/i.exec(page), null);
  const sources = [...page.matchAll(/(?:src|href)="([^"]{0,30})/g)].map(([, source]) => source!);
  assert.ok(sources.length > 0 && sources.every((source) => source.startsWith('data:image/webp;base64,')));
  assert.ok(page.includes(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`));
});

test('what comes from outside is escaped', () => {
  assert.ok(page.includes('<title>A &amp; B</title>'));
  assert.ok(page.includes('runs/&lt;x&gt;'));
  assert.ok(page.includes('&lt;script&gt;alert(1)'));
  const [{ result, films }] = input.evaluations as [ReportInput['evaluations'][number]];
  const episode = { ...result.rollouts[0]!, instruction: `"><img src=x onerror='alert(1)'>` };
  const hostile = renderReport({ ...input, evaluations: [{ result: { ...result, rollouts: [episode] }, films }] });
  assert.doesNotMatch(hostile, /<img src=x/);
});

test('it shows rates, intervals, both policies, films, curves, errors and how to repeat them', () => {
  const { result } = input.evaluations[0]!;
  for (const text of [
    '100.0 %',
    '51–100 %',
    'expert (scripted',
    'Does it listen?',
    'touch',
    'all tasks',
    'cd'.repeat(32),
    'vlakit evaluate &#39;runs/&lt;x&gt;&#39; --seed 1',
    '<b>loss</b>',
    '<b>learningRate</b>',
    'elbow',
    '“touch the ',
    '✓ success',
    '⤳ other object',
    '1000000000 to 1000000001',
    result.versions['node']!,
  ]) {
    assert.ok(page.includes(text), text);
  }
  assert.equal(page.match(/data:image\/webp/g)!.length, result.rollouts.length);
  assert.equal(renderReport(input), page, 'the same input gives the same text');
});

test('a run without an evaluation says how its data and its weights came to be', () => {
  const bare = renderReport({ ...input, evaluations: [] });
  for (const text of ['vlakit train mine --set seed=17', 'vlakit record mine', 'data/given', '9.9.9']) {
    assert.ok(bare.includes(text), text);
  }
  assert.match(bare, /<dt>training seed<\/dt>\s*<dd>17</);
  assert.match(bare, /<dt>recording seed<\/dt>\s*<dd>23</);
  assert.ok(!bare.includes('provenance.json'), 'facts are not repeated as a document');
  const old = fs.mkdtempSync(path.join(folder, 'old-'));
  fs.writeFileSync(path.join(old, 'recipe.json'), '{"seed":31}');
  fs.writeFileSync(path.join(old, 'metrics.jsonl'), '');
  assert.match(renderReport(readRun(old, '', '')), /<dt>training seed<\/dt>\s*<dd>31</);
  fs.writeFileSync(path.join(folder, 'provenance.json'), '{"command":1}');
  assert.throws(() => readRun(folder, '', ''), { code: 'bad-data', message: /provenance\.json: command: / });
});

test('sections without data vanish, and a partial evaluation says so', () => {
  const empty = renderReport({ ...input, evaluations: [], metrics: [], openLoop: null, training: null, documents: [] });
  assert.doesNotMatch(empty, /Training|Rollouts|Open loop|Success/);
  const { result, films } = input.evaluations[0]!;
  const partial = { ...result, partial: true, planned: 99 };
  assert.match(
    renderReport({ ...input, evaluations: [{ result: partial, films }] }),
    /stopped after 24 of 99 episodes/,
  );
  const empties = fs.mkdtempSync(path.join(folder, 'empty-'));
  assert.throws(
    () => readRun(empties, '', ''),
    /expected evaluation\.json, metrics\.jsonl or open-loop\.json, got an empty/,
  );
  assert.throws(() => readRun(path.join(folder, 'nowhere'), '', ''), VlaError);
});

test('broken episodes are listed with their reasons, and are in no rate', () => {
  const { result, films } = input.evaluations[0]!;
  assert.doesNotMatch(page, /could not be played/);
  const why = 'instruction: expected at most 7 tokens, got <8>';
  const left = result.episodes.filter(({ condition }) => condition === 'other');
  const broken = left.map(({ index, condition, task, seed, noiseSeed }) => {
    const reason = `Policy "mine" in ${task}, seed ${seed}, tick 0: ${why}`;
    return { index, condition, task, seed, noiseSeed, attempts: 1, code: 'mismatch', reason };
  });
  const rows = result.rows.filter(({ condition }) => condition !== 'other');
  const episodes = result.episodes.filter(({ condition }) => condition !== 'other');
  const some = { ...result, episodes, rows, broken, planned: result.episodes.length };
  const text = renderReport({ ...input, evaluations: [{ result: some, films }] });
  assert.match(text, /<div class="warning">[^<]*: 4 of 24 episodes could not be played and count nowhere/);
  assert.match(text, /of 24 planned; 4 broken, which count nowhere/);
  const lines = [
    ...text.matchAll(/<td>instruction: expected at most 7 tokens, got &lt;8&gt;<small>mismatch, after one/g),
  ];
  assert.equal(lines.length, 2, 'one line per task');
  assert.match(text, /<td>other<\/td>\s*<td>2<\/td>\s*<td>1000000000, 1000000001<\/td>/);
  assert.match(text, /<td>–<small class="mid">2 broken<\/small><\/td>/);
  assert.doesNotMatch(text, /true target served/, 'no bar of what was not measured');
});

test('evaluations in another world have a part of their own, and long names of tasks lose what they share', () => {
  const [{ result, films }, reference] = input.evaluations as [
    ReportInput['evaluations'][number],
    ReportInput['evaluations'][number],
  ];
  const names = [
    'pick_up_the_black_bowl_next_to_the_stove_and_place_it',
    'pick_up_the_black_bowl_in_the_drawer_and_place_it',
  ];
  const rename = <T extends { readonly task: string }>(one: T): T => ({
    ...one,
    task: names[result.protocol.tasks.indexOf(one.task)] ?? one.task,
  });
  const { firstSeed, conditions } = result.protocol;
  const elsewhere = {
    ...result,
    environment: { name: 'libero_spatial', options: {} },
    benchmark: { name: 'libero-spatial', text: 'Row i of the published states.', settings: {}, hash: '', shard: null },
    protocol: { ...result.protocol, tasks: names, firstSeed, conditions },
    rows: result.rows.map(rename),
  };
  const text = renderReport({ ...input, evaluations: [{ result, films }, reference, { result: elsewhere, films }] });
  assert.match(text, /<h2>Success by task: libero_spatial<\/h2>/);
  assert.match(text, /Row i of the published states\./);
  assert.match(text, />\s*… next to the stove …\s*<\/text/);
  assert.equal(text.match(/expert \(scripted/g)!.length, 1);
});

test('ticks are round and enclose the data; numbers are short', () => {
  assert.deepEqual(niceTicks(0, 1, 4), [0, 0.5, 1]);
  assert.deepEqual(niceTicks(0.11, 0.52, 4), [0, 0.2, 0.4, 0.6]);
  assert.deepEqual(niceTicks(3, 3, 4), [3, 4, 5, 6]);
  assert.deepEqual(niceTicks(-1.2, 1, 5), [-1.5, -1, -0.5, 0, 0.5, 1]);
  assert.deepEqual([0, 0.30000004, 12345.6, 0.00012, 2e9].map(shortNumber), ['0', '0.3', '12,346', '1.2e-4', '2e9']);
});

test('a curve is thinned to few points that keep its spikes', () => {
  const points = Array.from({ length: 10_000 }, (_, i) => [i, i === 7777 ? 99 : i % 2] as const);
  const kept = thin(points);
  assert.ok(kept.length <= 300);
  assert.ok(kept.some(([step, value]) => step === 7777 && value === 99));
  assert.deepEqual(
    kept.map(([step]) => step),
    kept.map(([step]) => step).sort((a, b) => a - b),
  );
});
