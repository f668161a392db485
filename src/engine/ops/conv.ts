/** @file Two-dimensional convolution (cross-correlation, as in every deep-learning library) and its two gradients. */

import { VlaError } from '../../base/errors.ts';
import { shapeText, type Dim } from '../axis-size.ts';
import { apply, type Value } from '../graph.ts';
import { defineOp, sameDtype, type Op } from '../op.ts';
import { reduceSum } from './reduce.ts';

export interface ConvAttributes {
  /** Step of the window, [vertical, horizontal]. */
  readonly strides: readonly [number, number];
  /** Zeros added on each side, [top and bottom, left and right]. */
  readonly padding: readonly [number, number];
}

function outputSize(size: Dim, kernel: Dim, stride: number, padding: number): number {
  if (typeof size !== 'number' || typeof kernel !== 'number') {
    throw new VlaError('bad-shape', `conv2d: expected image and kernel of known size, got ${size} and ${kernel}.`);
  }
  return Math.floor((size + 2 * padding - kernel) / stride) + 1;
}

export const conv2dOp: Op<ConvAttributes> = defineOp<ConvAttributes>({
  name: 'conv2d',
  infer([x, weight, bias], { strides, padding }) {
    sameDtype('conv2d', [x!, weight!]);
    const [n, c, h, w] = x!.shape;
    const [out, cw, kh, kw] = weight!.shape;
    if (x!.shape.length !== 4 || weight!.shape.length !== 4 || c !== cw || (bias && bias.shape.join() !== `${out}`)) {
      throw new VlaError(
        'bad-shape',
        `conv2d: expected x [N, C, H, W], weight [O, C, kh, kw] and bias [O], got ${shapeText(x!.shape)} and ${shapeText(weight!.shape)}.`,
      );
    }
    const height = outputSize(h!, kh!, strides[0], padding[0]);
    const width = outputSize(w!, kw!, strides[1], padding[1]);
    return [{ dtype: x!.dtype, shape: [n!, out!, height, width] }];
  },
  onnx(emit, { inputs, outputs, attributes: { strides, padding } }) {
    emit.node('Conv', inputs, outputs, { strides, pads: [...padding, ...padding] });
  },
  gradient({ inputs: [x, weight, bias], gradients: [g], attributes }) {
    const toX = conv2dInputGradient(g!, weight!, { ...attributes, size: x!.shape.slice(2) as number[] });
    const toWeight = conv2dWeightGradient(x!, g!, {
      ...attributes,
      size: weight!.shape.slice(2) as number[],
    });
    return bias === undefined ? [toX, toWeight] : [toX, toWeight, reduceSum(g!, [0, 2, 3])];
  },
  reference({ inputs: [x, weight, bias], outputs: [out], attributes }) {
    const sums = new Float64Array(out!.data.length);
    const plane = out!.shape[2]! * out!.shape[3]!;
    const channels = out!.shape[1]!;
    if (bias) for (let i = 0; i < sums.length; i++) sums[i] = bias.data[Math.floor(i / plane) % channels]!;
    forEachTap(x!.shape, weight!.shape, out!.shape, attributes, (image, tap, at) => {
      sums[at]! += x!.data[image]! * weight!.data[tap]!;
    });
    out!.data.set(sums);
  },
});

/** Every product of a convolution: positions in the image [N, C, H, W], the kernel [O, C, kh, kw] and the output. */
function forEachTap(
  image: readonly number[],
  kernel: readonly number[],
  out: readonly number[],
  { strides, padding }: ConvAttributes,
  visit: (image: number, tap: number, out: number) => void,
): void {
  const [batch, channels, height, width] = image as [number, number, number, number];
  const [outputs, , kh, kw] = kernel as [number, number, number, number];
  const [rows, columns] = out.slice(2) as [number, number];
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < outputs; o++)
      for (let r = 0; r < rows; r++)
        for (let s = 0; s < columns; s++)
          for (let c = 0; c < channels; c++)
            for (let i = 0; i < kh; i++)
              for (let j = 0; j < kw; j++) {
                const y = r * strides[0] + i - padding[0];
                const x = s * strides[1] + j - padding[1];
                if (y < 0 || y >= height || x < 0 || x >= width) continue;
                visit(
                  ((n * channels + c) * height + y) * width + x,
                  ((o * channels + c) * kh + i) * kw + j,
                  ((n * outputs + o) * rows + r) * columns + s,
                );
              }
}

export interface ConvGradientAttributes extends ConvAttributes {
  /** [height, width] of what is computed: the image, or the kernel. */
  readonly size: readonly number[];
}

