/** @file What the toy policy's robot sees, and what the toy answers to it. */

import type { Observation } from '../../src/interfaces/observation.ts';

/** An observation; the last byte of each camera is what the toy adds up. */
export function toyObservation(instruction: string, state = 0.5, size = 8): Observation {
  const image = (last: number) => {
    const data = Uint8Array.from({ length: size * size * 3 }, (_, i) => (i * 7) % 256);
    data[data.length - 1] = last;
    return { width: size, height: size, data };
  };
  return { images: { front: image(3), wrist: image(40) }, state: Float32Array.of(0.25, state), instruction };
}

/** The toy's chunk of two actions. */
export function toyActions(seed: number, call: number, state = 0.5, pixels = 43): number[] {
  return [seed, call, state, pixels, seed, call, state, pixels];
}
