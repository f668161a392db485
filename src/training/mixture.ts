/**
 * @file The mixture of a run: every dataset that has settings of its own, and every set of conversations, is a group with its
 * codec, its loss and its batches over the same parameters; the other datasets are one group together. Node only.
 */

import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { flatten, type ParameterSpec } from '../nn/parameters.ts';
import { openConversationGroup } from './conversation-group.ts';
import { openEpisodeGroup } from './episode-group.ts';
import type { MixtureGroup, MixtureModel } from './mixture-group.ts';
import type { ConversationsShare, DatasetShare, TrainingRecipe } from './recipe.ts';
import { batchSizeOf } from './recipe.ts';
import { inGroup, type BatchSource, type LearnerGroup, type PolicyTrainable } from './trainable.ts';

/** The opened groups of a run. */
export interface Mixture {
  readonly groups: readonly (LearnerGroup<PolicyTrainable> & { readonly opened: MixtureGroup })[];
  close(): Promise<void>;
}

/** A group before it is opened. */
interface Plan {
  readonly name: string;
  readonly weight: number | undefined;
  readonly samples: number;
  open(batchSize: number): Promise<MixtureGroup>;
}

/**
 * Opens all data of a run; the first group is that of the datasets without settings of their own, where there are any. Throws
 * `bad-argument` for names that two groups share or samples that do not go into equal parts, `mismatch` where groups would
 * give the model other parameters.
 */
export async function openMixture(recipe: TrainingRecipe, model: MixtureModel): Promise<Mixture> {
  const plans = planMixture(recipe, model);
  const total = batchSizeOf(recipe.data);
  const opened: MixtureGroup[] = [];
  const close = async (): Promise<void> => {
    for (const group of opened) await group.close();
  };
  try {
    for (const plan of plans) opened.push(await plan.open(plan.samples / partsOf(recipe)));
    requireSameParameters(plans, opened);
    const groups = plans.map(({ name, weight, samples }, g) => ({
      name: plans.length === 1 ? '' : name,
      weight: weight ?? samples / total,
      trainable: opened[g]!.trainable,
      opened: opened[g]!,
    }));
    return { groups, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Batches of a mixture: those of its groups, named as `inGroup` does. */
export function joinBatches(
  groups: readonly Pick<LearnerGroup, 'name'>[],
  batches: readonly BatchSource[],
): BatchSource {
  return {
    async batch(step) {
      const all = await Promise.all(batches.map((source) => source.batch(step)));
      const named = all.map((feeds, g) =>
        Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [inGroup(groups[g]!, name), tensor])),
      );
      return Object.assign({}, ...named) as Awaited<ReturnType<BatchSource['batch']>>;
    },
  };
}

/** Parts that the samples of a step are cut into. */
export const partsOf = ({ device }: Pick<TrainingRecipe, 'device'>): number =>
  device.replicas * (device.accumulate ?? 1);

function planMixture(recipe: TrainingRecipe, model: MixtureModel): Plan[] {
  const { datasets, conversations = [] } = recipe.data;
  const plain = datasets.filter(({ own }) => own === undefined);
  const plans: Plan[] = [];
  const add = (name: string, weight: number | undefined, samples: number, open: Plan['open']): void => {
    requireParts(name, samples, recipe);
    plans.push({ name, weight, samples, open });
  };
  if (plain.length > 0) {
    const samples = plain.reduce((sum, { samplesPerStep }) => sum + samplesPerStep, 0);
    add('robot', undefined, samples, (size) =>
      openEpisodeGroup(recipe, model, { shares: plain, own: {}, main: true, name: '', heads: 'all' as const }, size),
    );
  }
  for (const share of datasets) {
    if (share.own === undefined) continue;
    const main = plain.length === 0 && share === datasets[0];
    const group = { shares: [share], own: share.own, main, name: nameOf(share), heads: 'offered' as const };
    add(nameOf(share), share.own.weight, share.samplesPerStep, (size) => openEpisodeGroup(recipe, model, group, size));
  }
  for (const [i, share] of conversations.entries()) {
    const group = { share, main: i === 0, name: nameOf(share) };
    add(nameOf(share), share.weight, share.samplesPerStep, (size) => openConversationGroup(recipe, model, group, size));
  }
  requirePlans(plans);
  return plans;
}

const nameOf = ({ name, root }: DatasetShare | ConversationsShare): string => name ?? path.basename(root);

function requirePlans(plans: readonly Plan[]): void {
  if (plans.length === 0) {
    throw new VlaError('bad-argument', 'data.datasets: expected at least one, got none.', {
      hint: 'Name the folder of a dataset in the recipe.',
    });
  }
  const twice = plans.find(({ name }, i) => plans.findIndex((other) => other.name === name) !== i);
  if (twice === undefined) return;
  throw new VlaError('bad-argument', `data: expected a name of its own for each dataset, got "${twice.name}" twice.`, {
    hint: 'Give one of them another "name" in the recipe.',
  });
}

function requireParts(name: string, samples: number, recipe: TrainingRecipe): void {
  const parts = partsOf(recipe);
  if (Number.isInteger(parts) && parts >= 1 && Number.isInteger(samples) && samples % parts === 0) return;
  const divisors = Array.from({ length: samples }, (_, i) => i + 1).filter((count) => samples % count === 0);
  const { replicas, accumulate = 1 } = recipe.device;
  throw new VlaError(
    'bad-argument',
    `device.replicas: expected a whole number that divides the ${samples} samples of a step${name === 'robot' ? '' : ` of "${name}"`}, got ${replicas}${accumulate === 1 ? '' : ` × device.accumulate ${accumulate}`}.`,
    { hint: `Choose one of ${divisors.join(', ')}, or change samplesPerStep in data.datasets.` },
  );
}

/** All losses must be over the same vector of parameters. */
function requireSameParameters(plans: readonly Plan[], opened: readonly MixtureGroup[]): void {
  const listed = opened.map(({ trainable }) =>
    flatten<ParameterSpec>(trainable.parameters).map(([name, { shape }]) => `${name} [${shape.join(', ')}]`),
  );
  for (const [g, names] of listed.entries()) {
    const at = names.findIndex((name, i) => name !== listed[0]![i]);
    if (at < 0 && names.length === listed[0]!.length) continue;
    throw new VlaError(
      'mismatch',
      `${plans[g]!.name}: expected the parameters of ${plans[0]!.name} (${listed[0]![Math.max(0, at)]}), got ${names[Math.max(0, at)]}.`,
      {
        hint: 'Learned positions depend on the length of a prompt: set model.config.prompt.learnedPositions to false.',
      },
    );
  }
}
