/** @file Matrices in few bits: the layout of their bytes, how near they stay to the numbers, and sessions that multiply by them. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { Random } from '../base/random.ts';
import { encodeSafetensors, parseHeader } from '../base/safetensors.ts';
import { f32, type Tensor } from '../base/tensor.ts';
import { hostNumbers } from './host-array.ts';
import {
  createSession,
  input,
  linear,
  output,
  safetensorsWeights,
  silu,
  trace,
  weight,
  type Runtime,
} from './index.ts';
import { optimise } from './passes/optimise.ts';
import { quantiseWeights } from './passes/quantise-weights.ts';
import { webGpuMissing } from './runtimes/webgpu-driver.ts';
import type { WeightPrecision } from './session-types.ts';
import { quantiseMatrix, type WeightLayout } from './weight-precision.ts';

const random = new Random(5);
const normals = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
const bf16 = (values: Float32Array, shape: readonly number[]): Tensor =>
  ({ dtype: 'bf16', shape, data: hostNumbers('bf16', values) }) as Tensor;

const [IN, WIDE, OUT] = [320, 512, 7];
const weights: Record<string, Tensor> = {
  up: bf16(normals(WIDE * IN), [WIDE, IN]),
  upBias: f32(normals(WIDE)),
  down: bf16(normals(IN * WIDE), [IN, WIDE]),
  last: f32(normals(OUT * IN), [OUT, IN]),
};
/** Two large maps, one with a bias, and a small one at the end; rows are not in the same range. */
const graph = trace(() => {
  const x = input('x', 'f32', ['T', IN]);
  const inner = silu(linear(x, weight('up', 'f32', [WIDE, IN]), weight('upBias', 'f32', [WIDE])));
  const y = linear(inner, weight('down', 'f32', [IN, WIDE]));
  output('y', y);
  output('end', linear(y, weight('last', 'f32', [OUT, IN])));
});
const x = f32(
  normals(9 * IN).map((value, i) => value * 10 ** (Math.floor(i / IN) % 3)),
  [9, IN],
);

async function run(runtime: Runtime, weightPrecision: WeightPrecision, more = {}): Promise<Record<string, Tensor>> {
  const session = await createSession(graph, { runtime, weights, weightPrecision, ...more });
  const results = await session.run({ x });
  await session.close();
  return results;
}

/** The root of the mean square difference, relative to `expected`, of the worst row. */
function rowError(actual: Tensor, expected: Tensor): number {
  const width = expected.shape.at(-1)!;
  let worst = 0;
  for (let row = 0; row < expected.data.length; row += width) {
    let [difference, size] = [0, 0];
    for (let i = row; i < row + width; i++) {
      difference += (Number(actual.data[i]) - Number(expected.data[i])) ** 2;
      size += Number(expected.data[i]) ** 2;
    }
    worst = Math.max(worst, Math.sqrt(difference / size));
  }
  return worst;
}

test('8 bits by channel: each column of the stored matrix is an output, its largest number 127 steps', () => {
  const matrix = f32([1, -2, 0.5, 0, 0, 0], [2, 3]);
  const { matrix: bytes, scale } = quantiseMatrix({ kind: 'channels' }, matrix);
  assert.deepEqual([...bytes], [64, 0, -127, 0, 32, 0]);
  assert.deepEqual([...scale], [Math.fround(2 / 127), 0]);
});

test('4 bits in blocks: two numbers to a byte, the first one low, and the largest number of a block is exact', () => {
  const values = Array.from({ length: 34 }, (_, i) => (i === 33 ? 3 : (i % 8) - 8 * Number(i < 8)));
  const { matrix, scale } = quantiseMatrix({ kind: 'blocks', bits: 4, block: 32 }, f32(values, [1, 34]));
  assert.equal(matrix.length, 2 * 16);
  // The first block has −8 as its peak, so that its step is 1; zero is level 8.
  assert.equal(scale[0], 1);
  assert.deepEqual([...matrix.subarray(0, 4)], [0x10, 0x32, 0x54, 0x76]);
  // The second is padded with zeros; its peak of 3 is level 0.
  assert.equal(scale[1], Math.fround(-3 / 8));
  assert.deepEqual([...matrix.subarray(16, 18)], [0x08 | 0x00, 0x88]);
});

test('numbers come back to half a step', () => {
  const matrix = f32(normals(4 * 64), [4, 64]);
  const { matrix: bytes, scale } = quantiseMatrix({ kind: 'channels' }, matrix);
  for (let n = 0; n < 4; n++) {
    for (let k = 0; k < 64; k++) {
      const back = bytes[k * 4 + n]! * scale[n]!;
      assert.ok(Math.abs(back - matrix.data[n * 64 + k]!) <= 0.5001 * scale[n]!);
    }
  }
});