/** The gradient of the image from that of the output: a transposed convolution. */
export const conv2dInputGradientOp: Op<ConvGradientAttributes> = defineOp<ConvGradientAttributes>({
  name: 'conv2dInputGradient',
  infer([g, weight], { size }) {
    return [{ dtype: g!.dtype, shape: [g!.shape[0]!, weight!.shape[1]!, ...size] }];
  },
  onnx(emit, { inputs, outputs, inputTypes: [g, weight], attributes: { strides, padding, size } }) {
    // Rows of the image that the last window did not reach get zeros: that is ONNX's output_padding.
    const reached = [0, 1].map(
      (i) => ((g!.shape[2 + i] as number) - 1) * strides[i]! + (weight!.shape[2 + i] as number) - 2 * padding[i]!,
    );
    emit.node('ConvTranspose', inputs, outputs, {
      strides,
      pads: [...padding, ...padding],
      output_padding: size.map((n, i) => n - reached[i]!),
    });
  },
  gradient({ inputs: [g, weight], gradients: [second], attributes }) {
    return [
      apply(conv2dOp, [second!, weight!], attributes)[0]!,
      conv2dWeightGradient(second!, g!, { ...attributes, size: weight!.shape.slice(2) as number[] }),
    ];
  },
  reference({ inputs: [g, weight], outputs: [out], attributes }) {
    const sums = new Float64Array(out!.data.length);
    forEachTap(out!.shape, weight!.shape, g!.shape, attributes, (image, tap, at) => {
      sums[image]! += g!.data[at]! * weight!.data[tap]!;
    });
    out!.data.set(sums);
  },
});

/** The gradient of the kernel: a convolution of the image with the output's gradient, batch and channels swapped. */
export const conv2dWeightGradientOp: Op<ConvGradientAttributes> = defineOp<ConvGradientAttributes>({
  name: 'conv2dWeightGradient',
  infer([x, g], { size }) {
    return [{ dtype: x!.dtype, shape: [g!.shape[1]!, x!.shape[1]!, ...size] }];
  },
  onnx(emit, { inputs: [x, g], outputs, inputTypes: [image, gradient], attributes: { strides, padding, size } }) {
    const swap = { perm: [1, 0, 2, 3] };
    // The window slides by 1 and its taps lie `strides` apart; surplus rows at the end are cut by negative padding.
    const surplus = [0, 1].map(
      (i) =>
        (image!.shape[2 + i] as number) +
        2 * padding[i]! -
        (((gradient!.shape[2 + i] as number) - 1) * strides[i]! + size[i]!),
    );
    let source = emit.value('Transpose', [x!], swap);
    const ends = padding.map((p, i) => p - surplus[i]!);
    if (ends.some((end) => end < 0)) {
      source = emit.value('Pad', [source, emit.integers([0, 0, 0, 0, 0, 0, ...ends.map((end) => Math.min(end, 0))])]);
    }
    const product = emit.value('Conv', [source, emit.value('Transpose', [g!], swap)], {
      dilations: strides,
      pads: [...padding, ...ends.map((end) => Math.max(end, 0))],
    });
    emit.node('Transpose', [product], outputs, swap);
  },
  gradient({ inputs: [x, g], gradients: [second], attributes }) {
    return [
      conv2dInputGradient(g!, second!, { ...attributes, size: x!.shape.slice(2) as number[] }),
      apply(conv2dOp, [x!, second!], attributes)[0]!,
    ];
  },
  reference({ inputs: [x, g], outputs: [out], attributes }) {
    const sums = new Float64Array(out!.data.length);
    forEachTap(x!.shape, out!.shape, g!.shape, attributes, (image, tap, at) => {
      sums[tap]! += x!.data[image]! * g!.data[at]!;
    });
    out!.data.set(sums);
  },
});

/** x [N, C, H, W] with kernels weight [O, C, kh, kw] and bias [O] → [N, O, H', W']. */
export function conv2d(
  x: Value,
  weight: Value,
  bias: Value | null,
  options: { readonly stride: number; readonly padding: number },
): Value {
  return apply(conv2dOp, bias === null ? [x, weight] : [x, weight, bias], {
    strides: [options.stride, options.stride],
    padding: [options.padding, options.padding],
  })[0]!;
}

/** The image's gradient from that of the output: a transposed convolution. */
export function conv2dInputGradient(g: Value, weight: Value, attributes: ConvGradientAttributes): Value {
  return apply(conv2dInputGradientOp, [g, weight], attributes)[0]!;
}

/** The kernel's gradient from the image and the output's gradient. */
export function conv2dWeightGradient(x: Value, g: Value, attributes: ConvGradientAttributes): Value {
  return apply(conv2dWeightGradientOp, [x, g], attributes)[0]!;
}
