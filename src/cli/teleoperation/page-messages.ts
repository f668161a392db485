/** @file What the page and the session say to each other, in both directions; read in Node and in the browser. */

import type { Image } from '../../interfaces/observation.ts';

/** What the page is told of a tick, beside the pictures. */
export interface PageStatus {
  readonly kind: 'status';
  readonly line: string;
  readonly outcome: string;
  readonly tick: number;
  readonly kept: number;
  /** What the robot was told; empty before the first action. */
  readonly told: readonly number[];
  readonly cameras: readonly string[];
}

/** A picture as bytes: which camera, width, height (16 bits each, little-endian), then RGB. */
export function packPicture(camera: number, { width, height, data }: Image): Uint8Array {
  const bytes = new Uint8Array(6 + data.length);
  new Uint16Array(bytes.buffer, 0, 3).set([camera, width, height]);
  bytes.set(data, 6);
  return bytes;
}

/** The picture of `packPicture`, as RGBA for a canvas. */
export function unpackPicture(bytes: Uint8Array): {
  readonly camera: number;
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [camera, width, height] = [0, 2, 4].map((at) => view.getUint16(at, true)) as [number, number, number];
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(bytes.subarray(6 + 3 * i, 9 + 3 * i), 4 * i);
  return { camera, width, height, rgba };
}
