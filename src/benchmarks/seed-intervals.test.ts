/** @file Intervals over seeds and episodes: what simulated studies say about their coverage, and what they are by definition. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../base/random.ts';
import { differenceInterval, estimateMean, meanInterval, realMeanInterval, type SeedScores } from './seed-intervals.ts';
import { mean, percentile } from './statistics.ts';

const SEEDS = 3;
const TASKS = ['touch', 'push'];
const EPISODES = 40;

/** Two arms of a simulated study, and the true rates. */
interface Simulated {
  readonly arms: readonly [SeedScores, SeedScores];
  readonly truth: readonly [number, number];
}

/** Spreads on the logit scale. */
interface Spreads {
  readonly seed: number;
  readonly seedTask: number;
  readonly episode: number;
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** E[logistic(centre + N(0, variance))], by quadrature. */
function expected(centre: number, variance: number): number {
  let [sum, weights] = [0, 0];
  for (let z = -6; z <= 6; z += 0.05) {
    const weight = Math.exp((-z * z) / 2);
    sum += weight * logistic(centre + z * Math.sqrt(variance));
    weights += weight;
  }
  return sum / weights;
}

/** Episodes are as hard for both arms; seeds, and seeds on one task, are good or bad for each arm on its own. */
function simulate(random: Random, centres: readonly [number, number], spreads: Spreads): Simulated {
  const strata = TASKS.flatMap((task) => Array<string>(EPISODES).fill(task));
  const keys = strata.map((_, e) => String(e % EPISODES));
  const hardness = strata.map(() => spreads.episode * random.normal());
  const taskShift = [0.5, -0.5];
  const arm = (centre: number): SeedScores => {
    const values = Array.from({ length: SEEDS }, () => {
      const seed = spreads.seed * random.normal();
      const own = TASKS.map(() => spreads.seedTask * random.normal());
      return strata.map((task, e) => {
        const t = TASKS.indexOf(task);
        return random.uniform() < logistic(centre + taskShift[t]! + seed + own[t]! + hardness[e]!) ? 1 : 0;
      });
    });
    return { seeds: [1, 2, 3], strata, keys, values };
  };
  const variance = spreads.seed ** 2 + spreads.seedTask ** 2 + spreads.episode ** 2;
  const rate = (centre: number): number => mean(taskShift.map((shift) => expected(centre + shift, variance)));
  return { arms: [arm(centres[0]), arm(centres[1])], truth: [rate(centres[0]), rate(centres[1])] };
}

const SETTINGS: readonly [name: string, centres: [number, number], spreads: Spreads][] = [
  ['seeds differ much', [0.5, -0.2], { seed: 0.5, seedTask: 0.3, episode: 1 }],
  ['seeds hardly differ', [0.3, 0.3], { seed: 0.05, seedTask: 0, episode: 1.5 }],
  ['near the top', [2.5, 2], { seed: 0.4, seedTask: 0.2, episode: 1 }],
];

for (const [name, centres, spreads] of SETTINGS) {
  test(`95 % intervals hold the truth in about 95 % of simulated studies: ${name}`, () => {
    const random = new Random(
      7,
      SETTINGS.findIndex(([one]) => one === name),
    );
    const studies = 600;
    let [rates, differences] = [0, 0];
    for (let i = 0; i < studies; i++) {
      const { arms, truth } = simulate(random, centres, spreads);
      const rate = meanInterval(arms[0]);
      if (rate.low <= truth[0] && truth[0] <= rate.high) rates++;
      const { low, high, paired } = differenceInterval(arms[0], arms[1]);
      assert.ok(paired);
      if (low <= truth[0] - truth[1] && truth[0] - truth[1] <= high) differences++;
    }
    // Three standard errors of a coverage of 95 % are 2.7 points; above 95 % is wasteful, not wrong.
    for (const covered of [rates / studies, differences / studies]) {
      assert.ok(covered >= 0.92, `covered ${rates / studies} and ${differences / studies}`);
    }
  });
}

test('a bootstrap of seeds and episodes covers far less with three seeds, which is why it is not used', () => {
  const random = new Random(9);
  const spreads = { seed: 0.8, seedTask: 0.3, episode: 0.5 };
  const studies = 200;
  let [covered, ours] = [0, 0];
  for (let i = 0; i < studies; i++) {
    const { arms, truth } = simulate(random, [0.5, -0.2], spreads);
    const means = Array.from({ length: 200 }, () => {
      const rows = [0, 1, 2].map(() => random.integer(SEEDS));
      const columns = arms[0].strata.map((_, e) => Math.floor(e / EPISODES) * EPISODES + random.integer(EPISODES));
      return mean(rows.map((s) => mean(columns.map((e) => arms[0].values[s]![e]! - arms[1].values[s]![e]!))));
    });
    const difference = truth[0] - truth[1];
    if (percentile(means, 0.025) <= difference && difference <= percentile(means, 0.975)) covered++;
    const { low, high } = differenceInterval(...arms);
    if (low <= difference && difference <= high) ours++;
  }
  assert.ok(covered / studies < 0.85 && ours / studies > 0.92, `covered ${covered / studies}, ours ${ours / studies}`);
});

test('the variance of the mean is estimated without bias', () => {
  const random = new Random(3);
  const strata = [...Array<string>(12).fill('a'), ...Array<string>(12).fill('b')];
  const [seed, seedTask, episode, rest] = [0.2, 0.15, 0.3, 0.4];
  const truth = seed ** 2 / 3 + seedTask ** 2 / 6 + episode ** 2 / 24 + rest ** 2 / 72;
  const estimates: number[] = [];
  const means: number[] = [];
  for (let i = 0; i < 3000; i++) {
    const hardness = strata.map(() => episode * random.normal());
    const values = Array.from({ length: 3 }, () => {
      const own = seed * random.normal();
      const onTask = [seedTask * random.normal(), seedTask * random.normal()];
      return strata.map((task, e) => own + onTask[task === 'a' ? 0 : 1]! + hardness[e]! + rest * random.normal());
    });
    const { mean: m, variance } = estimateMean({ strata, values });
    means.push(m);
    estimates.push(variance);
  }
  assert.ok(Math.abs(mean(means.map((m) => m * m)) / truth - 1) < 0.1, 'the simulation is the model');
  // The floor (no less than the seeds alone) adds a little.
  assert.ok(Math.abs(mean(estimates) / truth - 1) < 0.1, `${mean(estimates)} for ${truth}`);
});

test('one seed without tasks is the interval of a plain mean', () => {
  const values = [[1, 0, 1, 1, 0, 1]];
  const { variance, degrees, mean: m } = estimateMean({ strata: values[0]!.map(() => 'a'), values });
  assert.equal(m, 4 / 6);
  assert.ok(Math.abs(variance - ((4 / 6) * (2 / 6)) / 5) < 1e-12);
  assert.equal(degrees, 5);
});

function scores(values: readonly (readonly number[])[], first = 0): SeedScores {
  const strata = values[0]!.map(() => 'a');
  const keys = strata.map((_, e) => String(first + e));
  return { seeds: values.map((_, s) => s + 1), strata, keys, values };
}

test('all alike is not certain: rates and differences keep a width', () => {
  const all = scores([Array<number>(30).fill(1), Array<number>(30).fill(1), Array<number>(30).fill(1)]);
  const { rate, low, high } = meanInterval(all);
  assert.deepEqual([rate, high], [1, 1]);
  assert.ok(low > 0.85 && low < 0.95, `${low}`);
  assert.deepEqual(differenceInterval(all, all), { difference: 0, low: -0.1, high: 0.1, paired: true, seeds: 3 });
});

test('pairs are made where seeds and episodes are the same, and narrow the interval where episodes are alike', () => {
  const random = new Random(5);
  const hard = Array.from({ length: 60 }, () => random.uniform());
  const play = (shift: number): number[][] =>
    [0, 1, 2].map(() => hard.map((h) => (h + 0.1 * random.normal() < 0.5 + shift ? 1 : 0)));
  const [a, b] = [play(0.1), play(0)];
  const together = differenceInterval(scores(a), scores(b));
  const apart = differenceInterval(scores(a), scores(b, 1000));
  assert.deepEqual([together.paired, apart.paired], [true, false]);
  assert.equal(together.difference, apart.difference);
  assert.ok(together.high - together.low < 0.7 * (apart.high - apart.low));
  const one = differenceInterval(scores(a), { ...scores([b[0]!]), seeds: [null] });
  assert.deepEqual([one.paired, one.seeds], [false, 1]);
});

test('scores that are no table are refused', () => {
  assert.throws(() => estimateMean({ strata: ['a', 'a'], values: [[1]] }), { code: 'bad-argument' });
  assert.throws(() => estimateMean({ strata: [], values: [] }), { code: 'bad-argument' });
});

test('numbers that are no shares: Student’s interval for one seed, and it holds the truth with seeds that differ', () => {
  const one = {
    seeds: [1],
    strata: ['touch', 'touch', 'touch', 'touch'],
    keys: ['1', '2', '3', '4'],
    values: [[11, 14, 9, 18]],
  };
  // Mean 13, standard deviation √(46 / 3), t of 3 degrees of freedom 3.1824.
  const half = (3.182446 * Math.sqrt(46 / 3)) / 2;
  const { rate, low, high } = realMeanInterval(one);
  assert.ok(rate === 13 && Math.abs(low - 13 + half) < 1e-4 && Math.abs(high - 13 - half) < 1e-4);
  const shifted = { ...one, values: [[111, 114, 109, 118]] };
  const { difference, low: least, high: most } = differenceInterval(shifted, one, true);
  assert.deepEqual([difference, least, most], [100, 100, 100]);
  const random = new Random(31);
  const [strata, keys] = [Array<string>(EPISODES).fill('touch'), Array.from({ length: EPISODES }, (_, e) => String(e))];
  let held = 0;
  const STUDIES = 400;
  for (let study = 0; study < STUDIES; study++) {
    const episodes = keys.map(() => 20 * random.normal());
    const values = [1, 2, 3].map(() => {
      const seed = 5 * random.normal();
      return episodes.map((episode) => 50 + seed + episode + 10 * random.normal());
    });
    const found = realMeanInterval({ seeds: [1, 2, 3], strata, keys, values });
    if (found.low <= 50 && found.high >= 50) held++;
  }
  assert.ok(held / STUDIES > 0.92, `${held} of ${STUDIES}`);
});
