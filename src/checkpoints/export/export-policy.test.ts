/** @file Exported policies: plain ONNX Runtime gives the chunks of our own policy, for every image and vector step. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { vlakit } from '../../../tests/processes/vlakit.ts';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { Random } from '../../base/random.ts';
import { shippedFile } from '../../base/shipped-file.ts';
import { f32, tensor, type Tensor } from '../../base/tensor.ts';
import type { CameraConfig } from '../../codec/codec-config.ts';
import { processImage, type ImageStep } from '../../codec/images.ts';
import { createPatchWriter, patchCount, patchSize } from '../../codec/patches.ts';
import { NO_AUGMENTATION } from '../../codec/augment.ts';
import { createVectorCodec, type VectorStep } from '../../codec/vector-steps.ts';
import { cast, createSession, input, output, reshape, trace } from '../../engine/index.ts';
import type { Observation } from '../../interfaces/observation.ts';
import { FAMILIES } from '../../models/families.ts';
import { createFlowPolicy } from '../../models/flow-policy.ts';
import { flatten, materialise } from '../../nn/parameters.ts';
import { loadPolicy } from '../../training/load-policy.ts';
import { readPolicyCheckpoint } from '../policy-checkpoint.ts';
import { exportPolicy, type ExportedPolicy } from './export-policy.ts';
import { patchesGraph } from './image-graph.ts';
import { decodeGraph, encodeGraph, stepsLeft } from './vector-graph.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'export-'));
const checkpoint = path.dirname(shippedFile('checkpoints/quickstart/config.json'));
const folder = path.join(root, 'exported');
before(async () => {
  const { code, err, out } = await vlakit(['export', checkpoint, '--out', folder], { cwd: root });
  assert.equal(code, 0, err);
  assert.match(out, /in {3}image\.front +uint8 \[64, 64, 3\]/);
});
after(() => fs.rmSync(root, { recursive: true }));

/** What examples/run-exported-policy.mjs gives. */
type Act = (observation: {
  readonly images: Readonly<Record<string, Uint8Array>>;
  readonly state: Float32Array;
  readonly instruction: string;
  readonly noise: Float32Array;
}) => Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }>;

function observation(random: Random): Observation {
  const image = () => ({
    width: 64,
    height: 64,
    data: Uint8Array.from({ length: 64 * 64 * 3 }, () => random.integer(256)),
  });
  const state = Float32Array.from([0.5, 0, 0.3, 3.1, 0.1, 0, 0.04, -0.04], (value) => value + 0.05 * random.normal());
  return { images: { front: image(), wrist: image() }, state, instruction: 'lift the green cube' };
}

const example = pathToFileURL(path.join(repositoryRoot, 'examples', 'run-exported-policy.mjs')).href;

test('the example in plain ONNX Runtime acts as our policy does on the same noise', async () => {
  const { openPolicy } = (await import(example)) as { openPolicy(folder: string): Promise<Act> };
  const act = await openPolicy(folder);
  const policy = await loadPolicy(checkpoint, { runtime: 'cpu', threads: 1, inWorker: false });
  for (const seed of [1, 2, 3]) {
    const { images, state, instruction } = observation(new Random(seed));
    await policy.reset({ seed });
    const expected = await policy.infer({ images, state, instruction });
    const random = new Random(seed, 0);
    const noise = Float32Array.from({ length: 8 * 7 }, () => random.normal());
    const bytes = Object.fromEntries(Object.entries(images).map(([name, { data }]) => [name, data]));
    const { data, dims } = await act({ images: bytes, state: Float32Array.from(state), instruction, noise });
    assert.deepEqual(dims, [expected.horizon, expected.dim]);
    const worst = Math.max(...data.map((value, i) => Math.abs(value - expected.data[i]!)));
    assert.ok(worst <= 1e-5, `seed ${seed}: largest difference ${worst}`);
  }
  await policy.close();
});

