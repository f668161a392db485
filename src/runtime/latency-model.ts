/** @file How long inferences take on a robot's clock: constant, drawn, or as long as they really took. */

import { realWork, type Clock } from '../base/clock.ts';
import { Random } from '../base/random.ts';
import type { Policy } from '../interfaces/policy.ts';

/** Seconds of the n-th inference of an episode; `random` is a stream of its own for each, `took` how long it really took. */
export type LatencyModel = (n: number, random: Random, took: number) => number;

/** Every inference takes `seconds`. */
export function constantLatency(seconds: number): LatencyModel {
  return () => seconds;
}

/** As long as it really took, the way to a server included; it does not repeat. */
export function measuredLatency(): LatencyModel {
  return (_n, _random, took) => took;
}

/** The nearest whole number of control periods: for worlds that move in whole ones. What comes, comes just before a tick. */
export function inWholePeriods(model: LatencyModel, controlHz: number): LatencyModel {
  return (...known) => Math.max(0, Math.round(model(...known) * controlHz) - BEFORE) / controlHz;
}

/** Share of a period: an answer that comes with a tick is not that tick's. */
const BEFORE = 0.01;

/** Anything between `low` and `high` seconds, each alike. */
export function uniformLatency(low: number, high: number): LatencyModel {
  return (_, random) => low + (high - low) * random.uniform();
}

/**
 * Log-normal: half of the inferences take at most `median` seconds; `spread` is the standard deviation of the logarithm, so that about one
 * in six takes longer than median · e^spread. A long tail to one side, as measured latencies have.
 */
export function drawnLatency(median: number, spread: number): LatencyModel {
  return (_, random) => median * Math.exp(spread * random.normal());
}

const STREAM = 0x6c61;

/**
 * `policy` with a latency by model: an answer comes that long after it was asked for on `clock`. Simulated time stands still while the policy
 * really computes; in real time an answer that takes longer than the model says comes when it comes.
 */
export function withLatency(policy: Policy, clock: Clock, model: LatencyModel): Policy {
  let seed = 0;
  let inferences = 0;
  return {
    name: policy.name,
    embodiment: policy.embodiment,
    ...(policy.continues === undefined ? {} : { continues: policy.continues }),
    async reset(episode) {
      [seed, inferences] = [episode.seed, 0];
      await realWork(clock, Promise.resolve(policy.reset(episode)));
    },
    async infer(observation, options = {}) {
      const n = inferences++;
      const [asked, began] = [clock.now(), performance.now()];
      const chunk = await realWork(clock, policy.infer(observation, options));
      const took = (performance.now() - began) / 1000;
      await clock.sleepUntil(asked + Math.max(0, model(n, new Random(seed, STREAM, n), took)), options.signal);
      return chunk;
    },
    close: () => policy.close(),
  };
}
