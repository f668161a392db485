/** @file Closed-loop evaluation in a small real world: repeatable numbers, conditions, failures, stops and films. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../base/errors.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { FlatlandPolicyOptions } from '../../tests/flatland/flatland-policy.ts';
import { evaluate, type EvaluateOptions } from './evaluate.ts';
import { filmPlan } from './film-episodes.ts';
import type { ModuleCall } from './player.ts';
import type { EvaluationResult, ResultRow } from './result.ts';

const world = (imageSize: number, more: object = {}): ModuleCall => ({
  module: workerUrl(import.meta.url, '../../tests/flatland/flatland').href,
  options: { imageSize, ...more },
});
const pixels = (options: Partial<FlatlandPolicyOptions> = {}): ModuleCall => ({
  module: workerUrl(import.meta.url, '../../tests/flatland/flatland-policy').href,
  options: { horizon: 4, noise: 0.5, fault: null, cameraName: null, ...options },
});
const expert: ModuleCall = { module: workerUrl(import.meta.url, './expert-policy').href, options: null };

const BASE: EvaluateOptions = {
  environment: world(24),
  policy: pixels(),
  tasks: ['all'],
  conditions: ['base'],
  episodes: 6,
  firstSeed: 1_000_000_000,
  execute: 2,
  workers: 1,
  inferenceTimeoutMs: null,
  policyName: null,
  film: null,
  command: 'vlakit evaluate test',
  checkpoint: null,
};

/** All that must repeat. */
const numbers = ({ episodes, rows }: EvaluationResult): unknown => ({
  episodes: episodes.map((episode) => ({ ...episode, timing: null })),
  rows,
});
const row = (result: EvaluationResult, condition: string, task = 'all'): ResultRow =>
  result.rows.find((one) => one.condition === condition && one.task === task)!;

test('1, 2 and 3 workers give the same numbers, and another seed or noise gives others', async () => {
  const options = { ...BASE, conditions: ['base', 'shuffled', 'wind'], policy: pixels({ noise: 1.5 }) };
  const [one, two, three, other] = await Promise.all([
    evaluate(options),
    evaluate({ ...options, workers: 2 }),
    evaluate({ ...options, workers: 3 }),
    evaluate({ ...options, firstSeed: BASE.firstSeed + 100 }),
  ]);
  assert.deepEqual(numbers(two.result), numbers(one.result));
  assert.deepEqual(numbers(three.result), numbers(one.result));
  assert.notDeepEqual(numbers(other.result), numbers(one.result));
  assert.equal(one.result.episodes.length, 3 * 2 * 6);
  assert.equal(one.result.partial, false);
  assert.ok(new Set(one.result.episodes.map(({ noiseSeed }) => noiseSeed)).size === 6, 'one noise seed per seed');
  const quiet = await evaluate({ ...options, policy: pixels({ noise: 0 }) });
  assert.notDeepEqual(
    quiet.result.episodes.map(({ length }) => length),
    one.result.episodes.map(({ length }) => length),
    'the noise seed reaches the policy',
  );
});

test('a policy that listens serves what is named; the conditions show it', async () => {
  const { result } = await evaluate({ ...BASE, conditions: ['all'], episodes: 12, policy: pixels({ noise: 0.2 }) });
  assert.deepEqual(
    result.protocol.conditions.map(({ name }) => name),
    ['base', 'other', 'shuffled', 'held-out', 'dim', 'wind'],
  );
  assert.equal(row(result, 'base').rate, 1);
  assert.equal(row(result, 'base').episodes, 24);
  assert.equal(row(result, 'held-out').rate, 1);
  assert.equal(row(result, 'other').successes, 0);
  assert.equal(row(result, 'other').wrong, 24);
  const shuffled = row(result, 'shuffled');
  assert.ok(shuffled.rate < 0.7 && shuffled.rate > 0.05, `about a third by chance, got ${shuffled.rate}`);
  assert.equal(row(result, 'dim').rate, 0, 'in dim light the colours are not seen');
  assert.ok(row(result, 'wind').meanLength !== row(result, 'base').meanLength);
  const heldOut = result.episodes.find((episode) => episode.condition === 'held-out')!;
  assert.match(heldOut.instruction, /^(reach for|rest on) the /);
  const base = result.episodes.filter((episode) => episode.condition === 'base');
  const given = result.episodes.filter((episode) => episode.condition === 'shuffled');
  assert.deepEqual(
    given.map(({ instruction }) => instruction).sort(),
    base.map(({ instruction }) => instruction).sort(),
    'shuffled: the same sentences in another order',
  );
});

