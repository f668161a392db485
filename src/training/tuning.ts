/**
 * @file What of a model learns: parameters that stay as they are, and matrices that learn through low-rank adapters. Both
 * are said by name, and the model's loss never knows: it gets the whole tree of parameters, put together here.
 */

import { z } from 'zod';
import { VlaError, invariant } from '../base/errors.ts';
import { selectNames } from '../base/name-pattern.ts';
import type { Tensor } from '../base/tensor.ts';
import type { Value } from '../engine/index.ts';
import { adapted, loraSpec, mergeLora, type Lora, type LoraSize } from '../nn/lora.ts';
import { flatten, mapTree, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import type { Trainable } from './trainable.ts';

/** Adapters and where they go. */
export interface LoraConfig extends LoraSize {
  /** Patterns (see `namePattern`) of the maps that get an adapter, without `.weight`; their own weights are frozen. */
  readonly targets: readonly string[];
}

/** What learns. In a recipe null instead of this: everything, from fresh weights. */
export interface TuningConfig {
  /** A checkpoint, a training run or a folder with safetensors, whose weights training starts from; null: fresh ones. */
  readonly base: string | null;
  /** Patterns of parameters that start fresh although there is a base: what the base does not have must be named here. */
  readonly fresh: readonly string[];
  /** Patterns of parameters that stay as they are. */
  readonly freeze: readonly string[];
  readonly lora: LoraConfig | null;
  /** What checkpoints hold: `whole`, a model on its own with adapters merged; `trained`, what learns, and which base it needs. */
  readonly save: 'whole' | 'trained';
}

const patterns = z.array(z.string());
const schema = z.strictObject({
  base: z.string().min(1).nullable(),
  fresh: patterns,
  freeze: patterns,
  lora: z.strictObject({ rank: z.int().min(1), alpha: z.number().positive(), targets: patterns.min(1) }).nullable(),
  save: z.enum(['whole', 'trained']),
}) satisfies z.ZodType<TuningConfig>;

/** Checks a tuning that was written by hand; throws `bad-argument` with the field that is wrong. */
export function parseTuning(content: unknown, where: string): TuningConfig {
  const parsed = schema.safeParse(content);
  const fail = (message: string, hint: string): never => {
    throw new VlaError('bad-argument', `${where}${message}.`, { hint });
  };
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue!.path.length === 0 ? '' : `.${issue!.path.join('.')}`;
    return fail(`${field}: ${issue!.message}`, 'Correct it in the recipe, or with --set.');
  }
  const tuning = parsed.data;
  if (tuning.base === null && tuning.save === 'trained') {
    return fail('.save: expected "whole" without a base, got "trained"', 'Name the base, or save the whole model.');
  }
  if (tuning.base === null && tuning.fresh.length > 0) {
    return fail('.fresh: expected no patterns without a base, got some', 'Without a base everything starts fresh.');
  }
  return tuning;
}

/** A model's parameters, sorted by what becomes of them. */
export interface TuningPlan {
  /** What the optimiser changes, by name, adapters included; in the order of the model's parameters. */
  readonly trained: Readonly<Record<string, ParameterSpec>>;
  /** What stays. */
  readonly frozen: Readonly<Record<string, ParameterSpec>>;
  /** The frozen matrices that have an adapter, and how it is scaled. */
  readonly adapters: ReadonlySet<string>;
  readonly lora: LoraSize | null;
}

const WEIGHT = '.weight';
/** The names of a matrix's adapter, as peft writes them. */
export const adapterNames = (weight: string): Lora<string> => {
  const of = (part: string): { readonly weight: string } => ({
    weight: `${weight.slice(0, -WEIGHT.length)}.${part}${WEIGHT}`,
  });
  return { lora_A: of('lora_A'), lora_B: of('lora_B') };
};

/**
 * Sorts a model's parameters. Throws `not-found` for a pattern that fits nothing, `bad-argument` when nothing would learn
 * or a parameter is frozen that has no gradient to lose (it does not exist).
 */
