/** @file A batch of samples as one large buffer and its description, for cheap transfer between threads. */

import type { TrainingSample } from '../codec/sample.ts';
import type { Annotation } from '../interfaces/annotation.ts';
import type { Image } from '../interfaces/observation.ts';

interface PackedSample {
  readonly images: readonly { readonly name: string; readonly width: number; readonly height: number }[];
  readonly instruction: string;
  readonly state: number;
  readonly actions: number;
  readonly horizon: number;
  readonly annotation?: Annotation;
  readonly supervision: readonly { readonly name: string; readonly length: number }[];
}

/** Byte values (pictures, masks) and float values of all samples, one after the other. */
export interface PackedSamples {
  readonly samples: readonly PackedSample[];
  readonly buffers: readonly [bytes: ArrayBuffer, floats: ArrayBuffer];
}

/** Joins samples into few buffers, which can be posted between threads without a copy. */
export function packSamples(samples: readonly TrainingSample[]): PackedSamples {
  const bytes: Uint8Array[] = [];
  const floats: Float32Array[] = [];
  const packed = samples.map((sample): PackedSample => {
    const images = Object.entries(sample.images);
    const supervision = Object.entries(sample.supervision);
    bytes.push(...images.map(([, image]) => image.data), sample.actionIsPad);
    floats.push(sample.state, sample.actions, ...supervision.map(([, values]) => values));
    return {
      images: images.map(([name, { width, height }]) => ({ name, width, height })),
      instruction: sample.instruction,
      ...(sample.annotation === undefined ? {} : { annotation: sample.annotation }),
      state: sample.state.length,
      actions: sample.actions.length,
      horizon: sample.actionIsPad.length,
      supervision: supervision.map(([name, { length }]) => ({ name, length })),
    };
  });
  const total = (parts: readonly { readonly length: number }[]): number => parts.reduce((sum, p) => sum + p.length, 0);
  const allBytes = new Uint8Array(total(bytes));
  const allFloats = new Float32Array(total(floats));
  let at = 0;
  for (const part of bytes) {
    allBytes.set(part, at);
    at += part.length;
  }
  at = 0;
  for (const part of floats) {
    allFloats.set(part, at);
    at += part.length;
  }
  return { samples: packed, buffers: [allBytes.buffer, allFloats.buffer] };
}

/** The samples again; their arrays are views into the buffers. */
export function unpackSamples({ samples, buffers }: PackedSamples): TrainingSample[] {
  const [bytes, floats] = buffers;
  let byteAt = 0;
  let floatAt = 0;
  const takeBytes = (length: number): Uint8Array => new Uint8Array(bytes, (byteAt += length) - length, length);
  const takeFloats = (length: number): Float32Array =>
    new Float32Array(floats, ((floatAt += length) - length) * 4, length);
  return samples.map((sample) => {
    const images: Record<string, Image> = {};
    for (const { name, width, height } of sample.images) {
      images[name] = { width, height, data: takeBytes(width * height * 3) };
    }
    const actionIsPad = takeBytes(sample.horizon);
    const state = takeFloats(sample.state);
    const actions = takeFloats(sample.actions);
    const supervision: Record<string, Float32Array> = {};
    for (const { name, length } of sample.supervision) supervision[name] = takeFloats(length);
    const { instruction, annotation } = sample;
    const known = annotation === undefined ? {} : { annotation };
    return { images, state, instruction, actions, actionIsPad, supervision, ...known };
  });
}
