/** @file Codecs of published models against the formulas of their code: ranges, views, relative actions, horizons. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { SMALL_ZR0 } from '../../tests/published-folders.ts';
import { tabletopTokenizer } from '../../tests/tabletop-tokenizer.ts';
import type { Codec } from '../codec/policy-codec.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import { tabletopEmbodiment } from '../simulation/tabletop/embodiment.ts';
import type { FamilyConfig } from './family.ts';
import { publishedCodec, type PolicyChoices } from './published-policy.ts';
import type { PublishedFamily } from './published-layout.ts';
import { QWEN_VLA_4B } from './qwen-vla/config.ts';
import { QWEN_VLA_PUBLISHED } from './qwen-vla/published.ts';
import { XIAOMI_ROBOTICS_0 } from './xiaomi-robotics-0/config.ts';
import { XIAOMI_PUBLISHED } from './xiaomi-robotics-0/published.ts';
import { parseZr0Config, type Zr0Config } from './zr-0/config.ts';
import { ZR0_PUBLISHED } from './zr-0/published.ts';

const robot = tabletopEmbodiment(256);
const [S, A] = [8, 7];

/** The codec that a family makes; `files` are those of its folder. */
function codecOf(
  { family, policy }: PublishedFamily,
  config: FamilyConfig,
  statistics: unknown,
  files: Readonly<Record<string, unknown>>,
  choices: Partial<PolicyChoices> = {},
  embodiment: Embodiment = robot,
): Codec {
  const request = {
    config,
    embodiment,
    choices: { cameras: null, ...choices },
    statistics: { where: 'statistics.json', json: statistics },
    read: (file: string) => ({ where: file, json: files[file] }),
  };
  return publishedCodec(family, policy, request, tabletopTokenizer());
}

const promptText = ({ config }: Codec): string =>
  config.prompt.parts.map((part) => (part.kind === 'text' ? part.text : `[${part.kind}]`)).join('');

const vector = (dim: number, extra: object = {}) => {
  const of = (value: (d: number) => number): number[] => Array.from({ length: dim }, (_, d) => value(d));
  return {
    min: of((d) => -d - 2),
    max: of((d) => d + 3),
    mean: of(() => 0.5),
    std: of(() => 2),
    q01: of((d) => -d - 1),
    q99: of((d) => (d === 1 ? -2 : d + 1)),
    ...extra,
  };
};
const lerobot = { 'observation.state': vector(S), action: vector(A) };

const zr0: Zr0Config = parseZr0Config(
  {
    ...SMALL_ZR0,
    vision: { ...SMALL_ZR0.vision, patch: 16 },
    language: { ...SMALL_ZR0.language, vocabulary: 576 },
    expert: { ...SMALL_ZR0.expert, stateDim: 64, actionDim: 64 },
  },
  'zr0',
);
const zr0Files = { 'action_expert_config.json': { action_horizon: 10 } };

for (const [normalisation, low, high] of [
  ['quantile', 'q01', 'q99'],
  ['min-max', 'min', 'max'],
] as const) {
  test(`ZR-0 maps ${low} to ${high} as its code does, where a range is empty too`, () => {
    const codec = codecOf(ZR0_PUBLISHED, zr0, lerobot, zr0Files, { normalisation });
    assert.deepEqual([codec.horizon, codec.stateDim, codec.actionDim], [10, 64, 64]);
    const { action } = lerobot;
    const chunk = Float32Array.from({ length: 10 * A }, (_, i) => Math.sin(i));
    const encoded = codec.encodeActions(chunk, new Float32Array(S));
    const clamp = (x: number): number => Math.min(15, Math.max(-15, x));
    const of = (i: number): number => {
      const d = i % 64;
      if (d >= A) return 0;
      const x = chunk[Math.floor(i / 64) * A + d]!;
      return clamp(((x - action[low][d]!) / (action[high][d]! - action[low][d]! + 1e-8)) * 2 - 1);
    };
    encoded.forEach((value, i) => assert.ok(Math.abs(value - of(i)) < 1e-5, `${i}: ${value}, ${of(i)}`));
    const free: Embodiment = { ...robot, action: { names: robot.action.names, convention: robot.action.convention } };
    const { data } = codecOf(ZR0_PUBLISHED, zr0, lerobot, zr0Files, { normalisation }, free).decodeActions(
      new Float32Array(640).fill(0.5),
    );
    data.forEach((value, i) => {
      const d = i % A;
      const expected = 0.75 * (action[high][d]! - action[low][d]! + 1e-8) + action[low][d]!;
      assert.ok(Math.abs(value - expected) < 1e-5, `${i}: ${value}, ${expected}`);
    });
  });
}

