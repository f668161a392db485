/**
 * @file A vision-language model that acts itself (Xiaomi-Robotics-0, pre-training step 1): state, action queries and a score query
 * stand behind the prompt of any family, and a choice policy reads proposals from them. Prompt and text do not see them.
 *
 * Axes: B batch, H horizon, A action dimensions.
 */

import { VlaError } from '../base/errors.ts';
import type { Codec } from '../codec/policy-codec.ts';
import type { TokenLayout } from '../codec/prompt.ts';
import { dims, type Value } from '../engine/index.ts';
import type { ParameterSpec, Tree } from '../nn/parameters.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';
import {
  choicePolicySpec,
  choiceTokens,
  proposeChoices,
  type ChoiceConfig,
  type ChoicePolicy,
  type Choices,
} from './parts/choice-policy.ts';
import type { EncodedPrompt, PromptInputs } from './parts/prompt-encoder.ts';

/** What of a model acts: its action expert, or its choice policy. */
export type ActingHead = 'flow' | 'choice';

/** A model and what it reads. */
interface ChoiceModel {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly codec: Codec;
}

/** The sizes of a model's choice policy; null where it has none. */
function choiceSizes(family: AnyFamily, config: FamilyConfig): ChoiceConfig | null {
  if (config.choice === undefined) return null;
  const { stateDim, actionDim } = family.needs(config);
  return { ...config.choice, stateDim, actionDim, width: config.language.width };
}

/** The parameters of a model's choice policy, under their name; {} where it has none. */
export function choiceSpec(family: AnyFamily, config: FamilyConfig): Readonly<Record<string, Tree<ParameterSpec>>> {
  const sizes = choiceSizes(family, config);
  return sizes === null ? {} : { choice: choicePolicySpec(sizes) };
}

/** Throws `mismatch` where the model has no choice policy, or none for chunks as long as the codec's. */
export function requireChoice({ family, config, codec }: ChoiceModel): ChoiceConfig {
  const sizes = choiceSizes(family, config);
  if (sizes === null) {
    throw new VlaError('mismatch', `${family.name}: expected a model with a choice policy, got one without.`, {
      hint: 'Set model.config.choice in the recipe: its candidates, horizon and headLayers.',
    });
  }
  if (codec.horizon > sizes.horizon) {
    throw new VlaError(
      'mismatch',
      `${family.name}: choice.horizon: expected at least ${codec.horizon} (the codec’s), got ${sizes.horizon}.`,
      { hint: 'Make model.config.choice.horizon as long as the longest chunk.' },
    );
  }
  return sizes;
}

/** What a model proposes, and its prompt, which is the same as without proposals. */
export interface Proposed {
  readonly prompt: EncodedPrompt;
  readonly choices: Choices;
}

/** Encodes a prompt with state and queries behind it. Answers that may not be read are hidden from it as padding is. */
export function encodeWithChoices(
  p: Tree<Value>,
  { contextMask, ...observed }: PromptInputs,
  layout: TokenLayout,
  model: ChoiceModel,
): Proposed {
  const { family, config, codec } = model;
  const sizes = requireChoice(model);
  const { choice } = p as { choice: ChoicePolicy<Value> };
  const { B } = dims(observed.tokens, 'B T');
  const tail = choiceTokens(choice, B, codec.horizon, observed.state);
  const inputs = { ...observed, tokenMask: contextMask ?? observed.tokenMask, tail };
  const prompt = family.encode(p, inputs, layout, config);
  return { prompt, choices: proposeChoices(choice, prompt.tail!, codec.horizon, sizes) };
}
