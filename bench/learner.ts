/**
 * @file Training speed on real batches of the quickstart. `devices`: one graph on several threads against replicas of one
 * thread each. `families`: the tiny model of every family. The learners take turns; every repetition gives one ratio.
 *
 *     node dist/bench/learner.js DATASET devices|families [repetitions] [steps per turn]
 */

import process from 'node:process';
import { quickstart } from '../recipes/quickstart.ts';
import { quickstartFamilies } from '../recipes/quickstart-families.ts';
import { lookUp } from '../src/base/errors.ts';
import { Random } from '../src/base/random.ts';
import type { Tensor } from '../src/base/tensor.ts';
import { countParameters, flatten, materialise } from '../src/nn/parameters.ts';
import { familyOf } from '../src/models/families.ts';
import { batchSizeOf, type DeviceConfig, type TrainingRecipe } from '../src/training/recipe.ts';
import { openMixture } from '../src/training/mixture.ts';
import { createLearner } from '../src/training/train-policy.ts';

const DEVICES: readonly DeviceConfig[] = [
  { runtime: 'cpu', threads: 2, replicas: 1 },
  { runtime: 'cpu', threads: 1, replicas: 2 },
];
/** What to compare; ratios are to the first. */
const CONTESTS: Readonly<Record<string, readonly (readonly [name: string, recipe: TrainingRecipe])[]>> = {
  devices: DEVICES.map((device) => {
    const { replicas, threads } = device;
    return [`${replicas} × ${threads} thread${threads === 1 ? '' : 's'}`, { ...quickstart, device }];
  }),
  families: [quickstart, ...quickstartFamilies].map((recipe) => [recipe.name, recipe]),
};
const EPISODES = 20;
const WARM_UP = 3;

const [root, contest = 'devices', repetitions = '5', stepsPerTurn = '30'] = process.argv.slice(2);
if (root === undefined) throw new Error('Give a dataset recorded by `vlakit record quickstart`.');
const share = { ...quickstart.data.datasets[0]!, root, episodes: Array.from({ length: EPISODES }, (_, i) => i) };
const data = { ...quickstart.data, datasets: [share] };
const contestants = await Promise.all(
  lookUp('contest', contest, CONTESTS).map(async ([name, { model, ...rest }]) => {
    const recipe = { ...rest, model, data };
    const family = familyOf(recipe.model.config, 'bench');
    const mixture = await openMixture(recipe, { family, config: recipe.model.config });
    const { trainable, opened } = mixture.groups[0]!;
    const weights = materialise(trainable.parameters, new Random(1));
    const learner = await createLearner(mixture.groups, recipe, {
      initial: Object.fromEntries(flatten<Tensor>(weights)),
    });
    const batches = await opened.batches(trainable, {
      seeds: { order: 1, batches: 1 },
      budget: { free: data.pictureMegabytes * 1e6 },
      signal: new AbortController().signal,
    });
    let step = 0;
    let next = batches.batch(step);
    /** Trains as the loop does, one batch ahead. */
    const train = async (steps: number): Promise<number> => {
      const start = performance.now();
      for (const end = step + steps; step < end; step++) {
        const feeds = await next;
        next = batches.batch(step + 1);
        await learner.step(step, feeds);
      }
      return (steps * batchSizeOf(data)) / ((performance.now() - start) / 1000);
    };
    const close = async (): Promise<void> => {
      await next;
      await learner.close();
      await batches.close();
      await mixture.close();
    };
    return { name, parameters: countParameters(trainable.parameters), train, close, rates: [] as number[] };
  }),
);
for (const { train } of contestants) await train(WARM_UP);
for (let i = 0; i < Number(repetitions); i++) {
  for (const { train, rates } of contestants) rates.push(await train(Number(stepsPerTurn)));
}
for (const { close } of contestants) await close();

const summary = (values: readonly number[], digits: number): string => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => sorted[Math.round(share * (sorted.length - 1))]!.toFixed(digits);
  return `median ${at(0.5)}, ${at(0)} to ${at(1)}`;
};
for (const { name, parameters, rates } of contestants) {
  const ratios = rates.map((rate, i) => rate / contestants[0]!.rates[i]!);
  const size = `${(parameters / 1e6).toFixed(2)} M`;
  console.log(`${name.padEnd(32)} ${size}: ${summary(rates, 0)} samples/s; ratio ${summary(ratios, 2)}`);
}