export function planTuning(
  parameters: Tree<ParameterSpec>,
  { freeze, lora }: Pick<TuningConfig, 'freeze' | 'lora'>,
): TuningPlan {
  const all = flatten<ParameterSpec>(parameters);
  const names = all.map(([name]) => name);
  const still = new Set(selectNames('tuning.freeze', freeze, names));
  const adapters = new Set(lora === null ? [] : matrices(all, lora.targets));
  const trained: Record<string, ParameterSpec> = {};
  const frozen: Record<string, ParameterSpec> = {};
  for (const [name, spec] of all) {
    if (!adapters.has(name)) {
      (still.has(name) ? frozen : trained)[name] = spec;
      continue;
    }
    frozen[name] = spec;
    const { lora_A, lora_B } = loraSpec(spec.shape as [number, number], lora!);
    const to = adapterNames(name);
    trained[to.lora_A.weight] = lora_A.weight;
    trained[to.lora_B.weight] = lora_B.weight;
  }
  if (Object.keys(trained).length === 0) {
    throw new VlaError('bad-argument', `tuning.freeze: expected parameters that learn, got all ${all.length} frozen.`, {
      hint: 'Freeze less, or give adapters to some maps (tuning.lora).',
    });
  }
  return { trained, frozen, adapters, lora };
}

/** The matrices [O, I] whose maps fit the targets. */
function matrices(all: readonly (readonly [string, ParameterSpec])[], targets: readonly string[]): string[] {
  const maps = all
    .filter(([name, { shape }]) => shape.length === 2 && name.endsWith(WEIGHT))
    .map(([name]) => name.slice(0, -WEIGHT.length));
  return selectNames('tuning.lora.targets', targets, maps).map((map) => map + WEIGHT);
}

/** The tree that the model knows, from what learns and what stays. */
export function joinTree(
  parameters: Tree<ParameterSpec>,
  plan: TuningPlan,
  trained: Readonly<Record<string, Value>>,
  frozen: Readonly<Record<string, Value>>,
): Tree<Value> {
  return mapTree<Tree<ParameterSpec>, ParameterSpec, Value>(parameters, (_, name) => {
    if (!plan.adapters.has(name)) return (trained[name] ?? frozen[name])!;
    return adapted(frozen[name]!, adapterOf(name, trained), plan.lora!);
  });
}

function adapterOf<T>(weight: string, trained: Readonly<Record<string, T>>): Lora<T> {
  const { lora_A, lora_B } = adapterNames(weight);
  return { lora_A: { weight: trained[lora_A.weight]! }, lora_B: { weight: trained[lora_B.weight]! } };
}

/** The trainable with `plan.trained` to learn and `plan.frozen` beside it; whatever else it has stays. */
export function tune<T extends Trainable>(trainable: T, plan: TuningPlan): T {
  invariant(trainable.frozen === undefined, 'a trainable is tuned once');
  const tuned: Trainable = {
    ...trainable,
    parameters: plan.trained,
    frozen: plan.frozen,
    loss: (learning, inputs, frozen) =>
      trainable.loss(
        joinTree(trainable.parameters, plan, learning as Readonly<Record<string, Value>>, frozen!),
        inputs,
      ),
  };
  return { ...trainable, ...tuned };
}

/**
 * The whole model by the names that it has without tuning: adapters merged into their matrices. `frozen` gives a tensor by
 * name; what is frozen without an adapter is passed on as it is.
 */
export function mergeTuned(
  parameters: Tree<ParameterSpec>,
  plan: Pick<TuningPlan, 'adapters' | 'lora'>,
  trained: Readonly<Record<string, Tensor>>,
  frozen: (name: string) => Tensor,
): Record<string, Tensor> {
  return Object.fromEntries(
    flatten<ParameterSpec>(parameters).map(([name]) => {
      if (!plan.adapters.has(name)) return [name, trained[name] ?? frozen(name)];
      return [name, mergeLora(frozen(name), adapterOf(name, trained), plan.lora!)];
    }),
  );
}
