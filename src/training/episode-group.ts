/** @file Robot episodes as a member of a mixture: one codec with statistics of its datasets, one loss. Node only. */

import type { CheckpointFiles } from '../checkpoints/checkpoint.ts';
import { createFlowTrainable } from '../models/flow-trainable.ts';
import { setUpCodec, type CodecSetup } from './codec-setup.ts';
import { requireInstructions } from './instruction-check.ts';
import type { MixtureGroup, MixtureModel } from './mixture-group.ts';
import { policyBatches } from './policy-batches.ts';
import { objectiveOf, type CodecRecipe, type DatasetShare, type OwnSettings, type TrainingRecipe } from './recipe.ts';
import { openSamples, openTrainingData } from './training-data.ts';

/** Which episodes, and what they have for themselves. */
export interface EpisodeGroup {
  readonly shares: readonly DatasetShare[];
  readonly own: OwnSettings;
  /** Whether its robot is the policy's: `codec.json` is its codec. */
  readonly main: boolean;
  /** Names the files of the others. */
  readonly name: string;
  /** Supervision heads that learn: all, or those whose targets its codec offers. */
  readonly heads: 'all' | 'offered';
}

/** Opens the group; `batchSize` is of one part of a step. */
export async function openEpisodeGroup(
  recipe: TrainingRecipe,
  { family, config }: MixtureModel,
  { shares, own, main, name, heads }: EpisodeGroup,
  batchSize: number,
): Promise<MixtureGroup> {
  const data = { ...recipe.data, datasets: shares, stride: own.stride ?? recipe.data.stride };
  const codecRecipe: CodecRecipe = { ...recipe.codec, ...own.codec };
  const objective = objectiveOf(recipe, own);
  const training = await openTrainingData(data);
  try {
    const setup = await setUpCodec(codecRecipe, data, training);
    const { codec } = setup;
    await requireInstructions([...training.datasets, ...training.heldOut.filter((one) => one !== null)], codec);
    const { draws } = recipe.model;
    const options = { family, config, codec, draws, objective, heads };
    return {
      trainable: createFlowTrainable({ ...options, batchSize }),
      features: {
        codec,
        training,
        data,
        cameras: codecRecipe.cameras,
        identity: config,
        through: (size, at) => createFlowTrainable({ ...options, batchSize: size, through: at }),
        batchSize,
        parts: shares.reduce((sum, { samplesPerStep }) => sum + samplesPerStep, 0) / batchSize,
      },
      files: filesOf(setup, main ? '' : `.${name}`),
      identity: codec.config,
      datasets: training.datasets,
      async batches(tuned, { seeds, budget, signal }) {
        const { cameras, horizon } = codecRecipe;
        const source = await openSamples(training, data, { cameras, horizon, seed: seeds.order, budget, signal });
        return { ...policyBatches(source, codec, tuned, seeds.batches), close: () => source.close() };
      },
      close: () => training.close(),
    };
  } catch (error) {
    await training.close();
    throw error;
  }
}

function filesOf({ codec, embodiment, tokenizerFiles }: CodecSetup, suffix: string): CheckpointFiles {
  return {
    [`codec${suffix}.json`]: codec.config,
    'tokenizer.json': tokenizerFiles.tokenizer,
    'tokenizer_config.json': tokenizerFiles.config,
    [`embodiment${suffix}.json`]: embodiment,
  } as CheckpointFiles;
}
