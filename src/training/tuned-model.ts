/**
 * @file A model as its recipe's tuning wants it trained: which weights it starts from, what learns, and what its checkpoints
 * hold. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError, nearestName } from '../base/errors.ts';
import { selectNames } from '../base/name-pattern.ts';
import { Random } from '../base/random.ts';
import type { Tensor } from '../base/tensor.ts';
import type { WeightContent } from '../engine/index.ts';
import type { LoraSize } from '../nn/lora.ts';
import { flatten, materialise, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import { openBase, type BaseWeights } from './base-weights.ts';
import { BASE_FILE, type Checkpoint, type CheckpointFiles } from '../checkpoints/checkpoint.ts';
import { ownWeights } from '../checkpoints/policy-checkpoint.ts';
import type { ModelWeights } from '../models/checkpoint-policy.ts';
import type { LearnerOptions } from './graph-learner.ts';
import type { Trainable } from './trainable.ts';
import { adapterNames, mergeTuned, planTuning, tune, type TuningConfig, type TuningPlan } from './tuning.ts';

/** What training needs of a tuned model. */
export interface TunedModel<T extends Trainable> extends Pick<LearnerOptions, 'initial' | 'frozen'> {
  /** The family's trainable, with what learns as its parameters. */
  readonly trainable: T;
  /** The same for another loss on the same model. */
  tune<U extends Trainable>(other: U): U;
  /** The weights of a checkpoint, from what has been learnt. */
  save(trained: Readonly<Record<string, Tensor>>): Record<string, Tensor>;
  /** Files that such a checkpoint needs beside the weights. */
  readonly files: CheckpointFiles;
  /** Names the base's weights; null without a base. */
  readonly baseSha256: string | null;
}

/** `base.json` of a checkpoint that holds only what was trained. */
export interface BaseReference {
  /** The base's folder when the checkpoint was written. */
  readonly checkpoint: string;
  /** SHA-256 of the base's model.safetensors. */
  readonly sha256: string;
  /** How adapters (`….lora_A.weight`, `….lora_B.weight`) are scaled. */
  readonly lora: LoraSize | null;
}

/** Streams within the seed of first weights. */
const ADAPTERS = 1;

/** Everything learns, from fresh weights; or what `tuning` says. `seed` and `stream` draw fresh weights. */
export function tuneModel<T extends Trainable>(
  trainable: T,
  tuning: TuningConfig | null,
  seed: number,
  stream: number,
): TunedModel<T> {
  const { parameters } = trainable;
  if (tuning === null) {
    const initial = Object.fromEntries(flatten<Tensor>(materialise(parameters, new Random(seed, stream))));
    return {
      trainable,
      tune: (other) => other,
      initial,
      save: (trained) => ({ ...trained }),
      files: {},
      baseSha256: null,
    };
  }
  const base = tuning.base === null ? null : openBase(tuning.base);
  const plan = planTuning(parameters, tuning);
  const fresh = freshWeights(parameters, base, tuning.fresh, new Random(seed, stream));
  const start = (name: string): Tensor => fresh[name] ?? base!.read(name);
  const adapters = materialise(adapterSpecs(plan, parameters), new Random(seed, stream, ADAPTERS));
  const initial: Record<string, Tensor> = Object.fromEntries(
    Object.keys(plan.trained).map((name) => [name, adapters[name] ?? start(name)]),
  );
  const weights: Record<string, WeightContent> = Object.fromEntries(
    Object.keys(plan.frozen).map((name) => [name, fresh[name] ?? base!.places[name]!]),
  );
  return {
    trainable: tune(trainable, plan),
    tune: (other) => tune(other, plan),
    initial,
    frozen: { weights, ...(base === null ? {} : { weightFolder: base.weightFolder }) },
    save: (trained) => (tuning.save === 'whole' ? mergeTuned(parameters, plan, trained, start) : { ...trained }),
    files: base === null || tuning.save === 'whole' ? {} : { [BASE_FILE]: referenceTo(base, plan) },
    baseSha256: base?.sha256 ?? null,
  };
}

