/** @file Rotary position embedding (Su et al. 2021, arXiv 2104.09864) in the layout that pairs entry i with entry i + d/2. */

import { VlaError } from '../../base/errors.ts';
import { shapeText } from '../axis-size.ts';
import { apply, type Value } from '../graph.ts';
import { defineOp } from '../op.ts';
import { add, mul, sub } from './binary.ts';
import { reduceSum } from './reduce.ts';
import { split } from './slice.ts';
import { neg } from './unary.ts';

type NoAttributes = Readonly<Record<never, never>>;

export const rotaryOp = defineOp<NoAttributes>({
  name: 'rotary',
  infer([x, cos, sin]) {
    const [b, , t, d] = x!.shape;
    const half = typeof d === 'number' && d % 2 === 0 ? d / 2 : undefined;
    const table = shapeText([b!, t!, half ?? 'd/2']);
    if (
      x!.shape.length !== 4 ||
      half === undefined ||
      shapeText(cos!.shape) !== table ||
      shapeText(sin!.shape) !== table
    ) {
      throw new VlaError(
        'bad-shape',
        `rotary: expected x [B, H, T, d] with even d, cos and sin [B, T, d/2], got ${[x!, cos!, sin!].map((v) => shapeText(v.shape)).join(', ')}.`,
      );
    }
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  onnx(emit, { inputs, outputs }) {
    emit.node('RotaryEmbedding', inputs, outputs, { interleaved: 0 });
  },
  gradient({ inputs: [x, cos, sin], gradients: [g] }) {
    const half = (x!.shape[3] as number) / 2;
    const [x1, x2] = split(x!, 3, [half, half]);
    const [g1, g2] = split(g!, 3, [half, half]);
    // The rotation is orthogonal: its transpose turns the other way.
    return [
      rotary(g!, cos!, neg(sin!)),
      reduceSum(add(mul(g1!, x1!), mul(g2!, x2!)), [1]),
      reduceSum(sub(mul(g2!, x1!), mul(g1!, x2!)), [1]),
    ];
  },
  reference({ inputs: [x, cos, sin], outputs: [out] }) {
    const [batch, heads, length, d] = x!.shape as [number, number, number, number];
    const half = d / 2;
    for (let row = 0; row < batch * heads * length; row++) {
      const table = (Math.floor(row / heads / length) * length + (row % length)) * half;
      for (let i = 0; i < half; i++) {
        const [a, b] = [x!.data[row * d + i]!, x!.data[row * d + i + half]!];
        const [c, s] = [cos!.data[table + i]!, sin!.data[table + i]!];
        out!.data[row * d + i] = a * c - b * s;
        out!.data[row * d + i + half] = b * c + a * s;
      }
    }
  },
});

/** Each pair (x[i], x[i + d/2]) turned by its angle: x [B, H, T, d], cos and sin of the angles [B, T, d/2]. */
export function rotary(x: Value, cos: Value, sin: Value): Value {
  return apply(rotaryOp, [x, cos, sin], {})[0]!;
}