for (const family of Object.values(FAMILIES)) {
  test(`any family is exported: ${family.name}`, async () => {
    const shipped = readPolicyCheckpoint(checkpoint);
    const { codec, embodiment } = shipped;
    const { stateDim, actionDim } = codec;
    const config = family.tiny({ vocabulary: codec.tokenizer.vocabularySize, stateDim, actionDim, supervision: {} });
    const spec = family.spec(config, codec.layout.length);
    const weights = Object.fromEntries(flatten<Tensor>(materialise(spec, new Random(3))));
    const settings = { eulerSteps: 2, noiseScale: 1 };
    const at = path.join(root, family.name);
    await exportPolicy({ ...shipped, family, config, weights, settings }, at);
    const { openPolicy } = (await import(example)) as { openPolicy(folder: string): Promise<Act> };
    const act = await openPolicy(at);
    const session = { runtime: 'cpu', threads: 1 } as const;
    const parts = { name: 'x', family, config, codec, embodiment, weights, steps: 2, noiseScale: 1, session };
    const policy = await createFlowPolicy(parts);
    const { images, state, instruction } = observation(new Random(4));
    await policy.reset({ seed: 9 });
    const expected = await policy.infer({ images, state, instruction });
    const random = new Random(9, 0);
    const noise = Float32Array.from({ length: 8 * 7 }, () => random.normal());
    const bytes = Object.fromEntries(Object.entries(images).map(([name, { data }]) => [name, data]));
    const { data } = await act({ images: bytes, state: Float32Array.from(state), instruction, noise });
    await policy.close();
    const worst = Math.max(...data.map((value, i) => Math.abs(value - expected.data[i]!)));
    assert.ok(worst <= 1e-5, `largest difference ${worst}`);
  });
}

