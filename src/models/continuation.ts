/**
 * @file How a policy continues the chunk that is being executed: what policy.json says about it, what of it enters the graph of an
 * inference, and how the model takes it. Any flow can be guided; a prefix takes a model that was trained to be given one.
 *
 * Axes: B batch, H horizon, A action dimensions.
 */

import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { f32, type Tensor } from '../base/tensor.ts';
import type { Codec } from '../codec/policy-codec.ts';
import { dims, expand, input, mul, reshape, type Value } from '../engine/index.ts';
import type { Continuation, Policy } from '../interfaces/policy.ts';
import type { Tree } from '../nn/parameters.ts';
import type { ActingHead } from './choice.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';
import { guideWeights, guidedSample, type GuideSchedule } from './parts/chunk-guidance.ts';
import { eulerSample, fixedTime } from './parts/flow-matching.ts';

/** `continuation` of policy.json. */
export type ContinuationSettings =
  /** The first actions are given, at most `longest`. */
  | { readonly kind: 'prefix'; readonly longest: number }
  | {
      readonly kind: 'guided' | 'guided-forward';
      /** β, the most that the pull towards the running chunk weighs, at least 0; the paper has 5, LeRobot 10. */
      readonly maxWeight: number;
      readonly schedule: GuideSchedule;
      /** How many actions of the running chunk guide at most; left out: all that it has. */
      readonly span?: number | undefined;
    };

const schema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('prefix'), longest: z.number().int().positive() }),
  z.strictObject({
    kind: z.enum(['guided', 'guided-forward']),
    maxWeight: z.number().min(0),
    schedule: z.enum(['linear', 'exponential']),
    span: z.number().int().positive().optional(),
  }),
]);

/** Checks what policy.json says; undefined and null are none. Throws `bad-data` that names the field. */
export function parseContinuation(value: unknown, where: string): ContinuationSettings | null {
  if (value === undefined || value === null) return null;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `${where}: ${['continuation', ...path].join('.')}: ${message}.`, {
    hint: 'Write null, { "kind": "prefix", "longest": 6 } or { "kind": "guided", "maxWeight": 5, "schedule": "exponential" }.',
  });
}

/** What acts, as far as a continuation cares. */
export interface ContinuingModel {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly head?: ActingHead | undefined;
  readonly progress?: boolean | undefined;
}

/** Throws `unsupported` where the model cannot continue a chunk in this way. */
export function requireContinuation(settings: ContinuationSettings, model: ContinuingModel): void {
  const { family, config, head, progress } = model;
  const check = (good: boolean, text: string, hint: string): void => {
    if (!good) throw new VlaError('unsupported', `${family.name}: continuation: ${text}.`, { hint });
  };
  check(
    head !== 'choice' && progress !== true,
    `expected a flow that acts without progress, got ${head === 'choice' ? 'a choice policy' : 'one with progress'}`,
    'Set continuation to null: the next chunk then starts afresh.',
  );
  if (settings.kind !== 'prefix') return;
  const trained = family.longestPrefix(config);
  check(
    settings.longest <= trained,
    `expected a prefix of at most ${trained} actions (as it was trained), got ${settings.longest}`,
    trained === 0
      ? 'This checkpoint was not trained to be given actions: take kind "guided" or "guided-forward".'
      : 'Lower continuation.longest.',
  );
}

/** What a policy says of itself; of a chunk one action at least is its own. */
export function continuesOf(settings: ContinuationSettings, horizon: number): NonNullable<Policy['continues']> {
  const { kind } = settings;
  return { kind, longest: kind === 'prefix' ? Math.min(settings.longest, horizon - 1) : horizon - 1 };
}

/** Inputs of the graph. */
const ACTIONS = 'continued';
const LENGTH = 'continuedLength';
const WEIGHTS = 'continuedWeights';
/** Their names: what does not come from the observation. */
export const CONTINUED_INPUTS: readonly string[] = [ACTIONS, LENGTH, WEIGHTS];

/** Running chunks in a graph: f32 [B, H, A], and how many of their actions are given [B] or how much each guides [B, H]. */
export interface ContinuedChunk {
  readonly settings: ContinuationSettings;
  readonly actions: Value;
  readonly measure: Value;
}

