/** @file Elementwise functions of one float tensor. */

import { VlaError } from '../../base/errors.ts';
import { apply, type Value } from '../graph.ts';
import { isFloat } from '../host-array.ts';
import { defineOp, type GradientCall, type Op } from '../op.ts';
import { add, div, mul, sub } from './binary.ts';
import { cast } from './cast.ts';
import { erfNumber } from './erf.ts';
import { greater } from './logic.ts';

type NoAttributes = Readonly<Record<never, never>>;

/** The record of one function; `derivative` gives the gradient of x from that of y = f(x). */
function unary(
  name: string,
  onnxType: string,
  f: (x: number) => number,
  derivative: (g: Value, x: Value, y: Value) => Value,
  options: {
    readonly domain?: 'com.microsoft';
    readonly attributes?: Readonly<Record<string, { float: number }>>;
  } = {},
): Op<NoAttributes> {
  return defineOp<NoAttributes>({
    name,
    infer([x]) {
      if (!isFloat(x!.dtype) && name !== 'neg' && name !== 'abs') {
        throw new VlaError('bad-shape', `${name}: expected floats, got ${x!.dtype}.`, {
          hint: 'Convert with cast(x, dtype).',
        });
      }
      return [{ dtype: x!.dtype, shape: x!.shape }];
    },
    onnx(emit, { inputs, outputs }) {
      emit.node(onnxType, inputs, outputs, options.attributes, options.domain);
    },
    gradient({ inputs: [x], outputs: [y], gradients: [g] }: GradientCall<NoAttributes>) {
      return [derivative(g!, x!, y!)];
    },
    reference({ inputs: [x], outputs: [out] }) {
      for (let i = 0; i < out!.data.length; i++) out!.data[i] = f(x!.data[i]!);
    },
  });
}

const sigmoidNumber = (x: number): number => 1 / (1 + Math.exp(-x));

export const negOp = unary(
  'neg',
  'Neg',
  (x) => -x,
  (g) => neg(g),
);
export const absOp = unary('abs', 'Abs', Math.abs, (g, x) => mul(g, sign(x)));
export const signOp = unary('sign', 'Sign', Math.sign, (g) => mul(g, 0));
export const floorOp = unary('floor', 'Floor', Math.floor, (g) => mul(g, 0));
export const sqrtOp = unary('sqrt', 'Sqrt', Math.sqrt, (g, _x, y) => div(mul(g, 0.5), y));
export const reciprocalOp = unary(
  'reciprocal',
  'Reciprocal',
  (x) => 1 / x,
  (g, _x, y) => neg(mul(g, mul(y, y))),
);
export const expOp = unary('exp', 'Exp', Math.exp, (g, _x, y) => mul(g, y));
export const logOp = unary('log', 'Log', Math.log, (g, x) => div(g, x));
export const tanhOp = unary('tanh', 'Tanh', Math.tanh, (g, _x, y) => mul(g, sub(1, mul(y, y))));
export const sigmoidOp = unary('sigmoid', 'Sigmoid', sigmoidNumber, (g, _x, y) => mul(g, mul(y, sub(1, y))));
export const erfOp = unary('erf', 'Erf', erfNumber, (g, x) => mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))));
export const sinOp = unary('sin', 'Sin', Math.sin, (g, x) => mul(g, cos(x)));
export const cosOp = unary('cos', 'Cos', Math.cos, (g, x) => neg(mul(g, sin(x))));
export const reluOp = unary(
  'relu',
  'Relu',
  (x) => Math.max(x, 0),
  (g, x) => mul(g, cast(greater(x, 0), g.dtype)),
);
/** One kernel forward (QuickGelu with alpha 1); with s the sigmoid, the derivative is s + y (1 − s). */
export const siluOp = unary(
  'silu',
  'QuickGelu',
  (x) => x * sigmoidNumber(x),
  (g, x, y) => {
    const s = sigmoid(x);
    return mul(g, add(s, mul(y, sub(1, s))));
  },
  { domain: 'com.microsoft', attributes: { alpha: { float: 1 } } },
);

function applyUnary(op: Op<NoAttributes>, x: Value): Value {
  return apply(op, [x], {})[0]!;
}

/** −x. */
export function neg(x: Value): Value {
  return applyUnary(negOp, x);
}
/** |x|; the derivative at 0 is 0. */
export function abs(x: Value): Value {
  return applyUnary(absOp, x);
}
/** −1, 0 or 1; the gradient is zero. */
export function sign(x: Value): Value {
  return applyUnary(signOp, x);
}
/** The largest whole number not above x; the gradient is zero. */
export function floor(x: Value): Value {
  return applyUnary(floorOp, x);
}
/** √x. */
export function sqrt(x: Value): Value {
  return applyUnary(sqrtOp, x);
}
/** 1 / x. */
export function reciprocal(x: Value): Value {
  return applyUnary(reciprocalOp, x);
}
/** eˣ. */
export function exp(x: Value): Value {
  return applyUnary(expOp, x);
}
/** The natural logarithm. */
export function log(x: Value): Value {
  return applyUnary(logOp, x);
}
/** The hyperbolic tangent. */
export function tanh(x: Value): Value {
  return applyUnary(tanhOp, x);
}
/** 1 / (1 + e⁻ˣ). */
export function sigmoid(x: Value): Value {
  return applyUnary(sigmoidOp, x);
}
/** The error function. */
export function erf(x: Value): Value {
  return applyUnary(erfOp, x);
}
/** Sine of radians. */
export function sin(x: Value): Value {
  return applyUnary(sinOp, x);
}
/** Cosine of radians. */
export function cos(x: Value): Value {
  return applyUnary(cosOp, x);
}
/** max(x, 0); the derivative at 0 is 0. */
export function relu(x: Value): Value {
  return applyUnary(reluOp, x);
}
/** x · sigmoid(x), also called swish. */
export function silu(x: Value): Value {
  return applyUnary(siluOp, x);
}
