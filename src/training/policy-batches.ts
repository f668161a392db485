/** @file The training batches of a policy: samples through the codec with augmentation, and the model's own draws. */

import { invariant } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import type { Tensor } from '../base/tensor.ts';
import type { Codec } from '../codec/policy-codec.ts';
import type { BatchSource, PolicyTrainable } from './trainable.ts';
import type { SampleSource } from './training-data.ts';

/** Streams of random numbers, one per (seed, step, sample, purpose). */
const AUGMENTATION = 1;
/** The model's own draws. */
export const DRAWS = 2;

/**
 * Batches as a pure function of (seed, step). A batch's memory is used again two steps later: by then the step that
 * read it is over.
 */
export function policyBatches(
  source: SampleSource,
  codec: Codec,
  trainable: PolicyTrainable,
  seed: number,
): BatchSource {
  const memory: (Record<string, Tensor> | undefined)[] = [undefined, undefined];
  return {
    async batch(step) {
      const samples = await source.samples(step);
      const streams = (purpose: number): Random[] => samples.map((_, i) => new Random(seed, step, i, purpose));
      const slot = step % memory.length;
      const collated = codec.collate(samples, streams(AUGMENTATION), memory[slot]);
      memory[slot] = collated;
      const all: Record<string, Tensor> = { ...collated, ...trainable.draw(streams(DRAWS)) };
      return Object.fromEntries(
        Object.keys(trainable.inputs).map((name) => {
          invariant(all[name] !== undefined, `no input "${name}" for the model`);
          return [name, all[name]];
        }),
      );
    },
  };
}
