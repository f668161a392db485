/** @file Every operator, by name. */

import type { Op } from '../op.ts';
import * as after from './after.ts';
import * as attention from './attention.ts';
import * as binary from './binary.ts';
import * as cast from './cast.ts';
import * as conv from './conv.ts';
import * as fusedAttention from './fused-attention.ts';
import * as gather from './gather.ts';
import * as gelu from './gelu.ts';
import * as logic from './logic.ts';
import * as matmul from './matmul.ts';
import * as norm from './norm.ts';
import * as quantised from './quantised.ts';
import * as reduce from './reduce.ts';
import * as rotary from './rotary.ts';
import * as shape from './shape.ts';
import * as slice from './slice.ts';
import * as softmax from './softmax.ts';
import * as unary from './unary.ts';

/** All operator records. A test checks that each key is the record's own name and that each has test cases. */
export const OPS = {
  add: binary.addOp,
  sub: binary.subOp,
  mul: binary.mulOp,
  div: binary.divOp,
  pow: binary.powOp,
  maximum: binary.maximumOp,
  minimum: binary.minimumOp,
  neg: unary.negOp,
  abs: unary.absOp,
  sign: unary.signOp,
  floor: unary.floorOp,
  sqrt: unary.sqrtOp,
  reciprocal: unary.reciprocalOp,
  exp: unary.expOp,
  log: unary.logOp,
  tanh: unary.tanhOp,
  sigmoid: unary.sigmoidOp,
  erf: unary.erfOp,
  sin: unary.sinOp,
  cos: unary.cosOp,
  relu: unary.reluOp,
  silu: unary.siluOp,
  gelu: gelu.geluOp,
  cast: cast.castOp,
  stopGradient: cast.stopGradientOp,
  after: after.afterOp,
  equal: logic.equalOp,
  less: logic.lessOp,
  greater: logic.greaterOp,
  greaterOrEqual: logic.greaterOrEqualOp,
  and: logic.andOp,
  or: logic.orOp,
  not: logic.notOp,
  where: logic.whereOp,
  reshape: shape.reshapeOp,
  transpose: shape.transposeOp,
  expand: shape.expandOp,
  slice: slice.sliceOp,
  split: slice.splitOp,
  concat: slice.concatOp,
  pad: slice.padOp,
  reduceSum: reduce.reduceSumOp,
  reduceMean: reduce.reduceMeanOp,
  reduceSumSquare: reduce.reduceSumSquareOp,
  reduceMax: reduce.reduceMaxOp,
  dimSize: reduce.dimSizeOp,
  argMax: reduce.argMaxOp,
  cumsum: reduce.cumsumOp,
  matmul: matmul.matmulOp,
  gemm: matmul.gemmOp,
  quantiseRows: quantised.quantiseRowsOp,
  channelProduct: quantised.channelProductOp,
  blockProduct: quantised.blockProductOp,
  softmax: softmax.softmaxOp,
  logSoftmax: softmax.logSoftmaxOp,
  crossEntropy: softmax.crossEntropyOp,
  layerNorm: norm.layerNormOp,
  rmsNorm: norm.rmsNormOp,
  attention: attention.attentionOp,
  headsAttention: fusedAttention.headsAttentionOp,
  maskedAttention: fusedAttention.maskedAttentionOp,
  rotary: rotary.rotaryOp,
  gather: gather.gatherOp,
  gatherElements: gather.gatherElementsOp,
  scatterAdd: gather.scatterAddOp,
  oneHot: gather.oneHotOp,
  conv2d: conv.conv2dOp,
  conv2dInputGradient: conv.conv2dInputGradientOp,
  conv2dWeightGradient: conv.conv2dWeightGradientOp,
} as const satisfies Readonly<Record<string, Op>>;

/** The name of an operator. */
export type OpName = keyof typeof OPS;
