/**
 * @file Actions that a chunk begins with and that are not to be changed, because they are being executed while it is inferred: how a
 * flow is trained to be given them, and walks around them (training-time RTC, Black et al. 2025: every action has a flow time of its
 * own, and that of a given action is clean).
 *
 * Axes: B samples, K draws per sample, N = B · K, H horizon, A action dimensions.
 */

import { z } from 'zod';
import type { Random } from '../../base/random.ts';
import { f32, zeros, type Tensor } from '../../base/tensor.ts';
import {
  add,
  clamp,
  concat,
  constant,
  dims,
  expand,
  mul,
  reshape,
  slice,
  sub,
  type Value,
} from '../../engine/index.ts';
import { mixNoise, type ActionFlow, type FlowSizes, type FlowTime } from './flow-matching.ts';

/** Actions that a new chunk must begin with, as they were already sent to the robot. */
export interface GivenPrefix {
  /** f32 [B, H, A], normalised; what lies behind the length does not matter, but must be finite. */
  readonly actions: Value;
  /** f32 [B], whole numbers from 0 to H. */
  readonly length: Value;
}

/** Training-time RTC: every draw is given its first 0 to `longest` actions, each count equally often. */
export interface GivenPrefixSettings {
  /** One action of a chunk at least is not given, however short the chunk. */
  readonly longest: number;
}

/** The check of the settings in a config.json. */
export const givenPrefixSchema = z.strictObject({ longest: z.number().int().positive() });

/** The input that holds how many actions of each draw are given, f32 [B, K]. */
export const PREFIX_LENGTH = 'prefixLength';

/** That input; none without settings. */
export function prefixLengthInputs(
  settings: GivenPrefixSettings | undefined,
  B: number,
  { draws }: FlowSizes,
): Record<string, { readonly dtype: 'f32'; readonly shape: readonly number[] }> {
  return settings === undefined ? {} : { [PREFIX_LENGTH]: { dtype: 'f32', shape: [B, draws] } };
}

/** Its values; sample b draws from `randoms[b]`. */
export function drawPrefixLengths(
  settings: GivenPrefixSettings | undefined,
  { draws, horizon }: FlowSizes,
  randoms: readonly Random[],
): Record<string, Tensor> {
  if (settings === undefined) return {};
  const lengths = zeros('f32', [randoms.length, draws]);
  const longest = Math.min(settings.longest, horizon - 1);
  for (const [b, random] of randoms.entries()) {
    for (let k = 0; k < draws; k++) lengths.data[b * draws + k] = random.integer(longest + 1);
  }
  return { [PREFIX_LENGTH]: lengths };
}

/** Lengths [...] → [..., H, 1]: 1 where an action is given. */
export function givenActions(length: Value, H: number): Value {
  const places = constant(f32(Float32Array.from({ length: H }, (_, i) => i)));
  return reshape(clamp(sub(reshape(length, [...length.shape, 1]), places), 0, 1), [...length.shape, H, 1]);
}

/** 1 where an action is to be generated. */
export const openActions = (given: Value): Value => sub(constant(1), given);

/**
 * The flow time of every action: `time` [...], in the numbers of a family, but `clean` (its number for a noise fraction of 0) where
 * `given` [..., H, 1] is 1; → [..., H]. The last action is never given, so its time is that of the draw.
 */
export function actionTimes(time: Value, clean: number, given: Value): Value {
  const flat = reshape(given, given.shape.slice(0, -1));
  const own = mul(openActions(flat), reshape(time, [...time.shape, 1]));
  return clean === 0 ? own : add(own, mul(flat, constant(clean)));
}

/** Times of actions [N, H] → [N, count + H]: `count` tokens before them have the time of the draw, which is the last action's. */
export function timesOfTokens(times: Value, count: number): Value {
  const { N, H } = dims(times, 'N H');
  return concat([expand(slice(times, 1, H - 1, H), [N, count]), times], 1);
}

/** What a training draw is made of where parts of it may be given. */
export interface DrawnTimes {
  /** [B, K, H, 1]: 1 where an action is given; null without training-time RTC. */
  readonly given: Value | null;
  /** Noise fractions of actions, to mix by: [B, K, H, 1], or [B, K, 1, 1] where all of a draw have the same. */
  readonly fractions: Value;
}

/** From noise fractions [B, K] and how many actions of each draw are given, [B, K] or undefined. */
export function drawnTimes(noiseFraction: Value, length: Value | undefined, H: number): DrawnTimes {
  const { B, K } = dims(noiseFraction, 'B K');
  if (length === undefined) return { given: null, fractions: reshape(noiseFraction, [B, K, 1, 1]) };
  const given = givenActions(length, H);
  return { given, fractions: reshape(actionTimes(noiseFraction, 0, given), [B, K, H, 1]) };
}

/** The time of a sample [B], or of each of its actions [B, H], in a family's numbers. */
export type TimesOf = (time: FlowTime, own: (noiseFraction: number) => number) => Value;

/**
 * The flow that `build` makes of a way to tell the time. With a prefix, given actions are told to be clean, start as they are in place
 * of noise, and never move; `mask` is 0 where an action is padding.
 */
export function aroundGiven(
  prefix: GivenPrefix | null,
  mask: Value,
  build: (times: TimesOf) => ActionFlow,
): ActionFlow {
  if (prefix === null) return build((time, own) => time(own));
  const { H } = dims(prefix.actions, 'B H A');
  const given = givenActions(prefix.length, H);
  const { start, velocity } = build((time, own) => actionTimes(time(own), own(0), given));
  return {
    start: (noise) => mixNoise(start(noise), mul(prefix.actions, mask), given),
    velocity: (x, time) => mul(velocity(x, time), openActions(given)),
  };
}
