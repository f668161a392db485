/** @file Whether a model can write text: its family must offer it, and its prompt must be read in order. */

import { VlaError } from '../base/errors.ts';
import type { AnyFamily, FamilyConfig, FamilyText } from './family.ts';

/** What the family of a configuration offers for text. Throws `unsupported` for models that cannot write. */
export function requireText(family: AnyFamily, config: FamilyConfig): FamilyText<FamilyConfig> {
  if (family.text === undefined) {
    throw new VlaError('unsupported', `${family.name}: expected a model that writes text, got one that only acts.`, {
      hint: 'Choose a checkpoint of a family that offers text (src/models/family.ts).',
    });
  }
  const { attention } = config.prompt;
  if (attention !== 'causal') {
    throw new VlaError(
      'unsupported',
      `${family.name}: expected a model with prompt.attention "causal" to write text, got "${attention}".`,
      { hint: 'Text is written one token after the other: train with model.config.prompt.attention=causal.' },
    );
  }
  return family.text;
}
