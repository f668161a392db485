/** @file Whether a codec and a model's configuration fit together. */

import { VlaError } from '../base/errors.ts';
import type { Codec } from '../codec/policy-codec.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';

/** Throws `mismatch` with the first field in which the codec's tensors are not what the model reads. */
export function requireFittingCodec(family: AnyFamily, config: FamilyConfig, codec: Codec): void {
  const needs = family.needs(config);
  const pairs: [what: string, model: number, codec: number][] = [['action size', needs.actionDim, codec.actionDim]];
  if (needs.stateDim !== null) pairs.unshift(['state size', needs.stateDim, codec.stateDim]);
  for (const camera of codec.config.cameras) {
    pairs.push(
      [`patch of camera "${camera.name}"`, needs.patch, camera.patch],
      [`merge of camera "${camera.name}"`, needs.merge, camera.merge],
      [`temporal of camera "${camera.name}"`, needs.temporal, camera.temporal],
    );
  }
  const wrong = pairs.find(([, model, given]) => model !== given);
  if (wrong !== undefined) {
    throw new VlaError('mismatch', `${family.name}: ${wrong[0]}: the model has ${wrong[1]}, the codec ${wrong[2]}.`, {
      hint: 'Make the recipe’s codec and model.config the same (or take both from one checkpoint).',
    });
  }
  if (codec.horizon > needs.maxHorizon) {
    throw new VlaError(
      'mismatch',
      `${family.name}: horizon: expected at most ${needs.maxHorizon} actions in a chunk, got ${codec.horizon}.`,
      { hint: 'Set codec.horizon lower, or the model’s longest chunk higher.' },
    );
  }
  const { vocabulary } = config.language;
  if (codec.tokenizer.vocabularySize > vocabulary) {
    throw new VlaError(
      'mismatch',
      `${family.name}: vocabulary: expected at least ${codec.tokenizer.vocabularySize} (the tokenizer’s), got ${vocabulary}.`,
      { hint: 'Set model.config.language.vocabulary higher.' },
    );
  }
}
