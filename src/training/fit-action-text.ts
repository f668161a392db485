/** @file A FAST tokenizer of one's own for a run: fitted on chunks of its episodes in the model's numbers. Node only. */

import { realDimensions, type ActionTextConfig } from '../codec/action-tokens/action-text.ts';
import { fitFastTokenizer } from '../codec/action-tokens/fit-fast.ts';
import type { Codec } from '../codec/policy-codec.ts';
import { windowAt, type WindowSpec } from '../data/windows.ts';
import type { AnswerRecipe } from './recipe.ts';
import type { TrainingData } from './training-data.ts';

/** The most chunks that are looked at, spread over all episodes. A chunk beyond their range could not be written: all, where possible. */
const CHUNKS = 300_000;

type Fit = Extract<AnswerRecipe['actionText'], { kind: 'fit-fast' }>;

/** Fits the tokenizer; the same data give the same one. */
export async function fitActionText(
  { token, vocabulary, scale }: Fit,
  codec: Codec,
  training: TrainingData,
  window: WindowSpec,
): Promise<ActionTextConfig> {
  const frames = training.datasets.reduce(
    (sum, { episodes }) => sum + episodes.reduce((n, { length }) => n + length, 0),
    0,
  );
  const every = Math.max(1, Math.ceil(frames / CHUNKS));
  const [actionDim, stateDim] = [codec.config.action.names.length, codec.config.state.names.length];
  const { horizon } = codec;
  const dim = codec.actionDimensions.reduce((sum, value) => sum + value, 0);
  const chunks: { values: Float32Array; horizon: number; dim: number }[] = [];
  let frame = 0;
  for (const dataset of training.datasets) {
    for (const { index, length } of dataset.episodes) {
      const actions = await dataset.column('action', index);
      const states = await dataset.column('observation.state', index);
      for (let at = 0; at < length; at++) {
        if (frame++ % every !== 0) continue;
        const { values } = windowAt(actions, actionDim, at, window);
        const encoded = codec.encodeActions(values, states.subarray(at * stateDim, (at + 1) * stateDim));
        chunks.push({ values: realDimensions(encoded, codec.actionDimensions), horizon, dim });
      }
    }
  }
  const fitted = fitFastTokenizer({ chunks, scale, vocabularySize: vocabulary });
  return { kind: 'fast', files: fitted.files(), token };
}
