/** @file The policy codec: what training and serving see is the same, decoding undoes encoding, bad input is named. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, noiseImage, tinyDesign, tinyRobot, tinySample } from '../../tests/codec-fixtures.ts';
import { tabletopTokenizer } from '../../tests/tabletop-tokenizer.ts';
import { Random } from '../base/random.ts';
import type { Tensor } from '../base/tensor.ts';
import { parseCodecConfig } from './codec-config.ts';
import { designCodec } from './design-codec.ts';
import { imageFromPatches } from './patches.ts';
import { createCodec } from './policy-codec.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { TrainingSample } from './sample.ts';

const codec = codecOf(tinyDesign);
const samples = [1, 2, 3].map(tinySample);

/** Row `b` of a batched tensor. */
function row(batch: Record<string, Tensor>, name: string, b: number): number[] {
  const { data, shape } = batch[name]!;
  const size = data.length / shape[name === 'positions' ? 1 : 0]!;
  if (name !== 'positions') return Array.from(data.slice(b * size, (b + 1) * size), Number);
  const [axes, count, length] = shape as [number, number, number];
  return Array.from({ length: axes * length }, (_, i) =>
    Number(data[(Math.floor(i / length) * count + b) * length + (i % length)]),
  );
}

test('a batch has exactly the tensors that it declares', () => {
  const batch = codec.collate(samples, null);
  const shapes = Object.fromEntries(Object.entries(batch).map(([name, { dtype, shape }]) => [name, { dtype, shape }]));
  assert.deepEqual(shapes, codec.trainingInputs(3));
  assert.deepEqual(Object.keys(codec.observationInputs(1)), [
    'pixels.front',
    'pixels.wrist',
    'tokens',
    'tokenMask',
    'lastToken',
    'positions',
    'state',
  ]);
  assert.deepEqual(shapes['pixels.front']!.shape, [3, 64, 48]);
  assert.deepEqual(shapes['targetPatch']!.shape, [3, 16]);
});

test('serving and training without augmentation see the same numbers', () => {
  const batch = codec.collate(samples, null);
  for (const [b, sample] of samples.entries()) {
    const served = codec.encodeObservation(sample);
    for (const name of Object.keys(served)) assert.deepEqual(row(served, name, 0), row(batch, name, b), name);
  }
});

test('pixels are those of the image', () => {
  const served = codec.encodeObservation(samples[0]!);
  const [front] = codec.config.cameras;
  assert.deepEqual(
    imageFromPatches(served['pixels.front']!.data as Float32Array, front!),
    samples[0]!.images['front']!.data,
  );
});

test('state and actions are normalised and padded, and what does not count is masked', () => {
  const sample: TrainingSample = {
    ...samples[0]!,
    state: Float32Array.of(1, 0, 0.04),
    actions: Float32Array.of(0.5, -0.5, 1, 0, 0, -1, 0.25, 0, 0, 0.25, 0, 0),
  };
  const batch = codec.collate([sample], null);
  const near = (name: string, expected: number[]): void => {
    row(batch, name, 0).forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-6, `${name} ${i}`));
  };
  near('state', [1, 0, 1, 0]);
  near('actions', [1, -1, 1, 0, 0, 0, 0, -1, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0]);
  assert.deepEqual(row(batch, 'actionMask', 0), [1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
});

test('the last token of the prompt is marked', () => {
  const batch = codec.collate(samples, null);
  for (let b = 0; b < 3; b++) {
    const mask = row(batch, 'tokenMask', b);
    const last = row(batch, 'lastToken', b).indexOf(1);
    assert.equal(last, mask.lastIndexOf(1));
    assert.equal(row(batch, 'tokens', b)[last], codec.tokenizer.id('<|im_end|>'));
    assert.equal(
      row(batch, 'lastToken', b).reduce((sum, value) => sum + value),
      1,
    );
  }
});

test('decoding undoes encoding and respects the robot’s limits', () => {
  for (const sample of samples) {
    const chunk = codec.decodeActions(codec.encodeActions(sample.actions, sample.state));
    assert.deepEqual([chunk.horizon, chunk.dim], [4, 3]);
    chunk.data.forEach((value, i) => assert.ok(Math.abs(value - sample.actions[i]!) < 1e-6));
  }
  const wild = codec.decodeActions(new Float32Array(20).fill(9));
  assert.deepEqual([...wild.data], Array(12).fill(1));
});

/** The tiny robot, were its actions targets. */
const absoluteRobot: Embodiment = {
  ...tinyRobot,
  action: { ...tinyRobot.action, convention: { ...tinyRobot.action.convention, reference: 'absolute' } },
};

