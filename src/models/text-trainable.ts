/** @file The vision-language model of any family as the training loop sees it, learning the answers of conversations. */

import { PIXELS } from '../codec/input-spec.ts';
import type { ConversationCodec } from '../codec/conversation-codec.ts';
import type { ParameterSpec, Tree } from '../nn/parameters.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';
import type { FlowTrainable } from './flow-trainable.ts';
import { textLoss } from './text-loss.ts';
import { requireText } from './writer.ts';

/** What a training step on conversations is made of. */
export interface TextTrainableOptions {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly codec: ConversationCodec;
  readonly batchSize: number;
  /** Of the whole model: what conversations do not reach keeps its values. */
  readonly parameters: Tree<ParameterSpec>;
}

/** The loss of next-token prediction on the answers of a batch. Throws `unsupported` for models that cannot write. */
export function createTextTrainable(options: TextTrainableOptions): FlowTrainable {
  const { family, config, codec, batchSize, parameters } = options;
  requireText(family, config);
  const { layout } = codec;
  return {
    parameters,
    inputs: codec.inputs(batchSize),
    loss(p, inputs) {
      const pixels = Object.fromEntries(layout.images.map(({ camera }) => [camera, inputs[PIXELS + camera]!]));
      const { tokens, tokenMask } = inputs;
      const observation = { pixels, tokens: tokens!, tokenMask: tokenMask!, lastToken: null, state: null };
      const prompt = family.encode(p, observation, layout, config);
      const text = textLoss(p, prompt, inputs, { family, config, layout });
      return { loss: text, metrics: { text } };
    },
    draw: () => ({}),
  };
}
