/** @file Which token comes next, from logits: the likeliest, or a draw from the likeliest few (Holtzman et al. 2020, top-p). */

import { VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';

/**
 * `greedy`: the likeliest (the first of equals). `top-p`: a draw from the smallest set of tokens that together have the
 * probability `p` (0 to 1), after the logits are divided by `temperature` (> 0).
 */
export type Sampling =
  | { readonly kind: 'greedy' }
  | { readonly kind: 'top-p'; readonly p: number; readonly temperature: number; readonly seed: number };

/** Chooses step `step`'s token (from 0): a pure function of logits, sampling and step. */
export function chooseToken(logits: Float32Array, sampling: Sampling, step: number): number {
  if (sampling.kind === 'greedy') return logits.reduce((best, value, i) => (value > logits[best]! ? i : best), 0);
  const nucleus = topP(logits, sampling.p, sampling.temperature);
  let left = new Random(sampling.seed, step).uniform();
  for (const { token, probability } of nucleus) {
    left -= probability;
    if (left < 0) return token;
  }
  return nucleus.at(-1)!.token;
}

/** The nucleus, the likeliest first; its probabilities sum to 1. */
export function topP(
  logits: Float32Array,
  p: number,
  temperature: number,
): readonly { readonly token: number; readonly probability: number }[] {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  // Tokens below this have less than 1 - p together: the nucleus is complete without them, and the sort is short.
  const floor = ((1 - p) * total) / logits.length;
  const candidates: number[] = [];
  for (let token = 0; token < weights.length; token++) if (weights[token]! >= floor) candidates.push(token);
  candidates.sort((a, b) => weights[b]! - weights[a]! || a - b);
  let mass = 0;
  let size = 0;
  while (size < candidates.length && (size === 0 || mass < p * total)) mass += weights[candidates[size++]!]!;
  return candidates.slice(0, size).map((token) => ({ token, probability: weights[token]! / mass }));
}

/** Throws `bad-argument` for a sampling that cannot work. */
export function checkSampling(sampling: Sampling): void {
  if (sampling.kind === 'greedy') return;
  const check = (name: string, value: number, good: boolean, range: string): void => {
    if (good) return;
    throw new VlaError('bad-argument', `sampling.${name}: expected ${range}, got ${value}.`, {
      hint: 'Or use { kind: "greedy" }.',
    });
  };
  check('p', sampling.p, sampling.p > 0 && sampling.p <= 1, 'a number above 0 and up to 1');
  check(
    'temperature',
    sampling.temperature,
    sampling.temperature > 0 && Number.isFinite(sampling.temperature),
    'a positive number',
  );
  check(
    'seed',
    sampling.seed,
    Number.isSafeInteger(sampling.seed) && sampling.seed >= 0,
    'a whole number of at least 0',
  );
}
