/**
 * @file A policy for the point robot whose inferences take, and fail, as planned. Its chunks walk in steps of at most `step`, each from
 * another place; it keeps committed actions as they are. Its actions carry the seed and the tick that they follow from.
 */

import type { Clock } from '../../src/base/clock.ts';
import { Random } from '../../src/base/random.ts';
import type { Embodiment } from '../../src/interfaces/embodiment.ts';
import type { ContinuationKind, InferenceOptions, Policy } from '../../src/interfaces/policy.ts';
import type { Observation } from '../../src/interfaces/observation.ts';

/** What becomes of the n-th inference. `deaf`: it answers, whatever its signal says. */
export interface InferencePlan {
  readonly seconds: number;
  readonly ends: 'well' | 'deaf' | 'failing' | 'never' | 'with NaN';
}

/** How it walks. */
export interface WalkingConfig {
  readonly horizon: number;
  readonly step: number;
  readonly seed: number;
  readonly continues?: { readonly kind: ContinuationKind; readonly longest: number };
  plan(n: number): InferencePlan;
}

/** The policy, with what it was asked. */
export interface WalkingPolicy extends Policy {
  readonly asked: { readonly observation: Observation; readonly options: InferenceOptions; readonly time: number }[];
}

/** Places from which chunks start lie within ±RANGE. */
const RANGE = 10;

/** Opens the policy. */
export function walkingPolicy(clock: Clock, embodiment: Embodiment, config: WalkingConfig): WalkingPolicy {
  const { horizon, step, continues } = config;
  const asked: WalkingPolicy['asked'] = [];
  let seed = -1;
  return {
    name: 'walking',
    embodiment,
    ...(continues === undefined ? {} : { continues }),
    asked,
    reset: (episode) => void (seed = episode.seed),
    async infer(observation, options = {}) {
      const n = asked.length;
      asked.push({ observation, options, time: clock.now() });
      const [plan, walked, random] = [config.plan(n), seed, new Random(config.seed, n)];
      if (plan.ends === 'never') return new Promise(() => {});
      await clock.sleepUntil(clock.now() + plan.seconds, plan.ends === 'deaf' ? undefined : options.signal);
      if (plan.ends === 'failing') throw new Error('the policy failed');
      const data = new Float32Array(horizon * 3);
      const { continuation } = options;
      const committed = Math.min(continuation?.committed ?? 0, horizon);
      if (continuation !== undefined) data.set(continuation.actions.subarray(0, committed * 3));
      for (let i = committed; i < horizon; i++) {
        const before = i === 0 ? random.range(-RANGE, RANGE) : data[3 * (i - 1)]!;
        data.set([before + random.range(-step, step), walked, observation.tick!], 3 * i);
      }
      if (plan.ends === 'with NaN') data[3] = Number.NaN;
      return { horizon, dim: 3, data };
    },
    async close() {},
  };
}