test('chunk-relative actions need the state, and come back with it', () => {
  const relative = codecOf({
    ...tinyDesign,
    embodiment: absoluteRobot,
    reference: { from: 'absolute', to: 'relative-to-chunk-start', stateIndex: [0, 1, null], period: null },
  });
  const [sample] = samples;
  const encoded = relative.encodeActions(sample!.actions, sample!.state);
  const { data } = relative.decodeActions(encoded, sample!.state);
  data.forEach((value, i) => assert.ok(Math.abs(value - sample!.actions[i]!) < 1e-6));
  assert.equal(relative.needsState, true);
  assert.throws(() => relative.decodeActions(encoded), { code: 'bad-argument', message: /expected the robot state/ });
});

test('augmentation repeats by seed, differs by sample, and moves the boxes along', () => {
  const randoms = (): Random[] => samples.map((_, i) => new Random(5, i));
  const first = codec.collate(samples, randoms());
  assert.deepEqual(codec.collate(samples, randoms()), first);
  const plain = codec.collate(samples, null);
  assert.notDeepEqual(first['pixels.front'], plain['pixels.front']);
  // The wrist camera has no augmentation.
  assert.deepEqual(first['pixels.wrist'], plain['pixels.wrist']);
  assert.deepEqual(row(plain, 'targetBox', 0), [0.5, 0.25, 0.75, 0.5]);
  assert.equal(row(plain, 'targetPatch', 0).indexOf(1), 1 * 4 + 2);
  // A white square where the box is: wherever it goes, the box must frame it.
  const front = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3) };
  for (let y = 8; y < 16; y++) front.data.fill(255, (y * 32 + 16) * 3, (y * 32 + 24) * 3);
  const moved = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const sample = { ...samples[0]!, images: { ...samples[0]!.images, front } };
    const batch = codec.collate([sample], [new Random(seed)]);
    const image = imageFromPatches(batch['pixels.front']!.data as Float32Array, codec.config.cameras[0]!);
    const lit = Array.from({ length: 1024 }, (_, i) => i).filter((i) => image[3 * i]! > 128);
    const columns = lit.map((i) => i % 32);
    const rows = lit.map((i) => Math.floor(i / 32));
    const box = [Math.min(...columns), Math.min(...rows), Math.max(...columns) + 1, Math.max(...rows) + 1];
    assert.deepEqual(
      row(batch, 'targetBox', 0).map((value) => value * 32),
      box,
    );
    moved.add(box.join());
  }
  assert.ok(moved.size > 10);
});