test('ZR-0 shows 7 × 7 tokens under each camera’s key', () => {
  const cameras = [
    { name: 'wrist', view: 'observation.images.wrist_image' },
    { name: 'front', view: null },
  ];
  const codec = codecOf(ZR0_PUBLISHED, zr0, lerobot, zr0Files, { cameras });
  assert.deepEqual(
    codec.layout.images.map(({ camera, rows, columns }) => [camera, rows, columns]),
    [
      ['wrist', 7, 7],
      ['front', 7, 7],
    ],
  );
  assert.match(
    promptText(codec),
    /observation\.images\.wrist_image\[image\]observation\.images\.front\[image\]<TASK> /,
  );
});

test('statistics that lack numbers, quantiles or dimensions are refused by file and vector', () => {
  const refuses = (statistics: unknown, message: RegExp, choices: Partial<PolicyChoices> = {}): void =>
    assert.throws(() => codecOf(ZR0_PUBLISHED, zr0, statistics, zr0Files, choices), { message });
  refuses({}, /^statistics\.json: observation\.state: /);
  refuses({ ...lerobot, action: vector(14) }, /^statistics\.json: action: expected statistics of 7 numbers, got 14/);
  const older = { ...lerobot, action: vector(A, { q01: undefined, q99: undefined }) };
  refuses(older, /^statistics\.json: action: expected q01 and q99, got none/);
  codecOf(ZR0_PUBLISHED, zr0, older, zr0Files, { normalisation: 'min-max' });
  refuses(lerobot, /--normalisation: expected quantile or min-max for zr-0/, { normalisation: 'mean-std' });
});

const QWEN_VLA = { ...QWEN_VLA_4B, language: { ...QWEN_VLA_4B.language, vocabulary: 576 } };
const qwenFiles = {
  'action_expert_config.json': { model_type: 'qwen_vla_action_expert', action_horizon: 16, expert: {} },
};

test('Qwen-VLA marks its views, speaks of the body, and clips quantiles into the leading channels', () => {
  const codec = codecOf(QWEN_VLA_PUBLISHED, QWEN_VLA, lerobot, qwenFiles);
  assert.deepEqual([codec.horizon, codec.actionDim, codec.needsState], [16, 64, false]);
  assert.match(promptText(codec), /<\|ego_start\|>\[image\]<\|ego_end\|><\|cam_left_wrist_start\|>\[image\]/);
  assert.match(promptText(codec), /The robot is vlakit tabletop with single arm\..* next 16 control actions/);
  const encoded = codec.encodeActions(new Float32Array(16 * A).fill(9), new Float32Array(S));
  assert.deepEqual([encoded[0], encoded[A]], [1, 0]);
});