test('large maps of inputs are rewritten, small ones and those of constants are not', () => {
  const layout: WeightLayout = { kind: 'channels' };
  const { graph: rewritten, quantised } = quantiseWeights(optimise(graph), layout);
  assert.deepEqual(
    quantised.map(({ name, shape }) => [name, ...shape]),
    [
      ['up', WIDE, IN],
      ['down', IN, WIDE],
    ],
  );
  assert.deepEqual(Object.keys(rewritten.weights).sort(), [
    'down.int8',
    'down.scale',
    'last',
    'up.int8',
    'up.scale',
    'upBias',
  ]);
  const constantOnly = trace(() => {
    const once = linear(
      silu(linear(weight('upBias', 'f32', [1, WIDE]), weight('down', 'f32', [IN, WIDE]))),
      weight('up', 'f32', [WIDE, IN]),
    );
    output('y', linear(input('x', 'f32', ['T', WIDE]), once));
  });
  assert.deepEqual(quantiseWeights(constantOnly, layout).quantised, []);
});

const exact = await run('cpu', 'f32');
const missing = await webGpuMissing();
for (const [runtime, precision, limit] of [
  ['cpu', 'int8', 0.02],
  ['cpu', 'int4', 0.15],
  ['reference', 'int8', 0.02],
  ['reference', 'int4', 0.15],
  ['webgpu', 'int8', 0.02],
  ['webgpu', 'int4', 0.15],
] as const) {
  test(
    `${precision} on ${runtime}: every row is near to float32`,
    { skip: runtime === 'webgpu' && missing },
    async () => {
      const results = await run(runtime, precision);
      // The last map has seven numbers to a row, whose error varies more.
      for (const [name, factor] of Object.entries({ y: 1, end: 2 })) {
        const error = rowError(results[name]!, exact[name]!);
        assert.ok(error > 1e-4 && error < factor * limit, `${name}: ${error}`);
      }
    },
  );
}

test('weights in a file give the same as in memory, by way of a file that goes or stays', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-precision-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const bytes = encodeSafetensors(weights);
  fs.mkdirSync(path.join(folder, 'blobs'));
  fs.mkdirSync(path.join(folder, 'model'));
  fs.writeFileSync(path.join(folder, 'blobs', 'abc'), bytes);
  fs.symlinkSync('../blobs/abc', path.join(folder, 'model', 'model.safetensors'));
  const inFile = safetensorsWeights(parseHeader(bytes, bytes.byteLength), 'model.safetensors');
  const place = { weights: inFile, weightFolder: path.join(folder, 'model'), threads: 2 };
  const cache = path.join(folder, 'cache');
  const before = fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith('vlakit-weights-'));
  for (const precision of ['int8', 'int4'] as const) {
    const inMemory = await run('cpu', precision);
    const once = await run('cpu', precision, place);
    const first = await run('cpu', precision, { ...place, weightCache: cache });
    const again = await run('cpu', precision, { ...place, weightCache: cache, worker: true });
    for (const results of [once, first, again]) assert.deepEqual(results['end']!.data, inMemory['end']!.data);
  }
  assert.equal(fs.readdirSync(cache).length, 2);
  const after = fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith('vlakit-weights-'));
  assert.deepEqual(after, before);
});

test('a large weight that is missing or has another shape is named', async () => {
  const { up, ...rest } = weights;
  await assert.rejects(
    createSession(graph, { runtime: 'cpu', weightPrecision: 'int8', weights: { ...rest, ups: up! } }),
    {
      code: 'not-found',
      message: 'weights: expected "up", got no such tensor.',
      hint: 'There is "ups".',
    },
  );
  const turned = { ...weights, up: { ...up!, shape: [IN, WIDE] } };
  await assert.rejects(createSession(graph, { runtime: 'cpu', weightPrecision: 'int8', weights: turned }), {
    code: 'bad-shape',
    message: `weights: "up": expected shape [${WIDE}, ${IN}], got [${IN}, ${WIDE}].`,
  });
});

test('a file that was cut off after its header was read is named', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-precision-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const bytes = encodeSafetensors(weights);
  const file = path.join(folder, 'model.safetensors');
  fs.writeFileSync(file, bytes.subarray(0, 5000));
  const inFile = safetensorsWeights(parseHeader(bytes, bytes.byteLength), 'model.safetensors');
  await assert.rejects(run('cpu', 'int8', { weights: inFile, weightFolder: folder }), {
    code: 'bad-data',
    message: /model\.safetensors: expected \d+ bytes, got 5000\.$/,
  });
});
