/**
 * @file Knowledge insulation (Driess et al. 2025): on some samples the action expert reads the vision-language model
 * without teaching it, so that the flow's noisy gradient cannot spoil what the language targets teach. DM0 cuts on robot
 * samples and not on others.
 *
 * Axes: B batch; any axes may follow.
 */

import { VlaError } from '../../base/errors.ts';
import { shapeText } from '../../engine/axis-size.ts';
import { greater, reshape, stopGradient, where, type Value } from '../../engine/index.ts';
import type { Decoded } from './language-model.ts';

/** Which samples are cut: none, all, or those where a value f32 [B] is 1. */
export type Insulation = 'none' | 'all' | Value;

/** `value` [B, ...], unchanged, through which no gradient flows in the samples that `cut` names. */
export function insulate(value: Value, cut: Insulation): Value {
  if (cut === 'none') return value;
  if (cut === 'all') return stopGradient(value);
  const [batch] = cut.shape;
  if (cut.shape.length !== 1 || batch !== value.shape[0]) {
    throw new VlaError(
      'bad-shape',
      `knowledge insulation: expected one number per sample for ${shapeText(value.shape)}, got ${shapeText(cut.shape)}.`,
    );
  }
  const condition = reshape(greater(cut, 0.5), [batch!, ...value.shape.slice(1).map(() => 1)]);
  return where(condition, stopGradient(value), value);
}

/** What an expert reads of a prompt (hidden states, and the keys and values of every layer), insulated; the rest stays. */
export function insulatePrompt<P extends Decoded>(prompt: P, cut: Insulation): P {
  const layers = prompt.layers.map(({ keys, values }) => ({
    keys: insulate(keys, cut),
    values: insulate(values, cut),
  }));
  return { ...prompt, hidden: insulate(prompt.hidden, cut), layers };
}
