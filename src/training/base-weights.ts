/**
 * @file The weights that a tuning starts from, where they lie: read by ONNX Runtime out of the base's own file, or tensor
 * by tensor where training needs them in memory. Node only.
 */

import path from 'node:path';
import { VlaError, lookUp } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { BASE_FILE, loadCheckpoint, WEIGHTS_FILE } from '../checkpoints/checkpoint.ts';
import { resolveCheckpoint } from '../checkpoints/checkpoint-series.ts';
import type { PlacedWeights } from '../checkpoints/place-weights.ts';
import { readFloats, type WeightPlace } from '../checkpoints/stored-tensor.ts';
import { readHeader } from '../checkpoints/weight-files.ts';

/** A checkpoint whose weights others start from. */
export interface BaseWeights {
  readonly folder: string;
  /** SHA-256 of its weights. */
  readonly sha256: string;
  /** The folder that places are relative to. */
  readonly weightFolder: string;
  readonly places: Readonly<Record<string, WeightPlace>>;
  /** A tensor as f32. */
  read(name: string): Tensor<'f32'>;
}

/** Opens a checkpoint, or the best (else newest) one of a training run. Throws as `loadCheckpoint` does. */
export function openBase(folder: string): BaseWeights {
  const checkpoint = loadCheckpoint(resolveCheckpoint(folder));
  if (checkpoint.has(BASE_FILE)) {
    throw new VlaError(
      'mismatch',
      `${checkpoint.folder}: expected a whole model as base, got one with a base of its own.`,
      {
        hint: 'Train it with tuning.save "whole", or start from its base.',
      },
    );
  }
  const { weights: places, weightFolder } = checkpoint.published ?? ownPlaces(checkpoint.folder);
  return {
    folder: path.resolve(checkpoint.folder),
    sha256: checkpoint.sha256(),
    weightFolder,
    places,
    read: (name) => readFloats(weightFolder, name, lookUp(`tensor of ${checkpoint.folder}`, name, places)),
  };
}

function ownPlaces(folder: string): PlacedWeights {
  const weightFolder = path.resolve(folder);
  const { tensors } = readHeader(path.join(weightFolder, WEIGHTS_FILE)).header;
  const weights = Object.entries(tensors).map(([name, entry]) => [name, { ...entry, file: WEIGHTS_FILE }] as const);
  return { weights: Object.fromEntries(weights), weightFolder };
}
