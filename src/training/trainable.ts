/** @file What the training loop trains: parameters, one step's inputs and a loss, and where the batches come from. */

import type { Random } from '../base/random.ts';
import type { DType, Tensor } from '../base/tensor.ts';
import type { Value } from '../engine/index.ts';
import type { ParameterSpec, Tree } from '../nn/parameters.ts';

/** Element type and static shape of one feed. */
export interface TensorSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A model with its loss, ready for the one-graph training step. Pure: `loss` only appends to the graph being traced. */
export interface Trainable {
  /** The parameters to learn; dotted names of the tree are the names in the checkpoint. */
  readonly parameters: Tree<ParameterSpec>;
  /** Parameters that stay as they are, by name: the session gets their values once. */
  readonly frozen?: Readonly<Record<string, TensorSpec>>;
  /** One step's feeds, with static shapes (the batch axis included). */
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /** The scalar to minimise, and scalars to log beside it. `frozen` has the values of what `frozen` declares. */
  loss(
    parameters: Tree<Value>,
    inputs: Readonly<Record<string, Value>>,
    frozen?: Readonly<Record<string, Value>>,
  ): { readonly loss: Value; readonly metrics: Readonly<Record<string, Value>> };
}

/** A trainable policy: what does not come from the codec is drawn per sample. */
export interface PolicyTrainable extends Trainable {
  /** Inputs that do not come from the codec; sample b draws from `randoms[b]`. */
  draw(randoms: readonly Random[]): Record<string, Tensor>;
}

/** A loss that is learned together with others over the same parameters; it has batches and a graph of its own. */
export interface LearnerGroup<T extends Trainable = Trainable> {
  /** Stands before the names of its feeds and metrics, with a slash; '' for the only group of a learner. */
  readonly name: string;
  /** Its loss counts this much in the sum. */
  readonly weight: number;
  readonly trainable: T;
}

/** The only group of a learner. */
export const onlyGroup = <T extends Trainable>(trainable: T): readonly LearnerGroup<T>[] => [
  { name: '', weight: 1, trainable },
];

/** What a group calls one of its feeds or metrics. */
export const inGroup = ({ name }: Pick<LearnerGroup, 'name'>, what: string): string =>
  name === '' ? what : `${name}/${what}`;

/** Batches as a pure function of the step (and of the seed it was made with), so that a resumed run sees the same ones. */
export interface BatchSource {
  /** The feeds of step `step` (from 0), one tensor per name of `Trainable.inputs`, named as `inGroup` does. */
  batch(step: number): Promise<Readonly<Record<string, Tensor>>>;
}

/** Batches that hold memory and threads. */
export interface ClosableBatches extends BatchSource {
  close(): Promise<void>;
}

/** What the batches of a group in a mixture need. */
export interface GroupOptions {
  /** Of the order of samples, and of augmentation and noise; drawn from the recipe's. */
  readonly seeds: { readonly order: number; readonly batches: number };
  /** Memory for decoded pictures that all groups share: `free` bytes are left. */
  readonly budget: { free: number };
  readonly signal: AbortSignal;
}
