/** @file Latencies on a robot's clock: given, counted in whole periods, or as inferences really took. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SimulatedClock } from '../base/clock.ts';
import { Random } from '../base/random.ts';
import type { Policy } from '../interfaces/policy.ts';
import { toyEmbodiment } from '../../tests/serving/toy-policy.ts';
import { toyObservation } from '../../tests/serving/toy-observation.ts';
import { constantLatency, inWholePeriods, measuredLatency, withLatency, type LatencyModel } from './latency-model.ts';
import { inTime } from './run-episode.ts';

const WORK_MS = 60;

const policy: Policy = {
  name: 'slow',
  embodiment: toyEmbodiment(),
  reset: () => undefined,
  async infer() {
    await sleep(WORK_MS);
    return { horizon: 1, dim: 1, data: Float32Array.of(1) };
  },
  close: async () => {},
};

/** Seconds on the simulated clock until the answer is there. */
async function lasts(model: LatencyModel): Promise<number> {
  const clock = new SimulatedClock(5);
  const late = withLatency(policy, clock, model);
  await inTime(clock, Promise.resolve(late.reset({ seed: 1 })));
  const before = clock.now();
  const chunk = await inTime(clock, late.infer(toyObservation('go', 0)));
  assert.equal(chunk.horizon, 1);
  return clock.now() - before;
}

test('a given latency counts whatever the work, a measured one is the work', async () => {
  // Simulated time goes on in whole seconds here, so that only whole ones can be told apart.
  assert.equal(Math.floor(await lasts(constantLatency(2.5))), 3);
  const seen: number[] = [];
  await lasts((_n, _random, took) => {
    seen.push(took, measuredLatency()(0, new Random(0), took));
    return 0;
  });
  assert.ok(seen[0]! >= (0.9 * WORK_MS) / 1000, `${seen[0]}`);
  assert.equal(seen[1], seen[0]);
});

test('in whole periods, a latency counts as the nearest number of them, a little less than that', () => {
  const periods = (seconds: number): number => inWholePeriods(constantLatency(seconds), 20)(0, new Random(0), 0) * 20;
  for (const [seconds, expected] of [
    [0, 0],
    [0.024, 0],
    [0.026, 1],
    [0.05, 1],
    [0.1, 2],
    [0.249, 5],
  ] as const) {
    const got = periods(seconds);
    assert.ok(got <= expected && got > expected - 0.02, `${seconds} s: ${got}`);
  }
});