test('boxes go through the camera’s geometry, and what is out of sight is zero', () => {
  const design = {
    ...tinyDesign,
    supervision: [
      { kind: 'box', feature: 'supervision.target_box.front', output: 'box', camera: 'wrist' },
      { kind: 'patch', feature: 'supervision.target_box.front', output: 'patch', camera: 'wrist' },
    ] as const,
  };
  const boxOf = (...box: number[]): number[][] => {
    const supervision = { 'supervision.target_box.front': Float32Array.from(box) };
    const batch = codecOf(design).collate([{ ...samples[0]!, supervision }], null);
    return [row(batch, 'box', 0), row(batch, 'patch', 0)];
  };
  // 40 × 20 pixels become 16 × 8 in the middle of 16 × 16.
  assert.deepEqual(boxOf(0, 0, 1, 1), [
    [0, 0.25, 1, 0.75],
    [0, 0, 0, 1],
  ]);
  assert.deepEqual(boxOf(0, 0, 0.25, 0.5), [
    [0, 0.25, 0.25, 0.5],
    [1, 0, 0, 0],
  ]);
  assert.deepEqual(boxOf(0, 0, 0, 0), [
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
});

test('memory can be used again', () => {
  const into = codec.collate(
    samples,
    [1, 2, 3].map((seed) => new Random(seed)),
  );
  const others = [4, 5, 6].map(tinySample).map((sample) => ({ ...sample, actionIsPad: Uint8Array.of(0, 1, 1, 1) }));
  const again = codec.collate(others, null, into);
  assert.equal(again['pixels.front']!.data, into['pixels.front']!.data);
  assert.deepEqual(again, codec.collate(others, null));
  assert.throws(() => codec.collate(others.slice(1), null, into), { code: 'bad-shape' });
});

test('the configuration survives JSON, and a changed one is refused field by field', () => {
  const json = JSON.parse(JSON.stringify(codec.config)) as Record<string, unknown>;
  const again = createCodec(parseCodecConfig(json, 'codec.json'), tabletopTokenizer());
  assert.deepEqual(again.collate(samples, null), codec.collate(samples, null));
  const broken = { ...json, horizon: 0, controlHz: '20', surprise: 1 };
  assert.throws(() => parseCodecConfig(broken, 'run/codec.json'), {
    code: 'bad-data',
    message: /^run\/codec\.json: expected a codec configuration, got controlHz: .*horizon: .*surprise/,
  });
  assert.throws(() => parseCodecConfig(null, 'run/codec.json'), { code: 'bad-data' });
});

test('bad observations are one clear error each', () => {
  const [good] = samples;
  const { front, wrist } = good!.images;
  const cases: [Partial<TrainingSample>, string, RegExp][] = [
    [{ images: { front: front! } }, 'not-found', /camera image: expected one of front, got "wrist"/],
    [{ state: Float32Array.of(0, 0) }, 'bad-shape', /^state: expected 3 values, got 2\.$/],
    [
      { state: Float32Array.of(0, NaN, 0) },
      'not-finite',
      /^state: expected finite numbers, got NaN at index 1 \(y\)\.$/,
    ],
    [{ images: { front: noiseImage(16, 16, 1), wrist: wrist! } }, 'bad-shape', /expected 32×32 pixels .* got 16×16/],
    [
      { images: { front: { ...front!, data: front!.data.subarray(1) }, wrist: wrist! } },
      'bad-shape',
      /camera "front": expected 32×32×3 = 3072 RGB bytes, got 3071/,
    ],
    [{ instruction: 'word '.repeat(20) }, 'bad-argument', /expected at most 12 tokens/],
  ];
  for (const [change, code, message] of cases) {
    assert.throws(() => codec.encodeObservation({ ...good!, ...change }), { code, message });
    assert.throws(() => codec.collate([{ ...good!, ...change }], null), { code, message });
  }
});

test('bad samples and outputs are one clear error each', () => {
  const [good] = samples;
  const actions = good!.actions.slice();
  actions[4] = Infinity;
  const cases: [Partial<TrainingSample>, string, RegExp][] = [
    [{ actions }, 'not-finite', /^action: expected finite numbers, got Infinity at index 1 \(dy\) of row 1\.$/],
    [{ actions: actions.slice(3) }, 'bad-shape', /^action chunk: expected 12 values, got 9\.$/],
    [{ actionIsPad: new Uint8Array(5) }, 'bad-shape', /^actionIsPad: expected 4 values, got 5\.$/],
    [{ supervision: {} }, 'bad-data', /^supervision\.target_position: expected 3 finite numbers, got no such feature/],
    [
      { supervision: { ...good!.supervision, 'supervision.subtask': Float32Array.of(3) } },
      'bad-data',
      /^supervision\.subtask: expected a whole number below 3, got 3\.$/,
    ],
  ];
  for (const [change, code, message] of cases) {
    assert.throws(() => codec.collate([{ ...good!, ...change }], null), { code, message });
  }
  const output = new Float32Array(20);
  output[6] = NaN;
  assert.throws(() => codec.decodeActions(output), {
    code: 'not-finite',
    message: 'decoded action: expected finite numbers, got NaN at index 1 (dy) of row 1.',
  });
  assert.throws(() => codec.decodeActions(output.subarray(1)), { code: 'bad-shape' });
});

test('a design names a camera that the robot lacks, and fits its parts', () => {
  const tokenizer = tabletopTokenizer();
  const [front] = tinyDesign.cameras;
  assert.throws(() => designCodec({ ...tinyDesign, cameras: [{ ...front!, name: 'fromt' }] }, tokenizer), {
    code: 'not-found',
    hint: 'Did you mean "front"?',
  });
  assert.throws(() => codecOf({ ...tinyDesign, actionSize: 2 }), { message: /different slots below 2/ });
  const reference = { from: 'absolute', to: 'delta', stateIndex: [0, 1, 7], period: null } as const;
  assert.throws(() => codecOf({ ...tinyDesign, embodiment: absoluteRobot, reference }), {
    message: 'action steps: expected state indices below 3, got 7.',
  });
  // The tiny robot's actions are changes already.
  assert.throws(() => codecOf({ ...tinyDesign, reference: { ...reference, stateIndex: [0, 1, null] } }), {
    code: 'mismatch',
    message: 'action steps: expected a change from "delta", got one from "absolute".',
  });
  const { low: _low, ...half } = tinyRobot.action;
  assert.throws(() => codecOf({ ...tinyDesign, embodiment: { ...tinyRobot, action: half } }), {
    message: 'tiny-robot: expected both action limits or none, got only one.',
  });
});