test('the expert plays as a policy and solves everything', async () => {
  const { result } = await evaluate({ ...BASE, policy: expert, execute: 1 });
  assert.equal(result.policy.name, 'expert');
  assert.equal(row(result, 'base').rate, 1);
  assert.equal(row(result, 'base', 'touch').episodes, 6);
});

test('executing more of a chunk means fewer inferences', async () => {
  for (const [execute, each] of [
    [1, 1],
    ['half', 2],
    [4, 4],
  ] as const) {
    const { result } = await evaluate({ ...BASE, execute, episodes: 1, policy: pixels({ noise: 0 }) });
    for (const episode of result.episodes) assert.equal(episode.inferences, Math.ceil(episode.length / each));
  }
  await rejects({ ...BASE, execute: 5 }, 'bad-argument', /expected to execute 1 to 4 actions of a chunk, got 5/);
});

async function rejects(options: EvaluateOptions, code: string, message: RegExp): Promise<void> {
  await assert.rejects(evaluate(options), (error: unknown) => {
    assert.ok(error instanceof VlaError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test('a policy that throws, answers NaN, or has the wrong size is one clear error', async () => {
  const faulty = (kind: 'throw' | 'nan' | 'wrong-size'): EvaluateOptions => ({
    ...BASE,
    workers: 2,
    policy: pixels({ fault: { kind, at: 1 } }),
  });
  await rejects(
    faulty('throw'),
    'bad-data',
    /^Policy "pixels" in (touch|stay), seed 100000000\d, tick 2: the model fell over/,
  );
  await rejects(faulty('nan'), 'not-finite', /expected finite actions, got NaN for "dy" in action 1 of the chunk/);
  await rejects(faulty('wrong-size'), 'bad-shape', /at least one action of 2 values, got horizon 4, 3 values per/);
});

test('a policy that hangs, or blocks its thread, or ends it, is one clear error', async () => {
  for (const kind of ['hang', 'block'] as const) {
    const options = { ...BASE, inferenceTimeoutMs: 150, policy: pixels({ fault: { kind, at: 2 } }) };
    await rejects(
      options,
      'interrupted',
      /Policy "pixels" in .*: expected an answer within 150 ms, got none after \d+ ms/,
    );
  }
  await rejects(
    { ...BASE, workers: 2, policy: pixels({ fault: { kind: 'exit', at: 2 } }) },
    'unsupported',
    /worker \d ended with code 7 in (touch|stay), seed/,
  );
});

test('a world that breaks, and what cannot be played, are errors', async () => {
  await assert.rejects(evaluate({ ...BASE, environment: world(24, { breakAtReset: 3 }) }), /the world broke/);
  await rejects({ ...BASE, tasks: ['tuoch'] }, 'not-found', /task: expected one of touch, stay, got "tuoch"/);
  await rejects({ ...BASE, conditions: ['winde'] }, 'not-found', /condition: expected one of base, other/);
  await rejects({ ...BASE, episodes: 0 }, 'bad-argument', /expected 1 to 1000000 episodes/);
  await rejects({ ...BASE, workers: 0 }, 'bad-argument', /at least one worker/);
  await rejects({ ...BASE, policy: pixels({ cameraName: 'wrist' }) }, 'mismatch', /cameras: expected wrist, got front/);
  await rejects({ ...BASE, policy: world(24) }, 'bad-argument', /expected an exported function openPolicy/);
});

test('what a module of one’s own lacks is named, and so is what it throws', async () => {
  const module = (text: string): ModuleCall => ({
    module: `data:text/javascript,${encodeURIComponent(text)}`,
    options: 1,
  });
  const cases: readonly [text: string, message: RegExp][] = [
    ['export const x = ;', /expected a module that can be loaded, got SyntaxError/],
    ['export const openEnvironment = 5;', /expected an exported function openEnvironment, got a number/],
    ['export function openEnvironment() { throw new Error("port closed"); }', /got Error: port closed/],
    ['export async function openEnvironment() {}', /openEnvironment: expected an object with name, .*, got undefined/],
    [
      'export const openEnvironment = () => ({ name: "x", embodiment: { cameras: [], state: 1, controlHz: 20 }, tasks: "a" });',
      /expected embodiment\.state\.names to be a list of names, .* tasks to be a list of names, .* got something else/,
    ],
  ];
  for (const [text, message] of cases) await rejects({ ...BASE, environment: module(text) }, 'bad-argument', message);
  const policy = module('export const openPolicy = (options, { embodiment }) => ({ name: "mine", embodiment });');
  await rejects({ ...BASE, policy }, 'bad-argument', /openPolicy: expected reset to be a function, infer to be a/);
});

test('an abort ends with what is finished, marked partial', async () => {
  const stop = new AbortController();
  const seen: number[] = [];
  const { result } = await evaluate({
    ...BASE,
    episodes: 200,
    workers: 2,
    signal: stop.signal,
    onProgress(done, total) {
      assert.equal(total, 400);
      seen.push(done);
      if (done === 5) stop.abort();
    },
  });
  assert.equal(result.partial, true);
  assert.equal(result.planned, 400);
  assert.ok(result.episodes.length >= 5 && result.episodes.length < 400, String(result.episodes.length));
  assert.deepEqual(seen, [...seen.keys()]);
  const whole = await evaluate({ ...BASE, episodes: 3 });
  // Which of the first two it is depends on which thread was stopped.
  const first = result.episodes[0]!;
  assert.equal(first.length, whole.result.episodes[first.index]!.length, 'what is there is what a whole run gives');
});

test('chosen episodes are filmed, larger, and repeat what was counted', async () => {
  const { result, rollouts } = await evaluate({
    ...BASE,
    conditions: ['base', 'dim'],
    film: filmPlan(world(64)),
    workers: 2,
  });
  assert.deepEqual(result.warnings, []);
  assert.deepEqual(
    rollouts.map(({ episode }) => `${episode.condition} ${episode.task} ${episode.outcome}`),
    ['base touch success', 'base stay success', 'dim touch timeout'],
  );
  const sharp = (await import('sharp')).default;
  for (const { episode, film } of rollouts) {
    assert.equal(film.played.length, episode.length);
    assert.ok(film.frames <= 60);
    const { pages, width, pageHeight } = await sharp(film.webp, { animated: true }).metadata();
    assert.deepEqual([pages, width, pageHeight], [film.frames, 64, 64]);
  }
});

test('an abort while filming keeps the numbers whole and says how many films are there', async () => {
  const stop = new AbortController();
  const { result, rollouts, chosen } = await evaluate({
    ...BASE,
    conditions: ['base', 'dim'],
    film: filmPlan(null),
    signal: stop.signal,
    onFilm: (done) => done === 1 && stop.abort(),
  });
  assert.deepEqual([result.partial, result.episodes.length, chosen], [false, 24, 3]);
  assert.equal(rollouts.length, 1);
  assert.deepEqual(result.warnings, ['Stopped before all rollouts were filmed: 1 of 3 are here.']);
});
