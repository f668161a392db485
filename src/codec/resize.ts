/**
 * @file Image resizing that equals Pillow's bit for bit: separable, antialiased, 8-bit fixed point with 22 fractional
 * bits, horizontal pass first. Networks are trained behind Pillow; another resampler shifts what they see.
 */

import { VlaError } from '../base/errors.ts';
import { KERNEL_SLACK, createResizeKernel } from './resize-kernel.ts';

/** The interpolation: triangle (support 1) or cubic (support 2), as Pillow names them. */
export type ResizeFilter = 'bilinear' | 'bicubic';

interface Kernel {
  /** Half-width in source pixels at scale 1. */
  readonly support: number;
  weight(x: number): number;
}

/** Keys' cubic with a = −0.5 (Keys 1981, equation 15 for a = −1/2). */
const CUBIC_A = -0.5;

const KERNELS: Readonly<Record<ResizeFilter, Kernel>> = {
  bilinear: {
    support: 1,
    weight: (x) => Math.max(0, 1 - Math.abs(x)),
  },
  bicubic: {
    support: 2,
    weight(x) {
      const t = Math.abs(x);
      if (t < 1) return ((CUBIC_A + 2) * t - (CUBIC_A + 3)) * t * t + 1;
      if (t < 2) return (((t - 5) * t + 8) * t - 4) * CUBIC_A;
      return 0;
    },
  },
};

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** For each output position: the first source position, and `size` fixed-point weights (unused ones are 0). */
interface Coefficients {
  readonly size: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
}

function coefficients(inputSize: number, outputSize: number, kernel: Kernel): Coefficients {
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = kernel.support * filterScale;
  const size = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputSize);
  const count = new Int32Array(outputSize);
  const weights = new Int32Array(outputSize * size);
  const real = new Float64Array(size);
  for (let out = 0; out < outputSize; out++) {
    const centre = (out + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(inputSize, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let i = start; i < end; i++) {
      // Multiplying by the reciprocal, as Pillow does: a division rounds differently.
      real[i - start] = kernel.weight((i - centre + 0.5) * (1 / filterScale));
      sum += real[i - start]!;
    }
    for (let i = 0; i < end - start; i++) {
      const value = (sum === 0 ? real[i]! : real[i]! / sum) * (1 << PRECISION_BITS);
      weights[out * size + i] = Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
    }
    first[out] = start;
    count[out] = end - start;
  }
  return { size, first, count, weights };
}

/** The whole-number factor of a resize's weights: they are multiples of 1 / this. */
export const RESIZE_ONE = 2 ** PRECISION_BITS;

/**
 * One pass as a matrix [output, input] of whole numbers: an output is ⌊(row · input) / RESIZE_ONE + ½⌋, clipped to bytes. For
 * those who resize by matrix products, in double precision: the sums are exact.
 */
export function resizeMatrix(inputSize: number, outputSize: number, filter: ResizeFilter): Float64Array {
  const { size, first, count, weights } = coefficients(inputSize, outputSize, KERNELS[filter]);
  const matrix = new Float64Array(outputSize * inputSize);
  for (let out = 0; out < outputSize; out++) {
    const row = weights.subarray(out * size, out * size + count[out]!);
    matrix.set(row, out * inputSize + first[out]!);
  }
  return matrix;
}

/** Resizes RGB bytes (HWC) from `source` into `target`; holds its tables and scratch, so nothing is allocated per image. */
export type Resizer = (source: Uint8Array, target: Uint8Array) => void;

/**
 * A resizer for one pair of sizes. A pass whose size does not change is skipped, as Pillow skips it. `engine` says how
 * to compute: in WebAssembly vectors where there are any ("auto"), or in plain JavaScript; the bytes are the same.
 */
export function createResizer(
  inputWidth: number,
  inputHeight: number,
  outputWidth: number,
  outputHeight: number,
  filter: ResizeFilter,
  engine: 'auto' | 'plain' = 'auto',
): Resizer {
  for (const size of [inputWidth, inputHeight, outputWidth, outputHeight]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new VlaError(
        'bad-argument',
        `resize: expected positive whole sizes, got ${inputWidth}×${inputHeight} → ${outputWidth}×${outputHeight}.`,
        { hint: 'Give width and height of at least one pixel.' },
      );
    }
  }
  const kernel = KERNELS[filter];
  const horizontal = inputWidth === outputWidth ? null : coefficients(inputWidth, outputWidth, kernel);
  const vertical = inputHeight === outputHeight ? null : coefficients(inputHeight, outputHeight, kernel);
  if (!horizontal && !vertical) {
    return (source, target) => target.set(source.subarray(0, outputWidth * outputHeight * 3));
  }
  const fast =
    engine === 'auto' ? vectorResizer(inputWidth, inputHeight, outputWidth, outputHeight, horizontal, vertical) : null;
  if (fast !== null) return fast;
  const middle = horizontal && vertical ? new Uint8Array(outputWidth * inputHeight * 3) : null;
  return (source, target) => {
    if (horizontal) resizeRows(source, middle ?? target, inputWidth, inputHeight, outputWidth, horizontal);
    if (vertical) resizeColumns(middle ?? source, target, outputWidth, outputHeight, vertical);
  };
}

