/**
 * @file One contender of bench/efficiency in a process of its own, so that its memory is its own: reads the contender as JSON from the
 * environment and, from standard input, how many steps to train; answers each with a line.
 */

import process from 'node:process';
import { createInterface } from 'node:readline';
import { expand, reshape, type Value } from '../src/engine/index.ts';
import { familyOf } from '../src/models/families.ts';
import { countParameters } from '../src/nn/parameters.ts';
import { keepFeatures, type FeatureSource, type KeptGroup } from '../src/training/features/keep-features.ts';
import { mapValues, zerosOf } from '../src/training/features/survey.ts';
import { openMixture } from '../src/training/mixture.ts';
import { createLearner } from '../src/training/train-policy.ts';
import type { PolicyTrainable } from '../src/training/trainable.ts';
import { tuneModel } from '../src/training/tuned-model.ts';
import type { Contender } from './efficiency-contests.ts';

/** What a turn answers. */
export interface Turn {
  /** Wall and processor time. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly loss: number;
  /** The process at its largest so far, and before the learner was made. */
  readonly peakMegabytes: number;
  readonly startMegabytes: number;
  readonly learning: number;
}

const contender = JSON.parse(process.env['CONTENDER']!) as Contender;
const { recipe } = contender;
const megabytes = (): number => process.resourceUsage().maxRSS / 1024;
const { signal } = new AbortController();
const seeds = { order: 1, batches: 1 };

const family = familyOf(recipe.model.config, 'bench');
const mixture = await openMixture(recipe, { family, config: family.parse(recipe.model.config, 'bench') });
const [group] = mixture.groups;
const { opened } = group!;
const tuned = tuneModel(group!.trainable, recipe.tuning, 1, 1);
const kept = await keep();
const trainable = kept?.trainable ?? tuned.tune(contender.copyPrompt ? copying(opened.features!) : group!.trainable);
const budget = { free: recipe.data.pictureMegabytes * 1e6 };
const batches = kept?.batches ?? (await opened.batches(trainable, { seeds, budget, signal }));
const startMegabytes = megabytes();
const learner = await createLearner([{ name: '', weight: 1, trainable }], recipe, tuned);

let step = 0;
let next = batches.batch(step);
for await (const line of createInterface(process.stdin)) {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  let loss = Number.NaN;
  for (const end = step + Number(line); step < end; step++) {
    const feeds = await next;
    next = batches.batch(step + 1);
    ({ loss } = (await learner.step(step, feeds)) as { loss: number });
  }
  const turn: Turn = {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: cpuSecondsSince(cpu),
    loss,
    peakMegabytes: megabytes(),
    startMegabytes,
    learning: countParameters(trainable.parameters),
  };
  process.stdout.write(`${JSON.stringify(turn)}\n`);
}
await next;
await learner.close();
await batches.close();
await mixture.close();

async function keep(): Promise<KeptGroup | null> {
  const { features = null } = recipe.data;
  if (features === null) return null;
  const { runtime, threads } = recipe.device;
  const { frozen, tune } = tuned;
  return keepFeatures(opened.features!, { features, seeds, signal, session: { runtime, threads }, frozen, tune });
}

function cpuSecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The same loss with the encoded prompt of each sample copied for each of its draws, as if they were samples. */
function copying(source: FeatureSource): PolicyTrainable {
  const { batchSize: B } = source;
  const K = recipe.model.draws;
  const one = source.through(B, (_, value) => value);
  const codec = source.codec.trainingInputs(B);
  return {
    ...one,
    loss(parameters, inputs) {
      const encoded = new Map<string, Value>();
      source.through(B, (name, value) => (encoded.set(name, value), value)).loss(parameters, inputs);
      const copied = source.through(B * K, (name) => copies(encoded.get(name)!, K));
      const feeds = mapValues(copied.inputs, (spec, name) => {
        const value = inputs[name]!;
        if (!(name in codec)) return reshape(value, [B * K, 1, ...value.shape.slice(2)]);
        return /^(actions|actionMask|state)$/.test(name) ? copies(value, K) : zerosOf(spec);
      });
      return copied.loss(parameters, feeds);
    },
  };
}

/** [B, …] → [B · K, …]. */
function copies(x: Value, K: number): Value {
  const [B, ...rest] = x.shape as readonly number[];
  return reshape(expand(reshape(x, [B!, 1, ...rest]), [B!, K, ...rest]), [B! * K, ...rest]);
}
