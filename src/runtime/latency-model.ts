/** @file How long inferences take where that is not measured but given: constant, or drawn. */

import { realWork, type Clock } from '../base/clock.ts';
import { Random } from '../base/random.ts';
import type { Policy } from '../interfaces/policy.ts';

/** Seconds of the n-th inference of an episode; `random` is a stream of its own for each. */
export type LatencyModel = (n: number, random: Random) => number;

/** Every inference takes `seconds`. */
export function constantLatency(seconds: number): LatencyModel {
  return () => seconds;
}

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
      const until = clock.now() + Math.max(0, model(n, new Random(seed, STREAM, n)));
      const chunk = await realWork(clock, policy.infer(observation, options));
      await clock.sleepUntil(until, options.signal);
      return chunk;
    },
    close: () => policy.close(),
  };
}