/** Inputs for `batch` of them in the graph that is being traced. */
export function continuedInputs(settings: ContinuationSettings, codec: Codec, batch: number): ContinuedChunk {
  const { horizon: H, actionDim: A } = codec;
  const measure = settings.kind === 'prefix' ? input(LENGTH, 'f32', [batch]) : input(WEIGHTS, 'f32', [batch, H]);
  return { settings, actions: input(ACTIONS, 'f32', [batch, H, A]), measure };
}

/** What sampling needs beside the running chunk. */
export interface ContinuedSampling {
  readonly context: unknown;
  /** [B, H, A]. */
  readonly noise: Value;
  /** [A]: 0 where an action is padding. */
  readonly dimensions: Value;
  readonly steps: number;
}

/** Actions [B, H, A] that continue a chunk. Without given actions, and with weights of 0, they are those of `family.sample`. */
export function continueChunk(
  family: AnyFamily,
  config: FamilyConfig,
  p: Tree<Value>,
  { settings, actions, measure }: ContinuedChunk,
  { context, noise, dimensions, steps }: ContinuedSampling,
): Value {
  const { B, H, A } = dims(noise, 'B H A');
  const mask = expand(dimensions, [B, H, A]);
  if (settings.kind === 'prefix') {
    const { start, velocity } = family.flow(p, context, mask, config, { actions, length: measure });
    return mul(
      eulerSample(start(noise), steps, (x, noiseFraction) => velocity(x, fixedTime(noiseFraction, B))),
      mask,
    );
  }
  const weights = mul(reshape(measure, [B, H, 1]), mask);
  const { kind, maxWeight } = settings;
  return guidedSample(family.flow(p, context, mask, config), noise, { actions, weights }, { kind, maxWeight, steps });
}

/**
 * The graph's inputs for one inference. The running chunk is in the embodiment's units, so encoding it with the new observation's state
 * re-expresses relative actions in the new observation's frame. Throws `bad-argument` for what cannot be continued.
 */
export function continuedFeeds(
  settings: ContinuationSettings,
  codec: Codec,
  continuation: Continuation | undefined,
  state: ArrayLike<number>,
  name: string,
): Record<string, Tensor> {
  const { horizon: H, actionDim: A } = codec;
  const { longest } = continuesOf(settings, H);
  const { actions, count, committed } = continuation ?? { actions: new Float32Array(0), count: 0, committed: 0 };
  if (continuation !== undefined)
    requireGoodContinuation(continuation, codec.config.action.names.length, longest, name);
  const guiding = settings.kind === 'prefix' ? committed : Math.min(count, H, settings.span ?? H);
  const known = guiding === 0 ? new Float32Array(H * A) : encodeRunning(codec, actions, guiding, state);
  const measure =
    settings.kind === 'prefix'
      ? { [LENGTH]: f32([committed], [1]) }
      : { [WEIGHTS]: f32(guideWeights(Math.min(committed, guiding), guiding, H, settings.schedule), [1, H]) };
  return { [ACTIONS]: f32(known, [1, H, A]), ...measure };
}

/** Row-major [H, A]: the first `count` actions in the model's numbers; behind them the last one stands still. */
function encodeRunning(codec: Codec, actions: Float32Array, count: number, state: ArrayLike<number>): Float32Array {
  const dim = codec.config.action.names.length;
  const rows = Float32Array.from({ length: codec.horizon * dim }, (_, i) => {
    const row = Math.min(Math.floor(i / dim), count - 1);
    return actions[row * dim + (i % dim)]!;
  });
  return codec.encodeActions(rows, state);
}

function requireGoodContinuation(
  { actions, count, committed }: Continuation,
  dim: number,
  longest: number,
  name: string,
): void {
  const check = (good: boolean, text: string, hint: string): void => {
    if (!good) throw new VlaError('bad-argument', `policy ${name}: continuation: ${text}.`, { hint });
  };
  const whole = (n: number): boolean => Number.isInteger(n) && n >= 0;
  check(
    whole(count) && actions.length === count * dim,
    `expected ${count} × ${dim} numbers, got ${actions.length}`,
    'Give the actions as row-major [count, dim], in the embodiment’s units.',
  );
  check(
    whole(committed) && committed <= count,
    `expected 0 to ${count} committed actions (as many as are given), got ${committed}`,
    'Committed actions are the first of those that are given.',
  );
  check(
    committed <= longest,
    `expected at most ${longest} committed actions, got ${committed}`,
    'Ask sooner, make inference faster, or wait until fewer actions are certain to be executed.',
  );
}
