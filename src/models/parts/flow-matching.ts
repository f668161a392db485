/**
 * @file Flow matching (Lipman et al. 2023) in the one convention of this code: the noise fraction n is 1 for pure noise and 0
 * for the action; x(n) = n ε + (1 − n) a, v = dx/dn = ε − a, sampling walks n from 1 to 0.
 *
 * Axes: B batch, K draws of noise and time that share a sample, H horizon, A action dimensions.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { f32, zeros, type Tensor } from '../../base/tensor.ts';
import {
  add,
  constant,
  dims,
  div,
  matmul,
  maximum,
  mul,
  reduceSum,
  reduceSumSquare,
  reshape,
  sub,
  type Value,
} from '../../engine/index.ts';

/**
 * How training draws the noise fraction n. `beta`: n = low + (high − low) b with b ~ Beta(alpha, beta), as π0, DM0,
 * Xiaomi-Robotics-0 and ZR-0 do: more often near pure noise. `sigmoid-normal`: n = σ(mean + std z) with z ~ N(0, 1), as in
 * Qwen-VLA's first stage.
 */
export type TimeLaw =
  | {
      readonly kind: 'beta';
      readonly alpha: number;
      readonly beta: number;
      readonly low: number;
      readonly high: number;
    }
  | { readonly kind: 'sigmoid-normal'; readonly mean: number; readonly std: number };

const LAWS: {
  readonly [K in TimeLaw['kind']]: (law: Extract<TimeLaw, { kind: K }>, count: number, random: Random) => number[];
} = {
  beta({ alpha, beta, low, high }, count, random) {
    const scaled = (b: number): number => low + (high - low) * b;
    if (beta !== 1) return Array.from({ length: count }, () => scaled(random.beta(alpha, beta)));
    const parts = random.shuffle(Array.from({ length: count }, (_, i) => i));
    return parts.map((part) => scaled(((part + random.uniform()) / count) ** (1 / alpha)));
  },
  'sigmoid-normal': ({ mean, std }, count, random) =>
    Array.from({ length: count }, () => 1 / (1 + Math.exp(-mean - std * random.normal()))),
};

/** The check of a law in a config.json. */
export const timeLawSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('beta'),
    alpha: z.number().positive(),
    beta: z.number().positive(),
    low: z.number().min(0),
    high: z.number().positive().max(1.01),
  }),
  z.strictObject({ kind: z.literal('sigmoid-normal'), mean: z.number(), std: z.number().positive() }),
]);

/**
 * `count` noise fractions. A beta law with beta = 1 is stratified (one in each of `count` equally likely parts, in random
 * order): each follows the law, and together they spread, which makes the gradient less noisy.
 */
export function drawNoiseFractions(law: TimeLaw, count: number, random: Random): number[] {
  const draw = LAWS[law.kind] as (law: TimeLaw, count: number, random: Random) => number[];
  return draw(law, count, random);
}

/** How many draws a sample has, and the shape of each. */
export interface FlowSizes {
  /** K. */
  readonly draws: number;
  /** H. */
  readonly horizon: number;
  /** A. */
  readonly actionDim: number;
}

/** Shapes of what `drawFlow` gives, by input name. */
export const flowInputSpecs = (
  batch: number,
  { draws, horizon, actionDim }: FlowSizes,
): Readonly<Record<keyof FlowDraw, { readonly dtype: 'f32'; readonly shape: readonly number[] }>> => ({
  noise: { dtype: 'f32', shape: [batch, draws, horizon, actionDim] },
  noiseFraction: { dtype: 'f32', shape: [batch, draws] },
});

/** What one batch of training draws. */
export interface FlowDraw {
  /** f32 [B, K, H, A]. */
  readonly noise: Tensor<'f32'>;
  /** f32 [B, K]. */
  readonly noiseFraction: Tensor<'f32'>;
}

/** Noise and times of a training batch; sample b draws from `randoms[b]`. */
export function drawFlow(law: TimeLaw, { draws, horizon, actionDim }: FlowSizes, randoms: readonly Random[]): FlowDraw {
  const noise = zeros('f32', [randoms.length, draws, horizon, actionDim]);
  const noiseFraction = zeros('f32', [randoms.length, draws]);
  const size = draws * horizon * actionDim;
  for (const [b, random] of randoms.entries()) {
    noiseFraction.data.set(drawNoiseFractions(law, draws, random), b * draws);
    for (let i = 0; i < size; i++) noise.data[b * size + i] = random.normal();
  }
  return { noise, noiseFraction };
}

/** n ε + (1 − n) a, with n of a shape that broadcasts to the others. */
export function mixNoise(actions: Value, noise: Value, noiseFraction: Value): Value {
  return add(actions, mul(noiseFraction, sub(noise, actions)));
}

/** Σ mask (prediction − target)² / max(Σ mask, 1): entries where the mask is 0 do not count. */
export function maskedMeanSquare(prediction: Value, target: Value, mask: Value): Value {
  const difference = mul(sub(prediction, target), mask);
  return div(reduceSumSquare(difference), maximum(reduceSum(mask), constant(1)));
}

/**
 * The flow time of every sample, as a family tells it to its network: f32 [B] of the numbers that `own` gives for noise fractions.
 * `own` runs on the host, in double precision, while tracing.
 */
export type FlowTime = (own: (noiseFraction: number) => number) => Value;

/** One time for all of B samples. */
export const fixedTime =
  (noiseFraction: number, B: number): FlowTime =>
  (own) =>
    constant(Array<number>(B).fill(own(noiseFraction)));

/** A time of `grid` for each sample: `choice` f32 [B, times] is one-hot. */
export const chosenTime =
  (grid: readonly number[], choice: Value): FlowTime =>
  (own) => {
    const { B } = dims(choice, 'B N');
    return reshape(matmul(choice, constant(f32(Float32Array.from(grid, own), [grid.length, 1]))), [B]);
  };

/** How noise moves to actions where everything but noise and time is known. */
export interface ActionFlow {
  /** What sampling starts from, given noise [B, H, A]: 0 where an action is padding, in families that mask it. */
  start(noise: Value): Value;
  /** v = ε − a at noisy actions [B, H, A]; 0 where an action is padding, in families that mask it. */
  velocity(x: Value, time: FlowTime): Value;
}

/** Walks from noise to actions in `steps` equal Euler steps: x ← x − v / steps. */
export function eulerSample(
  noise: Value,
  steps: number,
  velocity: (x: Value, noiseFraction: number, step: number) => Value,
): Value {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new VlaError('bad-argument', `Euler sampling: expected 1 or more steps, got ${steps}.`);
  }
  let x = noise;
  for (let k = 0; k < steps; k++) {
    x = sub(x, mul(velocity(x, 1 - k / steps, k), constant(1 / steps)));
  }
  return x;
}
