/** @file The loss of what a model writes. */

import type { TokenLayout } from '../codec/prompt.ts';
import type { Value } from '../engine/index.ts';
import type { Tree } from '../nn/parameters.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';
import type { EncodedPrompt } from './parts/prompt-encoder.ts';
import { tokenLoss } from './parts/token-loss.ts';
import { requireText } from './writer.ts';

/** Next-token loss on the targets of a batch (`textPlaces`, `textLabels`, `textWeights`); its head is the family's. */
export function textLoss(
  p: Tree<Value>,
  { hidden }: Pick<EncodedPrompt, 'hidden'>,
  inputs: Readonly<Record<string, Value>>,
  model: { readonly family: AnyFamily; readonly config: FamilyConfig; readonly layout: TokenLayout },
): Value {
  const { head } = requireText(model.family, model.config).model(model.config, model.layout.length).text.bind(p);
  const { textPlaces: places, textLabels: labels, textWeights: weights } = inputs;
  return tokenLoss(head, hidden, { places: places!, labels: labels!, weights: weights! });
}
