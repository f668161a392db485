/**
 * @file A camera's bytes to patches inside the graph, with the numbers of the codec bit for bit: resizing as exact whole-number
 * matrix products, then patches in Qwen3-VL's order.
 *
 * Axes: H × W pixels, C = 3 colours, N patches.
 */

import type { CameraConfig } from '../../codec/codec-config.ts';
import type { ImageStep } from '../../codec/images.ts';
import { patchCount, patchSize } from '../../codec/patches.ts';
import { RESIZE_ONE, resizeMatrix, type ResizeFilter } from '../../codec/resize.ts';
import { smartResize } from '../../codec/smart-resize.ts';
import {
  add,
  cast,
  clamp,
  concat,
  constant,
  div,
  expand,
  floor,
  matmul,
  mul,
  reshape,
  slice,
  sub,
  transpose,
  type Value,
} from '../../engine/index.ts';
import { tensor } from '../../base/tensor.ts';

/** Colours first, in double precision: f64 [C, H, W]. */
type Planes = Value;

type StepGraph<K extends ImageStep['kind']> = (step: Extract<ImageStep, { kind: K }>, planes: Planes) => Planes;

/** The steps that a graph can do; a camera with another one is fed after its steps. */
const STEPS: { readonly [K in ImageStep['kind']]?: StepGraph<K> } = {
  resize: ({ width, height, filter }, planes) => resize(planes, width, height, filter),
  'resize-with-pad'({ width, height, filter, fill }, planes) {
    const [h, w] = sizeOf(planes);
    const ratio = Math.max(w / width, h / height);
    const inner = (size: number): number => Math.max(1, Math.trunc(size / ratio));
    return frame(resize(planes, inner(w), inner(h), filter), width, height, fill);
  },
  'pad-to-square'({ fill }, planes) {
    const side = Math.max(...sizeOf(planes));
    return frame(planes, side, side, fill);
  },
  'centre-crop': ({ width, height }, planes) => frame(planes, width, height, 0),
  'centre-zoom'({ share, filter }, planes) {
    const [h, w] = sizeOf(planes);
    return resize(frame(planes, Math.trunc(w * share), Math.trunc(h * share), 0), w, h, filter);
  },
  'smart-resize'(step, planes) {
    const [h, w] = sizeOf(planes);
    const { width, height } = smartResize(w, h, step);
    return resize(planes, width, height, step.filter);
  },
};

/** Whether a graph can do all of these steps. */
export const canExportSteps = (steps: readonly ImageStep[]): boolean => steps.every(({ kind }) => kind in STEPS);

/** RGB bytes u8 [H, W, C], before the camera's steps, to what the model reads: f32 [1, N, 3 · temporal · patch²]. */
export function patchesGraph(bytes: Value, camera: CameraConfig, steps: readonly ImageStep[]): Value {
  let planes = cast(transpose(bytes, [2, 0, 1]), 'f64');
  for (const step of steps) planes = (STEPS[step.kind] as (step: ImageStep, planes: Planes) => Planes)(step, planes);
  const scaled = cast(sub(div(planes, double(127.5)), double(1)), 'f32');
  const { width, height, patch: P, merge: M, temporal } = camera;
  const side = P * M;
  const split = reshape(scaled, [3, height / side, M, P, width / side, M, P]);
  const grouped = reshape(transpose(split, [1, 4, 2, 5, 0, 3, 6]), [patchCount(camera), 3, 1, P * P]);
  const repeated = expand(grouped, [patchCount(camera), 3, temporal, P * P]);
  return reshape(repeated, [1, patchCount(camera), patchSize(camera)]);
}

const double = (value: number): Value => constant(tensor('f64', [], Float64Array.of(value)));

function sizeOf(planes: Planes): [height: number, width: number] {
  return [planes.shape[1] as number, planes.shape[2] as number];
}

function resize(planes: Planes, width: number, height: number, filter: ResizeFilter): Planes {
  const [h, w] = sizeOf(planes);
  const matrix = (from: number, to: number): Value =>
    constant(tensor('f64', [to, from], resizeMatrix(from, to, filter)));
  let out = planes;
  if (w !== width) out = bytesOf(matmul(out, transpose(matrix(w, width), [1, 0])));
  if (h !== height) out = bytesOf(matmul(matrix(h, height), out));
  return out;
}

/** Sums of fixed-point products, rounded and clipped to bytes. */
function bytesOf(sums: Planes): Planes {
  return clamp(floor(add(mul(sums, double(1 / RESIZE_ONE)), double(0.5))), 0, 255);
}

/** Places the image in the middle of a frame of another size, as the codec's `frame` does. */
function frame(planes: Planes, width: number, height: number, fill: number): Planes {
  const [h, w] = sizeOf(planes);
  return frameAxis(frameAxis(planes, 1, h, height, fill), 2, w, width, fill);
}

function frameAxis(planes: Planes, axis: 1 | 2, from: number, to: number, fill: number): Planes {
  if (to <= from) {
    const start = Math.trunc((from - to) / 2);
    return slice(planes, axis, start, start + to);
  }
  const before = Math.trunc((to - from) / 2);
  const border = (size: number): Value[] => {
    const shape = planes.shape.map((dim, i) => (i === axis ? size : dim));
    return size === 0 ? [] : [expand(double(fill), shape)];
  };
  return concat([...border(before), planes, ...border(to - from - before)], axis);
}
