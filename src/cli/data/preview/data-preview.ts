/** @file What a run is about to be trained on, member by member of its mixture: plain data for the terminal, for a page and as JSON. */

import path from 'node:path';
import { selectedFrames } from '../../../data/selection-file.ts';
import { setUpCodec } from '../../../training/codec-setup.ts';
import { batchSizeOf, type DatasetShare, type TrainingRecipe } from '../../../training/recipe.ts';
import { openTrainingData } from '../../../training/training-data.ts';
import { conversationFacts, type ConversationFacts } from './conversation-facts.ts';
import { robotFacts, type RobotFacts } from './robot-facts.ts';

/** How much of a run one member is. */
export interface MemberShare {
  readonly name: string;
  readonly root: string;
  readonly samplesPerStep: number;
  /** Of the samples of a step, 0 to 1. */
  readonly share: number;
  /** How much its loss counts. */
  readonly weight: number;
  /** How often the run sees each of its samples. */
  readonly epochs: number;
}

/** One member of a mixture. */
export type Member = MemberShare &
  (({ readonly kind: 'robot' } & RobotFacts) | ({ readonly kind: 'conversations' } & ConversationFacts));

/** A whole mixture. */
export interface DataPreview {
  readonly recipe: string;
  readonly steps: number;
  readonly samplesPerStep: number;
  readonly members: readonly Member[];
}

/** What is previewed. */
export type PreviewRecipe = TrainingRecipe & { readonly name: string };

/** Opens the data as training does, statistics and codecs included; `onMember` hears of each before it is opened. */
export async function previewData(
  recipe: PreviewRecipe,
  onMember: (name: string, done: number, total: number) => void,
): Promise<DataPreview> {
  const { datasets, conversations = [] } = recipe.data;
  const total = batchSizeOf(recipe.data);
  const { steps } = recipe.loop;
  const members: Member[] = [];
  const count = datasets.length + conversations.length;
  const shareOf = (
    { name, root, samplesPerStep }: { readonly name?: string; readonly root: string; readonly samplesPerStep: number },
    weight: number | undefined,
    samples: number,
  ): MemberShare => ({
    name: name ?? path.basename(path.resolve(root)),
    root,
    samplesPerStep,
    share: samplesPerStep / total,
    weight: weight ?? samplesPerStep / total,
    epochs: (samplesPerStep * steps) / samples,
  });
  for (const shares of groupsOf(datasets)) {
    const own = shares[0]!.own ?? {};
    const data = { ...recipe.data, datasets: shares, stride: own.stride ?? recipe.data.stride };
    const codecRecipe = { ...recipe.codec, ...own.codec };
    onMember(shares.map(({ root }) => path.basename(root)).join(', '), members.length, count);
    const training = await openTrainingData(data);
    try {
      const setup = await setUpCodec(codecRecipe, data, training);
      for (const [i, share] of shares.entries()) {
        const dataset = training.datasets[i]!;
        const heldOut = training.heldOut[i]?.episodes.length ?? 0;
        const facts = await robotFacts({ dataset, heldOut, setup, recipe: codecRecipe, data, seed: recipe.seed });
        const starts = training.starts[i]!;
        const lengths = dataset.episodes.map(({ length }) => length);
        const samples = starts === null ? facts.frames : selectedFrames(starts, lengths);
        members.push({ kind: 'robot', ...shareOf(share, own.weight, samples), ...facts });
        onMember(dataset.name, members.length, count);
      }
    } finally {
      await training.close();
    }
  }
  for (const share of conversations) {
    onMember(path.basename(share.root), members.length, count);
    const facts = await conversationFacts(share, recipe);
    members.push({ kind: 'conversations', ...shareOf(share, share.weight, facts.samples), ...facts });
    onMember(path.basename(share.root), members.length, count);
  }
  return { recipe: recipe.name, steps, samplesPerStep: total, members };
}

/** Datasets without settings of their own share codec and statistics; each of the others is alone. See `openMixture`. */
function groupsOf(datasets: readonly DatasetShare[]): DatasetShare[][] {
  const plain = datasets.filter(({ own }) => own === undefined);
  const alone = datasets.filter(({ own }) => own !== undefined).map((share) => [share]);
  return plain.length > 0 ? [plain, ...alone] : alone;
}
