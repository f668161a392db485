/** @file Parameter trees: names, order, initial values, and tensors picked by name. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../base/random.ts';
import { f32, type Tensor } from '../base/tensor.ts';
import { trace } from '../engine/index.ts';
import { linearSpec, type Linear } from './linear.ts';
import {
  asInputs,
  asWeights,
  countParameters,
  flatten,
  mapTree,
  materialise,
  normal,
  parameter,
  pickTensors,
  type ParameterSpec,
} from './parameters.ts';

const spec = {
  layers: [linearSpec(3, 2, { bias: true }), linearSpec(2, 4, { bias: false })],
  norm: { weight: parameter([4], 'ones') },
  table: parameter([2, 2], { kind: 'values', fill: (i) => 10 * i }),
};

test('dotted names are those of PyTorch, in the order of the tree', () => {
  assert.deepEqual(
    flatten<ParameterSpec>(spec).map(([name, { shape }]) => `${name} ${shape.join('×')}`),
    ['layers.0.weight 2×3', 'layers.0.bias 2', 'layers.1.weight 4×2', 'norm.weight 4', 'table 2×2'],
  );
  assert.equal(countParameters(spec), 6 + 2 + 8 + 4 + 4);
});

test('mapping keeps the structure, and fields that are absent stay absent', () => {
  const sizes = mapTree(spec, (leaf: ParameterSpec) => leaf.shape.length);
  assert.deepEqual(sizes, { layers: [{ weight: 2, bias: 1 }, { weight: 2 }], norm: { weight: 1 }, table: 2 });
  const optional: Linear<ParameterSpec> = { weight: parameter([1], 'ones') };
  assert.deepEqual(Object.keys(mapTree(optional, (leaf: ParameterSpec) => leaf)), ['weight']);
});

test('initial values follow their rule and their seed', () => {
  const values = (seed: number) => materialise(spec, new Random(seed));
  const first = values(1);
  assert.deepEqual([...first.norm.weight.data], [1, 1, 1, 1]);
  assert.deepEqual([...first.table.data], [0, 10, 20, 30]);
  assert.deepEqual([...first.layers[0]!.bias!.data], [0, 0]);
  assert.deepEqual(values(1), first);
  assert.notDeepEqual(values(2).layers[0]!.weight.data, first.layers[0]!.weight.data);
  const many = materialise({ noise: parameter([20_000], normal(0.5)) }, new Random(3)).noise.data as Float32Array;
  const mean = many.reduce((sum, x) => sum + x, 0) / many.length;
  const std = Math.sqrt(many.reduce((sum, x) => sum + (x - mean) ** 2, 0) / many.length);
  assert.ok(Math.abs(mean) < 0.015 && Math.abs(std - 0.5) < 0.01, `mean ${mean}, standard deviation ${std}`);
});

test('inputs and weights of a graph carry the names', () => {
  const names = flatten<ParameterSpec>(spec).map(([name]) => name);
  assert.deepEqual(Object.keys(trace(() => void asInputs(spec)).inputs), names);
  assert.deepEqual(Object.keys(trace(() => void asWeights(spec)).weights), names);
});

test('tensors are picked by name and checked', () => {
  const tensors: Record<string, Tensor> = {
    ...Object.fromEntries(flatten<Tensor>(materialise(spec, new Random(4)))),
    other: f32([1]),
  };
  assert.equal(pickTensors(spec, tensors).layers[1]!.weight, tensors['layers.1.weight']);
  assert.throws(() => pickTensors(spec, { ...tensors, table: f32([1, 2, 3, 4]) }), {
    code: 'bad-shape',
    message: 'weights "table": expected shape [2, 2], got [4].',
  });
  const { 'norm.weight': _, ...without } = tensors;
  assert.throws(() => pickTensors(spec, without), { code: 'not-found', message: /norm\.weight/ });
});
