/** @file What a member of a mixture is: a loss over the model's parameters, and where its batches come from. */

import type { CheckpointFiles } from '../checkpoints/checkpoint.ts';
import type { LeRobotDataset } from '../data/lerobot/reader.ts';
import type { AnyFamily, FamilyConfig } from '../models/family.ts';
import type { FeatureSource } from './features/keep-features.ts';
import type { ClosableBatches, GroupOptions, PolicyTrainable } from './trainable.ts';

/** One member of a mixture, opened. */
export interface MixtureGroup {
  readonly trainable: PolicyTrainable;
  /** What a checkpoint must hold to use what the group taught. */
  readonly files: CheckpointFiles;
  /** What its numbers depend on beside the recipe. */
  readonly identity: unknown;
  /** The datasets of robots that it reads. */
  readonly datasets: readonly LeRobotDataset[];
  /** What of it can be kept where the vision-language model is frozen; absent for conversations. */
  readonly features?: FeatureSource;
  /** Opens its batches for a trainable with the same inputs. */
  batches(trainable: PolicyTrainable, options: GroupOptions): Promise<ClosableBatches>;
  close(): Promise<void>;
}

/** A model whose losses a mixture is. */
export interface MixtureModel {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
}
