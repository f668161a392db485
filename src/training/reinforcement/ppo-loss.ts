/**
 * @file The loss of proximal policy optimisation (Schulman et al. 2017, equations 7 and 9) with a clipped value loss, one ratio for each
 * chunk of actions (papers/qwen-vla, equations 6 and 7), traced; and what is watched beside it.
 *
 * Axes: B chunks.
 */

import { VlaError } from '../../base/errors.ts';
import {
  abs,
  add,
  clamp,
  constant,
  cast,
  exp,
  greater,
  less,
  maximum,
  minimum,
  mul,
  reduceMean,
  stopGradient,
  sub,
  where,
  type Value,
} from '../../engine/index.ts';

/** What of PPO may be chosen. */
export interface PpoConfig {
  /** ε: how far a chunk's ratio may move to profit from its advantage. */
  readonly clipRatio: number;
  /** c > 1: where the advantage is negative, no loss is larger than c |A| (Ye et al. 2020); null: no such limit. */
  readonly dualClip: number | null;
  /** How far a value may move from the rollout's to profit; null: as far as it likes. */
  readonly valueClip: number | null;
  /** Errors of values larger than this count linearly (Huber 1964); null: all count ½ e². */
  readonly huberDelta: number | null;
  /** c_v. */
  readonly valueWeight: number;
  /** Reward for the policy's entropy; it is constant where σ is, as it is here. */
  readonly entropyWeight: number;
}

/** What a minibatch holds; f32 [B] each. */
export interface PpoBatch {
  /** Of the chunk as it was sampled, with the policy as it is now. */
  readonly logProbability: Value;
  readonly value: Value;
  readonly entropy: Value;
  /** Those of the rollout. */
  readonly oldLogProbability: Value;
  readonly oldValue: Value;
  /** Normalised. */
  readonly advantage: Value;
  readonly target: Value;
}

/** Scalars. */
export interface PpoLoss {
  readonly loss: Value;
  readonly metrics: Readonly<Record<PpoMetric, Value>>;
}

/** `kl` estimates KL(old ‖ new) as the mean of (r − 1) − ln r (Schulman 2020); `valueError` is the mean |value − target|. */
export type PpoMetric =
  | 'policyLoss'
  | 'valueLoss'
  | 'kl'
  | 'clipFraction'
  | 'valueClipFraction'
  | 'valueError'
  | 'entropy';

/** The loss and the numbers to watch. */
export function ppoLoss(batch: PpoBatch, c: PpoConfig): PpoLoss {
  const logRatio = sub(batch.logProbability, batch.oldLogProbability);
  const ratio = exp(logRatio);
  const policyLoss = reduceMean(policyLosses(ratio, batch.advantage, c));
  const valueLoss = reduceMean(valueLosses(batch, c));
  const entropy = reduceMean(batch.entropy);
  const critic = mul(valueLoss, constant(c.valueWeight));
  const actor = c.entropyWeight === 0 ? policyLoss : sub(policyLoss, mul(entropy, constant(c.entropyWeight)));
  const still = stopGradient(ratio);
  const moved = abs(sub(stopGradient(batch.value), batch.oldValue));
  return {
    loss: add(actor, critic),
    metrics: {
      policyLoss,
      valueLoss,
      entropy,
      kl: reduceMean(sub(sub(still, constant(1)), stopGradient(logRatio))),
      clipFraction: share(abs(sub(still, constant(1))), c.clipRatio),
      valueClipFraction: c.valueClip === null ? constant(0) : share(moved, c.valueClip),
      valueError: reduceMean(abs(sub(stopGradient(batch.value), batch.target))),
    },
  };
}

/** −min(r A, clip(r) A), and not above c |A| where A < 0. */
function policyLosses(ratio: Value, advantage: Value, { clipRatio, dualClip }: PpoConfig): Value {
  const clipped = clamp(ratio, 1 - clipRatio, 1 + clipRatio);
  const gain = minimum(mul(ratio, advantage), mul(clipped, advantage));
  if (dualClip === null) return mul(gain, constant(-1));
  const bounded = maximum(gain, mul(advantage, constant(dualClip)));
  return mul(where(less(advantage, constant(0)), bounded, gain), constant(-1));
}

/** The larger of the errors of the value and of the value that stayed near the old one. */
function valueLosses({ value, oldValue, target }: PpoBatch, { valueClip, huberDelta }: PpoConfig): Value {
  const error = (prediction: Value): Value => huber(sub(prediction, target), huberDelta);
  if (valueClip === null) return error(value);
  return maximum(error(value), error(add(oldValue, clamp(sub(value, oldValue), -valueClip, valueClip))));
}

/** ½ e², and δ |e| − ½ δ² where |e| > δ. */
function huber(e: Value, delta: number | null): Value {
  if (delta === null) return mul(mul(e, e), constant(0.5));
  const near = clamp(e, -delta, delta);
  return mul(near, sub(e, mul(near, constant(0.5))));
}

/** The share of elements above a limit. */
function share(x: Value, limit: number): Value {
  return reduceMean(cast(greater(x, constant(limit)), 'f32'));
}

/** Throws `bad-argument` for what cannot work. */
export function checkPpo(config: PpoConfig): void {
  const check = (name: keyof PpoConfig, good: boolean, range: string): void => {
    if (good) return;
    throw new VlaError('bad-argument', `ppo.${name}: expected ${range}, got ${config[name]}.`, {
      hint: `Correct it in the recipe, or with --set ppo.${name}=…`,
    });
  };
  const { clipRatio, dualClip, valueClip, huberDelta, valueWeight, entropyWeight } = config;
  check('clipRatio', clipRatio > 0 && clipRatio < 1, 'a number between 0 and 1');
  check('dualClip', dualClip === null || dualClip > 1, 'a number above 1 or null');
  check('valueClip', valueClip === null || valueClip > 0, 'a positive number or null');
  check('huberDelta', huberDelta === null || huberDelta > 0, 'a positive number or null');
  check('valueWeight', valueWeight >= 0, 'a number of at least 0');
  check('entropyWeight', entropyWeight >= 0, 'a number of at least 0');
}