const step = (value: (place: number) => number): number[] => Array.from({ length: 32 }, (_, place) => value(place));
/** The places of two arms' poses and grippers. */
const POSES = [0, 1, 2, 3, 4, 5, 6, 14, 15, 16, 17, 18, 19, 20];
const xiaomiStatistics = {
  action_config: {
    libero_all: { mean: [step(() => 0.25)], std: [step((place) => (place < 7 ? 2 : 1e-6))] },
    fractal_delta: { mean: step(() => 0), std: step((place) => (place < 7 ? 1 : 1e-6)) },
    two_arms: { mean: [step(() => 0)], std: [step((place) => (POSES.includes(place) ? 1 : 1e-6))] },
  },
  size: { shortest_edge: 65_536, longest_edge: 90_000 },
};
const XIAOMI = { ...XIAOMI_ROBOTICS_0, language: { ...XIAOMI_ROBOTICS_0.language, vocabulary: 576 } };
const xiaomiFiles = { 'config.json': { action_length: 10 } };

test('Xiaomi-Robotics-0 for LIBERO takes environment actions and an unnormalised state', () => {
  const codec = codecOf(XIAOMI_PUBLISHED, XIAOMI, xiaomiStatistics, xiaomiFiles, { robotType: 'libero_all' });
  assert.deepEqual([codec.horizon, codec.actionDim, codec.needsState], [10, 32, false]);
  assert.deepEqual([...codec.actionDimensions.subarray(0, 8)], [1, 1, 1, 1, 1, 1, 1, 0]);
  assert.deepEqual(
    codec.config.cameras.map(({ label, width, height }) => [label, width, height]),
    [
      ['Base View', 256, 256],
      ['Left-Wrist View', 256, 256],
    ],
  );
  const { data } = codec.decodeActions(new Float32Array(320).fill(0.25));
  assert.ok(data.every((value) => Math.abs(value - 0.75) < 1e-5));
});

test('Xiaomi-Robotics-0 for the Google robot has one ego view, zoomed as its client does', () => {
  const choices = { robotType: 'fractal_delta', cameras: [{ name: 'front', view: null }] };
  const codec = codecOf(XIAOMI_PUBLISHED, XIAOMI, xiaomiStatistics, xiaomiFiles, choices);
  assert.match(promptText(codec), /# Ego View\n\[image\]\nGenerate/);
  assert.equal(codec.config.cameras[0]!.steps[0]!.kind, 'centre-zoom');
});

test('absolute actions are poses in the frame of the first, in the places of their arms', () => {
  const arm = (side: string): string[] => ['x', 'y', 'z', 'rx', 'ry', 'rz', 'gripper'].map((name) => `${side}_${name}`);
  // State and model share places: those between the arms are joints.
  const joints = Array.from({ length: 7 }, (_, i) => `joint_${i}`);
  const convention = { ...robot.action.convention, reference: 'absolute', unit: 'si' } as const;
  const two: Embodiment = {
    ...robot,
    state: { names: [...arm('left'), ...joints, ...arm('right')], convention: robot.state.convention },
    action: { names: [...arm('left'), ...arm('right')], convention },
  };
  const codec = codecOf(XIAOMI_PUBLISHED, XIAOMI, xiaomiStatistics, xiaomiFiles, { robotType: 'two_arms' }, two);
  assert.equal(codec.needsState, true);
  const state = Float32Array.from({ length: 21 }, (_, i) => 0.1 * Math.sin(i));
  const still = Array.from({ length: 10 }, () => POSES.map((place) => state[place]!)).flat();
  const encoded = codec.encodeActions(still, state);
  assert.ok(encoded.every((value) => Math.abs(value) < 1e-6));
  const { data } = codec.decodeActions(encoded, state);
  data.forEach((value, i) => assert.ok(Math.abs(value - still[i]!) < 1e-5));
  const quaternions = { ...convention, rotation: 'quaternion-xyzw' } as const;
  const other: Embodiment = { ...two, action: { ...two.action, convention: quaternions } };
  assert.throws(
    () => codecOf(XIAOMI_PUBLISHED, XIAOMI, xiaomiStatistics, xiaomiFiles, { robotType: 'two_arms' }, other),
    { code: 'mismatch', message: /action rotation: expected axis-angle, euler-xyz or none, got quaternion-xyzw/ },
  );
});
