/** @file Training batches from kept features: the frames, draws and order of the batches that they stand for. Node only. */

import { Random } from '../../base/random.ts';
import { allocate, elementCount, type Tensor } from '../../base/tensor.ts';
import { permuted } from '../../data/order.ts';
import { DRAWS } from '../policy-batches.ts';
import type { ClosableBatches, PolicyTrainable } from '../trainable.ts';
import type { RecordReader } from './record-file.ts';

/** The records of one dataset, and how they are drawn. */
export interface KeptDataset {
  readonly reader: RecordReader;
  /** Frames that may start samples. */
  readonly frames: number;
  readonly samplesPerStep: number;
  /** Of the order. */
  readonly seed: number;
}

/** Where the records of frames lie. */
export interface RecordPlaces {
  /** Frames of a block. */
  readonly block: number;
  /** Versions of a frame, which epochs use in turn. */
  readonly versions: number;
}

/** The record of version `version` of frame `row`. */
export const recordAt = (row: number, version: number, { block, versions }: RecordPlaces): number =>
  (Math.floor(row / block) * versions + version) * block + (row % block);

/** Batches as a pure function of (seed, step). A batch's memory is used again two steps later. */
export function featureBatches(
  datasets: readonly KeptDataset[],
  trainable: PolicyTrainable,
  parts: number,
  places: RecordPlaces,
  seed: number,
): ClosableBatches {
  const size = datasets.reduce((sum, { samplesPerStep }) => sum + samplesPerStep, 0);
  const memory = [0, 1].map(() => batchMemory(trainable, parts));
  return {
    async batch(step) {
      const into = memory[step % memory.length]!;
      const reads: Promise<void>[] = [];
      for (const { reader, frames, samplesPerStep, seed: order } of datasets) {
        for (let i = 0; i < samplesPerStep; i++) {
          const position = step * samplesPerStep + i;
          const epoch = Math.floor(position / frames);
          const record = recordAt(permuted(position % frames, frames, order, epoch), epoch % places.versions, places);
          reads.push(reader.read(record, reads.length, into));
        }
      }
      await Promise.all(reads);
      const draws = trainable.draw(Array.from({ length: size }, (_, i) => new Random(seed, step, i, DRAWS)));
      const all: Record<string, Tensor> = { ...into, ...draws };
      return Object.fromEntries(Object.keys(trainable.inputs).map((name) => [name, all[name]!]));
    },
    async close() {
      for (const { reader } of datasets) await reader.close();
    },
  };
}

/** Tensors of a whole batch: `parts` times as large as the trainable's inputs. */
function batchMemory({ inputs }: PolicyTrainable, parts: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape }]) => {
      const whole = [shape[0]! * parts, ...shape.slice(1)];
      return [name, { dtype, shape: whole, data: allocate(dtype, elementCount(whole)) } as Tensor];
    }),
  );
}