/** The same in WebAssembly; null where it cannot be had. */
function vectorResizer(
  inputWidth: number,
  inputHeight: number,
  outputWidth: number,
  outputHeight: number,
  horizontal: Coefficients | null,
  vertical: Coefficients | null,
): Resizer | null {
  const inputRow = inputWidth * 3;
  const outputRow = outputWidth * 3;
  const entryBytes = horizontal === null ? 0 : 8 + horizontal.size * 4;
  const sizes = {
    table: outputWidth * entryBytes,
    weights: vertical === null ? 0 : outputHeight * vertical.size * 4,
    source: inputRow * inputHeight,
    middle: outputRow * inputHeight,
    target: outputRow * outputHeight,
  };
  let bytes = 0;
  const place = (size: number): number => {
    const at = bytes;
    bytes += Math.ceil((size + KERNEL_SLACK) / 16) * 16;
    return at;
  };
  const at = {
    table: place(sizes.table),
    weights: place(sizes.weights),
    source: place(sizes.source),
    middle: horizontal && vertical ? place(sizes.middle) : 0,
    target: place(sizes.target),
  };
  const kernel = createResizeKernel(PRECISION_BITS, bytes);
  if (kernel === null) return null;
  const { buffer } = kernel.memory;
  if (horizontal !== null) {
    for (let x = 0; x < outputWidth; x++) {
      const entry = new Int32Array(buffer, at.table + x * entryBytes, entryBytes / 4);
      entry.set([horizontal.first[x]! * 3, horizontal.count[x]! * 4]);
      entry.set(horizontal.weights.subarray(x * horizontal.size, (x + 1) * horizontal.size), 2);
    }
  }
  if (vertical !== null) new Int32Array(buffer, at.weights, sizes.weights / 4).set(vertical.weights);
  return (source, target) => {
    new Uint8Array(buffer, at.source, sizes.source).set(source.subarray(0, sizes.source));
    const rows = horizontal === null ? at.source : vertical === null ? at.target : at.middle;
    if (horizontal !== null) {
      for (let y = 0; y < inputHeight; y++) {
        kernel.row(at.source + y * inputRow, rows + y * outputRow, at.table, outputWidth, entryBytes);
      }
    }
    if (vertical !== null) {
      for (let y = 0; y < outputHeight; y++) {
        const weights = at.weights + y * vertical.size * 4;
        const start = rows + vertical.first[y]! * outputRow;
        kernel.column(start, at.target + y * outputRow, outputRow, outputRow, weights, vertical.count[y]! * 4);
      }
    }
    target.set(new Uint8Array(buffer, at.target, sizes.target));
  };
}

function resizeRows(
  source: Uint8Array,
  target: Uint8Array,
  inputWidth: number,
  height: number,
  outputWidth: number,
  { size, first, count, weights }: Coefficients,
): void {
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = y * inputWidth;
    for (let x = 0; x < outputWidth; x++) {
      let from = (row + first[x]!) * 3;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      const end = x * size + count[x]!;
      for (let k = x * size; k < end; k++) {
        const weight = weights[k]!;
        red = (red + Math.imul(source[from]!, weight)) | 0;
        green = (green + Math.imul(source[from + 1]!, weight)) | 0;
        blue = (blue + Math.imul(source[from + 2]!, weight)) | 0;
        from += 3;
      }
      target[to] = toByte(red);
      target[to + 1] = toByte(green);
      target[to + 2] = toByte(blue);
      to += 3;
    }
  }
}

function resizeColumns(
  source: Uint8Array,
  target: Uint8Array,
  width: number,
  outputHeight: number,
  { size, first, count, weights }: Coefficients,
): void {
  const stride = width * 3;
  let to = 0;
  for (let y = 0; y < outputHeight; y++) {
    const start = first[y]! * stride;
    const end = y * size + count[y]!;
    for (let column = 0; column < stride; column += 3) {
      let from = start + column;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = y * size; k < end; k++) {
        const weight = weights[k]!;
        red = (red + Math.imul(source[from]!, weight)) | 0;
        green = (green + Math.imul(source[from + 1]!, weight)) | 0;
        blue = (blue + Math.imul(source[from + 2]!, weight)) | 0;
        from += stride;
      }
      target[to] = toByte(red);
      target[to + 1] = toByte(green);
      target[to + 2] = toByte(blue);
      to += 3;
    }
  }
}

function toByte(fixedPoint: number): number {
  const value = fixedPoint >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
