/**
 * @file The weights that a tuning starts from, where they lie: read by ONNX Runtime out of the base's own file, or tensor
 * by tensor where training needs them in memory. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError, lookUp } from '../base/errors.ts';
import { fileError, sha256File } from '../base/files.ts';
import { fromBfloat16, fromHalf } from '../base/half.ts';
import type { TensorEntry } from '../base/safetensors.ts';
import { f32, viewBytes, type DType, type Tensor } from '../base/tensor.ts';
import type { WeightContent } from '../engine/index.ts';
import { BASE_FILE, loadCheckpoint, WEIGHTS_FILE } from '../checkpoints/checkpoint.ts';
import { resolveCheckpoint } from '../checkpoints/checkpoint-series.ts';
import { readHeader } from '../checkpoints/weight-files.ts';

/** A checkpoint whose weights others start from. */
export interface BaseWeights {
  readonly folder: string;
  /** SHA-256 of its weights. */
  readonly sha256: string;
  /** Its tensors: where they lie in `folder`. */
  readonly places: Readonly<Record<string, Exclude<WeightContent, Tensor>>>;
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
  const file = path.resolve(checkpoint.folder, WEIGHTS_FILE);
  const places = Object.fromEntries(
    Object.entries(readHeader(file).header.tensors).map(([name, entry]) => [name, { ...entry, file: WEIGHTS_FILE }]),
  );
  return {
    folder: path.dirname(file),
    sha256: sha256File(file),
    places,
    read(name) {
      const place = lookUp(`tensor of ${file}`, name, places);
      return readFloats(path.join(path.dirname(file), place.file), name, place);
    },
  };
}

/** Runs `work` with the file open. */
function withFile<T>(file: string, work: (handle: number) => T): T {
  let handle: number;
  try {
    handle = fs.openSync(file, 'r');
  } catch (cause) {
    throw fileError('read', file, cause);
  }
  try {
    return work(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** From the stored 16 bits to a number. */
const WIDEN: Readonly<Partial<Record<DType, (bits: number) => number>>> = { bf16: fromBfloat16, f16: fromHalf };

function readFloats(file: string, name: string, { dtype, shape, offset, length }: TensorEntry): Tensor<'f32'> {
  const bytes = new Uint8Array(length);
  withFile(file, (handle) => fs.readSync(handle, bytes, 0, length, offset));
  if (dtype === 'f32') return f32(viewBytes('f32', bytes), shape);
  const widen = WIDEN[dtype];
  if (widen === undefined) {
    throw new VlaError('unsupported', `${file}: tensor "${name}": expected f32, bf16 or f16, got ${dtype}.`, {
      hint: 'Only float weights can be trained.',
    });
  }
  return f32(Float32Array.from(viewBytes(dtype, bytes) as Uint16Array, widen), shape);
}
