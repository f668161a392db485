/** @file The pass over a dataset that computes its features, before the first step; cut off, it goes on where it was. Node only. */

import fs from 'node:fs';
import { VlaError } from '../../base/errors.ts';
import { startProgress } from '../../base/progress.ts';
import { Random } from '../../base/random.ts';
import type { Tensor } from '../../base/tensor.ts';
import type { Codec } from '../../codec/policy-codec.ts';
import type { Session } from '../../engine/index.ts';
import type { TrainingSample } from '../../codec/sample.ts';
import type { SampleSource } from '../training-data.ts';
import { blocksDone, openRecordWriter, recordBytes, requireSpace, type RecordLayout } from './record-file.ts';

/** Frames that are encoded at once. */
export const BLOCK = 8;

/** What the pass is made of. */
export interface FeaturePass {
  readonly folder: string;
  readonly layout: RecordLayout;
  readonly codec: Codec;
  /** Augmented versions of a frame; 0: one, as it is. */
  readonly augmentations: number;
  /** Of augmentation. */
  readonly seed: number;
  /** Frames in the order of recording, `BLOCK` at a time. */
  openSource(): Promise<SampleSource>;
  openEncoder(): Promise<Session>;
  /** What is encoded, for people. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Stream of random numbers of a frame, beside its version. */
const AUGMENTATION = 1;

/**
 * Computes the records that are missing. Version v of the frames of source block s is block s · versions + v. Throws `io` before it
 * starts where the disk has no room, `interrupted` when the signal aborts.
 */
export async function writeFeatures(pass: FeaturePass): Promise<void> {
  const { folder, layout, name, signal } = pass;
  const versions = Math.max(1, pass.augmentations);
  fs.mkdirSync(folder, { recursive: true });
  const already = blocksDone(folder, layout);
  if (already === layout.blocks) return;
  const blockBytes = layout.block * recordBytes(layout);
  requireSpace(folder, (layout.blocks - already) * blockBytes);
  const writer = openRecordWriter(folder, layout);
  const closing: { close(): unknown }[] = [writer];
  const total = layout.blocks * layout.block;
  const size = `${((layout.blocks * blockBytes) / 1e9).toPrecision(3)} GB for ${name}`;
  const progress = startProgress({ label: 'features', total, unit: 'frames', alreadyDone: already * layout.block });
  try {
    const encoder = await pass.openEncoder();
    closing.unshift(encoder);
    const source = await pass.openSource();
    closing.unshift(source);
    let read = { at: -1, samples: [] as readonly TrainingSample[] };
    while (writer.done < layout.blocks) {
      if (signal.aborted) throw stopped(writer.done * layout.block, total);
      const [at, version] = [Math.floor(writer.done / versions), writer.done % versions];
      if (read.at !== at) read = { at, samples: await source.samples(at) };
      const { samples } = read;
      const randoms = samples.map((_, i) => new Random(pass.seed, at * layout.block + i, version, AUGMENTATION));
      const tensors: Record<string, Tensor> = pass.codec.collate(samples, pass.augmentations === 0 ? null : randoms);
      const feeds = Object.fromEntries(Object.keys(encoder.inputs).map((input) => [input, tensors[input]!]));
      writer.write({ ...tensors, ...(await encoder.run(feeds)) });
      progress.update(writer.done * layout.block, size);
    }
    progress.finish(size);
  } finally {
    for (const one of closing) await one.close();
  }
}

function stopped(done: number, total: number): VlaError {
  return new VlaError('interrupted', `features: stopped after ${done} of ${total} frames.`, {
    hint: 'Run the same command again to continue exactly there.',
  });
}
