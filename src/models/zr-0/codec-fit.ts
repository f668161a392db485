/** @file Whether a codec and a ZR-0 configuration fit together. */

import { VlaError } from '../../base/errors.ts';
import type { Codec } from '../../codec/policy-codec.ts';
import type { Zr0Config } from './config.ts';

/** Throws `mismatch` with the first field in which the codec's tensors are not what the model reads. */
export function requireFittingCodec(config: Zr0Config, codec: Codec): void {
  const { vision, expert, language } = config;
  const pairs: [what: string, model: number, codec: number][] = [
    ['state size', expert.stateDim, codec.stateDim],
    ['action size', expert.actionDim, codec.actionDim],
  ];
  for (const camera of codec.config.cameras) {
    pairs.push(
      [`patch of camera "${camera.name}"`, vision.patch, camera.patch],
      [`merge of camera "${camera.name}"`, vision.merge, camera.merge],
      [`temporal of camera "${camera.name}"`, vision.temporal, camera.temporal],
    );
  }
  const wrong = pairs.find(([, model, given]) => model !== given);
  if (wrong !== undefined) {
    throw new VlaError('mismatch', `zr-0: ${wrong[0]}: the model has ${wrong[1]}, the codec ${wrong[2]}.`, {
      hint: 'Make the recipe’s codec and model.config the same (or take both from one checkpoint).',
    });
  }
  if (codec.horizon > expert.maxHorizon) {
    throw new VlaError(
      'mismatch',
      `zr-0: horizon: expected at most ${expert.maxHorizon} actions in a chunk, got ${codec.horizon}.`,
      { hint: 'Set codec.horizon lower, or model.config.expert.maxHorizon higher.' },
    );
  }
  if (codec.tokenizer.vocabularySize > language.vocabulary) {
    throw new VlaError(
      'mismatch',
      `zr-0: vocabulary: expected at least ${codec.tokenizer.vocabularySize} (the tokenizer’s), got ${language.vocabulary}.`,
      { hint: 'Set model.config.language.vocabulary higher.' },
    );
  }
}