test('policy.json says what goes in and out, and works one prompt out', () => {
  const policy = JSON.parse(fs.readFileSync(path.join(folder, 'policy.json'), 'utf8')) as ExportedPolicy;
  const { codec } = readPolicyCheckpoint(checkpoint);
  const { example, padId, length } = policy.prompt;
  const { tokens } = codec.encodeObservation({ ...observation(new Random(1)), instruction: example.instruction });
  const padded = [...example.tokens, ...Array<number>(length - example.tokens.length).fill(padId)];
  assert.deepEqual(Array.from(tokens!.data, Number), padded);
  assert.deepEqual(policy.imageSteps, { front: [], wrist: [] });
  assert.deepEqual(fs.readdirSync(folder).sort(), [
    'model.onnx',
    'model.safetensors',
    'policy.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
});

const camera = (steps: readonly ImageStep[], width: number, height: number): CameraConfig => ({
  name: 'c',
  steps,
  width,
  height,
  patch: 2,
  merge: 2,
  temporal: 2,
  augmentation: null,
});
const CAMERAS: Readonly<Record<string, CameraConfig>> = {
  'no step': camera([], 40, 24),
  smaller: camera([{ kind: 'resize', width: 16, height: 12, filter: 'bilinear' }], 16, 12),
  'larger, bicubic': camera([{ kind: 'resize', width: 64, height: 24, filter: 'bicubic' }], 64, 24),
  'with pad': camera([{ kind: 'resize-with-pad', width: 32, height: 32, filter: 'bilinear', fill: 127 }], 32, 32),
  'to a square, then smaller': camera(
    [
      { kind: 'pad-to-square', fill: 0 },
      { kind: 'resize', width: 12, height: 12, filter: 'bicubic' },
    ],
    12,
    12,
  ),
  'a crop of odd sides': camera(
    [
      { kind: 'centre-crop', width: 36, height: 20 },
      { kind: 'centre-crop', width: 16, height: 8 },
    ],
    16,
    8,
  ),
  'a zoom': camera([{ kind: 'centre-zoom', share: 0.83, filter: 'bicubic' }], 40, 24),
  'a smart resize': camera(
    [{ kind: 'smart-resize', factor: 4, minPixels: 100, maxPixels: 600, filter: 'bicubic' }],
    28,
    16,
  ),
  'a crop': camera([{ kind: 'centre-crop', width: 20, height: 16 }], 20, 16),
};

for (const [name, config] of Object.entries(CAMERAS)) {
  test(`images in the graph are the codec’s, bit for bit: ${name}`, async () => {
    const random = new Random(5);
    const image = { width: 40, height: 24, data: Uint8Array.from({ length: 40 * 24 * 3 }, () => random.integer(256)) };
    const expected = new Float32Array(patchCount(config) * patchSize(config));
    createPatchWriter(config, 'c')(processImage(image, config.steps).data, NO_AUGMENTATION, expected, 0);
    const graph = trace(() => output('y', patchesGraph(input('x', 'u8', [24, 40, 3]), config, config.steps)));
    const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
    const { y } = await session.run({ x: tensor('u8', [24, 40, 3], image.data) });
    await session.close();
    assert.deepEqual(y!.data, expected);
  });
}

const statistics = {
  min: [-2, -1, 0.5],
  max: [2, 1, 0.5],
  mean: [0.1, 0, 0.5],
  std: [1, 0.5, 0],
  q01: [-1.9, -0.9, 0.5],
  q99: [1.8, 0.8, 0.5],
};
const quantile: VectorStep = {
  kind: 'normalise',
  normalisation: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0, statistics },
};
const meanStd: VectorStep = { kind: 'normalise', normalisation: { kind: 'mean-std', epsilon: 1e-6, statistics } };
const clampStep: VectorStep = { kind: 'clamp', limit: 1.5 };
const reference = (from: 'absolute' | 'delta', to: 'delta' | 'relative-to-chunk-start'): VectorStep => ({
  kind: 'reference',
  change: { from, to, stateIndex: [1, 0, null], period: [null, 2 * Math.PI, null] },
});
const byStep: VectorStep = {
  kind: 'normalise',
  normalisation: {
    kind: 'mean-std-by-step',
    epsilon: 1e-6,
    mean: [0, 1, 2, 3].map((h) => [h, -h, 0.5]),
    std: [0, 1, 2, 3].map((h) => [1 + h, 0.5, h]),
  },
};
const LISTS: Readonly<Record<string, readonly VectorStep[]>> = {
  none: [],
  'quantiles, clamp and pad': [quantile, clampStep, { kind: 'pad', size: 5, slots: null }],
  'deviations in slots': [meanStd, { kind: 'pad', size: 6, slots: [4, 0, 2] }],
  'limits and deltas of absolute actions': [
    { kind: 'limit', low: [-1, -1, -1], high: [1, 1, 1] },
    reference('absolute', 'relative-to-chunk-start'),
    quantile,
  ],
  'chunk-relative from deltas': [reference('delta', 'relative-to-chunk-start'), meanStd],
  'deviations of each step': [byStep],
  'deltas of absolute actions': [reference('absolute', 'delta')],
};

for (const [name, steps] of Object.entries(LISTS)) {
  test(`vectors in the graph are the codec’s: ${name}`, async () => {
    const random = new Random(7);
    const names = ['a', 'b', 'c'];
    const vectors = createVectorCodec(names, steps, 'test');
    const H = 4;
    const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => 2 * random.normal());
    const [state, actions] = [draw(3), draw(H * vectors.encodedDim)];
    const encodes = !steps.some((step) => step.kind === 'reference' || step === byStep);
    const graph = trace(() => {
      const s = reshape(cast(input('state', 'f32', [3]), 'f64'), [1, 3]);
      if (encodes) output('encoded', encodeGraph(steps, s));
      output('decoded', decodeGraph(steps, 3, input('actions', 'f32', [H, vectors.encodedDim]), s));
    });
    const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
    const { encoded, decoded } = await session.run({
      state: f32(state),
      actions: f32(actions, [H, vectors.encodedDim]),
    });
    await session.close();
    if (encodes) assert.deepEqual(encoded!.data, Float32Array.from(vectors.encode(state, state, 'state')));
    assert.deepEqual(decoded!.data, Float32Array.from(vectors.decode(actions, state, 'action')));
  });
}

test('what a graph cannot undo is left to the caller, with all that comes before it', () => {
  const pose: VectorStep = { kind: 'relative-pose', poses: [] };
  const limit: VectorStep = { kind: 'limit', low: [-1, -1, -1], high: [1, 1, 1] };
  assert.deepEqual(stepsLeft([limit, pose, quantile]), [limit, pose]);
  assert.deepEqual(stepsLeft([limit, quantile]), []);
  trace(() => {
    const state = cast(input('state', 'f32', [1, 3]), 'f64');
    assert.throws(() => encodeGraph([pose], state), { code: 'unsupported', message: /"relative-pose" of the state/ });
  });
});
