/**
 * @file What training for asynchronous execution draws beside noise and time: how many actions of a chunk are given, and which of
 * them the others do not see.
 *
 * Axes: B batch, K draws per sample, H horizon.
 */

import type { Random } from '../../base/random.ts';
import { zeros, type Tensor } from '../../base/tensor.ts';
import type { InputSpec } from '../family.ts';
import type { FlowSizes } from '../parts/flow-matching.ts';
import { longestPrefix, type AsyncPrefix } from './config.ts';

/** `prefixLength` f32 [B, K] and, where parts are hidden, `prefixHidden` f32 [B, K, H]: 1 for hidden actions. */
export function prefixInputs(prefix: AsyncPrefix, B: number, { draws, horizon }: FlowSizes): Record<string, InputSpec> {
  return {
    prefixLength: { dtype: 'f32', shape: [B, draws] },
    ...(prefix.hide === undefined ? {} : { prefixHidden: { dtype: 'f32', shape: [B, draws, horizon] } }),
  };
}

/** Those inputs; sample b draws from `randoms[b]`. */
export function drawPrefixes(
  prefix: AsyncPrefix,
  { draws, horizon }: FlowSizes,
  randoms: readonly Random[],
): Record<string, Tensor> {
  const { probability, hide } = prefix;
  const B = randoms.length;
  const prefixLength = zeros('f32', [B, draws]);
  const prefixHidden = zeros('f32', [B, draws, horizon]);
  const longest = longestPrefix(prefix, horizon);
  for (const [b, random] of randoms.entries()) {
    for (let k = 0; k < draws; k++) {
      const has = random.uniform() < probability && longest > 0;
      const length = has ? 1 + random.integer(longest) : 0;
      prefixLength.data[b * draws + k] = length;
      if (hide === undefined) continue;
      for (let h = 0; h < length - hide.keepLast; h++) {
        if (random.uniform() < hide.probability) prefixHidden.data[(b * draws + k) * horizon + h] = 1;
      }
    }
  }
  return hide === undefined ? { prefixLength } : { prefixLength, prefixHidden };
}
