/** @file The codec of a run: the recipe's design filled in with the data's statistics, the robot and the tokenizer. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson } from '../base/files.ts';
import { shippedFile } from '../base/shipped-file.ts';
import type { ActionTextConfig } from '../codec/action-tokens/action-text.ts';
import type { ReferenceChange } from '../codec/delta.ts';
import { designCodec, type NormalisationStyle } from '../codec/design-codec.ts';
import type { Normalisation } from '../codec/normalise.ts';
import { createCodec, type Codec } from '../codec/policy-codec.ts';
import { PROMPTS } from '../codec/prompts/index.ts';
import type { SupervisionField } from '../codec/supervision.ts';
import { createTextTokenizer, type TextTokenizer } from '../codec/text-tokens/text-tokenizer.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import { requireDatasetFit } from './dataset-fit.ts';
import { parseEmbodiment } from '../codec/embodiment-file.ts';
import { fitActionText } from './fit-action-text.ts';
import type { AnswerRecipe, CodecRecipe, DataConfig, SupervisionConfig } from './recipe.ts';
import type { TrainingData } from './training-data.ts';

/** The two files of a tokenizer, parsed. */
export interface TokenizerFiles {
  readonly tokenizer: unknown;
  readonly config: unknown;
}

/** Reads `tokenizer.json` and `tokenizer_config.json` of a folder. */
export function readTokenizer(folder: string): TokenizerFiles {
  const file = path.join(folder, 'tokenizer_config.json');
  return {
    tokenizer: readJson(path.join(folder, 'tokenizer.json')),
    config: fs.existsSync(file) ? readJson(file) : {},
  };
}

/** The folder of a tokenizer that a recipe names: a name under assets/tokenizers, or a path. */
export function tokenizerFolder(name: string): string {
  if (fs.existsSync(path.join(name, 'tokenizer.json'))) return name;
  return path.dirname(shippedFile(`tokenizers/${name}/tokenizer.json`));
}

/** Everything about a run that does not depend on the model. */
export interface CodecSetup {
  readonly codec: Codec;
  readonly embodiment: Embodiment;
  readonly tokenizerFiles: TokenizerFiles;
}

/** Builds the codec; statistics come from the training episodes alone. */
export async function setUpCodec(recipe: CodecRecipe, data: DataConfig, training: TrainingData): Promise<CodecSetup> {
  const embodiment = recipe.embodiment === 'recorded' ? recordedEmbodiment(training) : recipe.embodiment;
  const cameras = recipe.cameras.map(({ name }) => name);
  for (const dataset of training.datasets) requireDatasetFit(dataset, embodiment, data.stride, cameras);
  if (recipe.reference !== null) checkReference(recipe.reference, embodiment);
  const folder = tokenizerFolder(recipe.tokenizer);
  const tokenizerFiles = readTokenizer(folder);
  const tokenizer: TextTokenizer = createTextTokenizer(tokenizerFiles.tokenizer, tokenizerFiles.config, folder);
  const window = { horizon: recipe.horizon, stride: data.stride, between: 'nearest' } as const;
  const config = designCodec(
    {
      embodiment,
      cameras: recipe.cameras,
      statistics: {
        state: await training.statistics('observation.state'),
        action: await training.actionStatistics(recipe.reference, window),
      },
      normalisation: recipe.normalisation,
      clamp: recipe.clamp,
      reference: recipe.reference,
      stateSize: recipe.stateSize,
      actionSize: recipe.actionSize,
      horizon: recipe.horizon,
      prompt: PROMPTS[recipe.prompt],
      instructionTokens: recipe.instructionTokens,
      supervision: await Promise.all(recipe.supervision.map((field) => supervisionField(field, training))),
      ...(recipe.answer == null ? {} : { answer: { ...recipe.answer, actionText: givenText(recipe.answer) } }),
    },
    tokenizer,
  );
  const fit = recipe.answer?.actionText;
  if (fit?.kind !== 'fit-fast') return { codec: createCodec(config, tokenizer), embodiment, tokenizerFiles };
  const actionText = await fitActionText(fit, createCodec(config, tokenizer), training, window);
  const fitted = { ...config, answer: { ...config.answer!, actionText } };
  return { codec: createCodec(fitted, tokenizer), embodiment, tokenizerFiles };
}

/** How actions are written where the recipe says it; null until it is fitted. */
function givenText({ actionText }: AnswerRecipe): ActionTextConfig | null {
  return actionText === null || actionText.kind === 'fit-fast' ? null : actionText;
}

/** Before the statistics: an index beyond the state would make them NaN. */
function checkReference({ stateIndex }: ReferenceChange, { name, state, action }: Embodiment): void {
  if (stateIndex.length !== action.names.length) {
    throw new VlaError(
      'bad-argument',
      `codec.reference.stateIndex: expected ${action.names.length} entries (the actions of ${name}), got ${stateIndex.length}.`,
      { hint: 'Give for every action the state dimension that it refers to, or null where there is none.' },
    );
  }
  const wrong = stateIndex.find((index) => index !== null && !(index in state.names));
  if (wrong === undefined) return;
  throw new VlaError(
    'bad-argument',
    `codec.reference.stateIndex: expected 0 to ${state.names.length - 1} (the state of ${name}), got ${wrong}.`,
    { hint: 'Count state dimensions from 0; null leaves an action as it is.' },
  );
}

function recordedEmbodiment(training: TrainingData): Embodiment {
  const { name, info } = training.datasets[0]!;
  const recorded = (info.raw['vlakit'] as { embodiment?: unknown } | undefined)?.embodiment;
  if (recorded === undefined) {
    throw new VlaError(
      'not-found',
      `${name}: expected an embodiment in meta/info.json (vlakit.embodiment), got none.`,
      {
        hint: 'Only datasets recorded by vlakit carry it: give codec.embodiment in the recipe.',
      },
    );
  }
  return parseEmbodiment(recorded, `${name}/meta/info.json`);
}

async function supervisionField(field: SupervisionConfig, training: TrainingData): Promise<SupervisionField> {
  if (field.kind !== 'values') return field;
  return { ...field, normalisation: await normalisationOf(field.normalisation, field.feature, training) };
}

async function normalisationOf(
  style: NormalisationStyle | { readonly kind: 'identity' },
  feature: string,
  training: TrainingData,
): Promise<Normalisation> {
  if (style.kind === 'identity') return style;
  const { min, max, mean, std, q01, q99 } = await training.statistics(feature);
  return { ...style, statistics: { min, max, mean, std, q01, q99 } };
}
