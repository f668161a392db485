/** @file The small models of golden files that cover a whole model: their sizes, and where their prompts' tokens stand. */

import { f32, i64, type Tensor } from '../src/base/tensor.ts';
import type { TokenLayout } from '../src/codec/prompt.ts';
import { DM0_BASE, DM0_PROGRESS, parseDm0Config, type Dm0Config } from '../src/models/dm0/config.ts';
import { parseXiaomiConfig, XIAOMI_ROBOTICS_0 } from '../src/models/xiaomi-robotics-0/config.ts';
import { goldenTensors } from './golden-tensors.ts';

/** The Xiaomi-Robotics-0 of tools/golden/xiaomi-robotics-0.py. */
export const GOLDEN_XIAOMI = parseXiaomiConfig(
  {
    ...XIAOMI_ROBOTICS_0,
    vision: {
      ...XIAOMI_ROBOTICS_0.vision,
      patch: 2,
      width: 16,
      layers: 2,
      heads: 2,
      mlpWidth: 24,
      positionGrid: 4,
      outputWidth: 16,
      deepstackLayers: [0],
    },
    language: {
      vocabulary: 32,
      width: 16,
      layers: 3,
      heads: 2,
      kvHeads: 1,
      headWidth: 8,
      mlpWidth: 24,
      ropeTheta: 1000,
      ropeSections: [2, 1, 1],
      normEpsilon: 1e-6,
    },
    expert: {
      ...XIAOMI_ROBOTICS_0.expert,
      width: 16,
      layers: 2,
      headWidth: 8,
      mlpWidth: 64,
      stateDim: 5,
      actionDim: 4,
      ropeTheta: 1000,
    },
  },
  'small',
);

/** Its prompts: two images, text. */
export function goldenXiaomiLayout(): TokenLayout {
  const T = 24;
  const positions = goldenTensors('xiaomi-robotics-0')['io.positions']!.data as BigInt64Array;
  return {
    length: T,
    images: [
      { camera: 'base', start: 1, count: 8, rows: 4, columns: 2 },
      { camera: 'wrist', start: 11, count: 4, rows: 2, columns: 2 },
    ],
    positions: [0, 1, 2].map((axis) => Array.from(positions.subarray(axis * T, (axis + 1) * T), Number)),
  };
}

/** The DM0 of tools/golden/dm0.py. */
export const GOLDEN_DM0: Dm0Config = parseDm0Config(
  {
    ...DM0_PROGRESS,
    vision: { ...DM0_BASE.vision, patch: 2, width: 16, layers: 2, heads: 2, mlpWidth: 24, positionGrid: 8 },
    language: {
      vocabulary: 32,
      width: 16,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headWidth: 8,
      mlpWidth: 24,
      ropeTheta: 1000,
      ropeSections: [4, 0, 0],
      normEpsilon: 1e-6,
    },
    expert: { ...DM0_PROGRESS.expert, width: 12, mlpWidth: 10, actionDim: 4 },
  },
  'golden',
);

/** Its prompts: two images of four tokens, seven of text. */
export const GOLDEN_DM0_LAYOUT: TokenLayout = {
  length: 15,
  images: ['front', 'wrist'].map((camera, i) => ({ camera, start: 4 * i, count: 4, rows: 2, columns: 2 })),
  positions: [],
};

/** `tokens` and `tokenMask` of its two prompts: text behind eight image places, whose ids are not read. */
export function goldenDm0Prompt(golden: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const rows = (name: string, image: number): number[] =>
    [0, 1].flatMap((b) => {
      const text = Array.from({ length: 7 }, (_, t) => Number(golden[`io.${name}`]!.data[b * 7 + t]));
      return [...Array<number>(8).fill(image), ...text];
    });
  return { tokens: i64(rows('tokens', 31), [2, 15]), tokenMask: f32(rows('tokenMask', 1), [2, 15]) };
}