function referenceTo({ folder, sha256 }: BaseWeights, { lora }: TuningPlan): BaseReference {
  return { checkpoint: folder, sha256, lora: lora === null ? null : { rank: lora.rank, alpha: lora.alpha } };
}

/** The specifications of what learns and is no parameter of the model. */
function adapterSpecs({ trained }: TuningPlan, parameters: Tree<ParameterSpec>): Record<string, ParameterSpec> {
  const own = new Set(flatten<ParameterSpec>(parameters).map(([name]) => name));
  return Object.fromEntries(Object.entries(trained).filter(([name]) => !own.has(name)));
}

/** First values of what does not come from the base. Throws when the base lacks more than that, or does not fit. */
function freshWeights(
  parameters: Tree<ParameterSpec>,
  base: BaseWeights | null,
  patterns: readonly string[],
  random: Random,
): Record<string, Tensor> {
  const all = flatten<ParameterSpec>(parameters);
  const named = new Set(
    selectNames(
      'tuning.fresh',
      patterns,
      all.map(([name]) => name),
    ),
  );
  const missing = base === null ? all : all.filter(([name]) => named.has(name));
  if (base !== null) for (const [name, spec] of all) if (!named.has(name)) requireInBase(base, name, spec);
  return materialise(Object.fromEntries(missing), random);
}

function requireInBase({ folder, places }: BaseWeights, name: string, { shape }: ParameterSpec): void {
  const place = places[name];
  if (place === undefined) {
    const near = nearestName(name, Object.keys(places));
    throw new VlaError(
      'mismatch',
      `${folder}: expected a tensor "${name}", got ${near === undefined ? 'none' : `"${near}"`}.`,
      {
        hint: 'The base belongs to another model; or let this parameter start fresh (tuning.fresh).',
      },
    );
  }
  if (place.shape.join() !== shape.join()) {
    throw new VlaError(
      'bad-shape',
      `${folder}: tensor "${name}": expected [${shape.join(', ')}], got [${place.shape.join(', ')}].`,
      { hint: 'The base belongs to a model of another size; or let this parameter start fresh (tuning.fresh).' },
    );
  }
}

/**
 * The weights of a checkpoint as a whole model: published ones where they lie; those of a checkpoint that holds only what was trained are completed from
 * its base. Throws `mismatch` when the base has changed since.
 */
export function wholeWeights(checkpoint: Checkpoint, parameters: Tree<ParameterSpec>): ModelWeights {
  if (!checkpoint.has(BASE_FILE)) return ownWeights(checkpoint);
  const trained = checkpoint.weights();
  const where = path.join(checkpoint.folder, BASE_FILE);
  const { checkpoint: folder, sha256, lora } = checkpoint.json<BaseReference>(BASE_FILE);
  if (!fs.existsSync(folder)) {
    throw new VlaError('not-found', `${where}: expected the base in ${folder}, got nothing there.`, {
      hint: 'Put the base back, or write its new place into base.json and delete hashes.json.',
    });
  }
  const base = openBase(folder);
  if (base.sha256 !== sha256) {
    throw new VlaError(
      'mismatch',
      `${where}: expected a base with SHA-256 ${sha256.slice(0, 12)}…, got ${base.sha256.slice(0, 12)}… in ${base.folder}.`,
      { hint: 'The base was trained further or replaced: put the one back that this checkpoint was trained on.' },
    );
  }
  const specs = flatten<ParameterSpec>(parameters);
  const adapters = new Set(specs.map(([name]) => name).filter((name) => adapterNames(name).lora_A.weight in trained));
  const used = new Set([...specs.map(([name]) => name), ...[...adapters].flatMap(namesOfAdapter)]);
  const extra = Object.keys(trained).find((name) => !used.has(name));
  if (extra !== undefined) {
    throw new VlaError('mismatch', `${checkpoint.folder}: tensor "${extra}" is not part of the model.`, {
      hint: 'The weights belong to another model or size: check config.json beside them.',
    });
  }
  return { weights: mergeTuned(parameters, { adapters, lora }, trained, (name) => base.read(name)) };
}

function namesOfAdapter(weight: string): string[] {
  const { lora_A, lora_B } = adapterNames(weight);
  return [lora_A.weight, lora_B.weight];
}
