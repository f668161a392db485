/** @file A random schedule of real time: latency, jitter, failures, silence, resets and sensors that lag and drop; all of it from one seed. */

import { Random } from '../../src/base/random.ts';
import type { ContinuationKind } from '../../src/interfaces/policy.ts';
import {
  alignedAsynchronous,
  continued,
  futureState,
  naiveAsynchronous,
  synchronous,
  temporalEnsembling,
} from '../../src/runtime/strategies/index.ts';
import type { Strategy } from '../../src/runtime/strategy.ts';
import type { SensorPlan } from './point-robot.ts';
import type { InferencePlan } from './walking-policy.ts';

/** Everything that a run is made of. */
export interface Schedule {
  readonly seed: number;
  readonly controlHz: number;
  readonly ticks: number;
  readonly horizon: number;
  readonly longestAge: number;
  readonly staleness: number;
  /** Seconds after which an inference is given up. */
  readonly timeout: number;
  readonly grace: number;
  readonly latency: { readonly window: number; readonly quantile: number; readonly margin: number };
  readonly continues: { readonly kind: ContinuationKind; readonly longest: number };
  readonly strategy: Strategy;
  readonly sensors: { readonly state: SensorPlan; readonly front: SensorPlan };
  /** Seconds at which a new episode is asked for, ascending. */
  readonly resets: readonly number[];
  plan(n: number): InferencePlan;
}

/** The strategies by name, with parameters drawn. */
export const STRATEGIES: Readonly<Record<string, (random: Random, horizon: number) => Strategy>> = {
  synchronous: (random, horizon) => synchronous({ execute: 1 + random.integer(horizon) }),
  'naive-asynchronous': (random, horizon) => naiveAsynchronous({ execute: 1 + random.integer(horizon) }),
  'aligned-asynchronous': (random, horizon) =>
    alignedAsynchronous({ execute: 1 + random.integer(horizon), committed: random.integer(4) }),
  continued: (random, horizon) => continued({ execute: 1 + random.integer(horizon) }),
  'future-state': (random, horizon) =>
    futureState({ execute: 1 + random.integer(horizon), predictState: (state) => state.slice() }),
  'temporal-ensembling': (random) =>
    temporalEnsembling({ every: 1 + random.integer(4), decay: random.range(-0.2, 0.2) }),
};

function sensor(random: Random, period: number, seed: number, stream: number): SensorPlan {
  const hz = random.range(0.6, 1.5) / period;
  const [delay, jitter] = [period * random.range(0, 2), period * random.pick([0, 1.5])];
  const loss = random.pick([0, 0, 0.2]);
  return {
    hz,
    delay(n) {
      const draw = new Random(seed, stream, n);
      return draw.uniform() < loss ? null : delay + jitter * draw.uniform();
    },
  };
}

/** The schedule of `seed`. */
export function drawSchedule(name: string, seed: number): Schedule {
  const random = new Random(seed, 0);
  const controlHz = random.pick([10, 20, 30, 50]);
  const horizon = 2 + random.integer(20);
  const ticks = 40 + random.integer(40);
  const period = 1 / controlHz;
  const [base, jitter] = [period * random.range(0, 7), period * random.pick([0, 1, 6])];
  const trouble = random.pick([0, 0.1, 0.3]);
  const kinds: ContinuationKind[] = name === 'continued' ? ['prefix', 'guided', 'guided-forward'] : ['prefix'];
  return {
    seed,
    controlHz,
    ticks,
    horizon,
    longestAge: 3 + random.integer(40),
    staleness: period * random.range(3, 8),
    timeout: period * random.range(6, 20),
    grace: random.pick([0, 0, 0.2 * period]),
    latency: { window: 1 + random.integer(10), quantile: random.pick([0.5, 0.9, 1]), margin: random.integer(2) },
    continues: { kind: random.pick(kinds), longest: 4 + random.integer(20) },
    strategy: STRATEGIES[name]!(random, horizon),
    sensors: { state: sensor(random, period, seed, 1), front: sensor(random, period, seed, 2) },
    resets: Array.from({ length: random.integer(4) }, () => random.range(0, ticks / controlHz)).sort((a, b) => a - b),
    plan(n) {
      const draw = new Random(seed, 3, n);
      const seconds = base + jitter * draw.uniform();
      if (draw.uniform() >= trouble) return { seconds, ends: draw.uniform() < 0.1 ? 'deaf' : 'well' };
      return { seconds, ends: draw.pick(['failing', 'never', 'with NaN'] as const) };
    },
  };
}
