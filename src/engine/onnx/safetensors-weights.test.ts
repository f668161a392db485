/** @file Weights inside a safetensors file: loaded in place, bf16 too, and refused when they do not fit. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { encodeSafetensors, parseHeader } from '../../base/safetensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import { hostNumbers } from '../host-array.ts';
import { createSession, input, linear, output, trace, weight } from '../index.ts';
import { safetensorsWeights } from './safetensors-weights.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-weights-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

const W = Array.from({ length: 64 * 32 }, (_, i) => ((i % 17) - 8) / 16);
const bytes = encodeSafetensors({
  ignored: f32([1, 2, 3]),
  kernel: { dtype: 'bf16', shape: [64, 32], data: hostNumbers('bf16', W) } as Tensor,
  b: f32(Array.from({ length: 64 }, (_, i) => i)),
});
fs.writeFileSync(path.join(folder, 'model.safetensors'), bytes);
const weights = safetensorsWeights(parseHeader(bytes, bytes.byteLength), 'model.safetensors');

const graph = trace(() => {
  output('y', linear(input('x', 'f32', ['N', 32]), weight('kernel', 'f32', [64, 32]), weight('b', 'f32', [64])));
});

test('ONNX Runtime reads float32 and bfloat16 weights from the file', async () => {
  const session = await createSession(graph, { runtime: 'cpu', weights, weightFolder: folder });
  const { y } = await session.run({
    x: f32(
      Array.from({ length: 32 }, (_, i) => i / 8),
      [1, 32],
    ),
  });
  await session.close();
  for (let o = 0; o < 64; o++) {
    let expected = o;
    for (let i = 0; i < 32; i++) expected += (i / 8) * W[o * 32 + i]!;
    assert.ok(Math.abs(Number(y!.data[o]) - expected) < 1e-4, `output ${o}: expected ${expected}, got ${y!.data[o]}`);
  }
});

test('a weight that is missing or has another shape is named', async () => {
  const missing = { b: weights['b']!, kernels: weights['kernel']! };
  await assert.rejects(createSession(graph, { runtime: 'cpu', weights: missing, weightFolder: folder }), {
    code: 'not-found',
    message: 'weights: expected "kernel", got no such tensor.',
    hint: 'There is "kernels".',
  });
  const other = { ...weights, b: { ...weights['b']!, shape: [32] } };
  await assert.rejects(createSession(graph, { runtime: 'cpu', weights: other, weightFolder: folder }), {
    code: 'bad-shape',
    message: 'weights: "b": expected shape [64], got [32].',
  });
});
