/**
 * @file Qwen-VLA's sizes as data: the published ones, a tiny one that learns in minutes, the laws of time, and the check of a
 * config.json.
 */

import { z } from 'zod';
import { parseConfig, type FamilyConfig, type TinySizes } from '../family.ts';
import { choiceSchema } from '../parts/choice-policy.ts';
import { timeLawSchema, type TimeLaw } from '../parts/flow-matching.ts';
import { givenPrefixSchema, type GivenPrefixSettings } from '../parts/given-prefix.ts';
import { hybridLanguageSchema, qwen35Rules, type Qwen35Config } from '../parts/qwen3-5.ts';
import { promptSchema, visionSchema } from '../parts/qwen3-vl.ts';
import { singleStreamWidth } from '../parts/single-stream.ts';
import { supervisionSchema } from '../parts/supervision-heads.ts';
import type { ExpertConfig } from './expert.ts';
import { TINY_PROMPT, TINY_VISION, TINY_WIDTH } from '../parts/tiny-encoder.ts';
import { QWEN_TOWER } from '../parts/vision-tower.ts';

/** A whole model as data: what config.json holds. */
export interface QwenVlaConfig extends FamilyConfig, Qwen35Config {
  readonly family: 'qwen-vla';
  readonly language: Qwen35Config['language'];
  readonly prompt: Qwen35Config['prompt'];
  /** Length of the encoded state, for the prompt's state token; null without one: the published model does not know its state. */
  readonly stateDim: number | null;
  readonly expert: ExpertConfig;
  readonly time: TimeLaw;
  /** Training-time RTC; left out: every action of a chunk is generated. */
  readonly givenPrefix?: GivenPrefixSettings | undefined;
}

const whole = z.number().int().positive();
const positive = z.number().positive();

const schema = z.strictObject({
  family: z.literal('qwen-vla'),
  vision: visionSchema,
  language: hybridLanguageSchema,
  prompt: promptSchema,
  stateDim: whole.nullable(),
  expert: z.strictObject({
    transformer: z.strictObject({
      blocks: whole,
      heads: whole,
      headWidth: whole,
      mlpWidth: whole,
      normEpsilon: positive,
    }),
    prompt: z.enum(['joint', 'shared']),
    actionDim: whole,
    maxHorizon: whole,
    timeFeatures: whole,
  }),
  time: timeLawSchema,
  givenPrefix: givenPrefixSchema.optional(),
  supervision: supervisionSchema,
  choice: choiceSchema.optional(),
});

/** Checks a configuration, for example a config.json; throws `bad-data` that names the field. */
export function parseQwenVlaConfig(value: unknown, where: string): QwenVlaConfig {
  return parseConfig<QwenVlaConfig>(schema, value, { family: 'qwen-vla', where }, (config) => {
    const { language, expert, prompt, stateDim } = config;
    return [
      ...qwen35Rules(config),
      [language.rotaryWidth <= expert.transformer.headWidth, 'expert.transformer.headWidth of at least rotaryWidth'],
      [singleStreamWidth(expert.transformer) % 2 === 0, 'an even width of the expert'],
      [expert.timeFeatures % 2 === 0, 'an even expert.timeFeatures'],
      [prompt.stateToken === (stateDim !== null), 'a stateDim where prompt.stateToken is set, and null elsewhere'],
    ];
  });
}

/**
 * Training draws the noise fraction by one law while the expert learns from text alone (T2A), and by another afterwards (section
 * 5.2.1). The paper names the kinds and says of Beta that it has more weight near the clean end; the parameters are ours: the usual
 * logistic normal, and π0's Beta(1.5, 1) seen from that end.
 */
export const TIME_LAWS = {
  textToAction: { kind: 'sigmoid-normal', mean: 0, std: 1 },
  withImages: { kind: 'beta', alpha: 1, beta: 1.5, low: 0.001, high: 1 },
} as const satisfies Readonly<Record<string, TimeLaw>>;

/** The published model: Qwen3.5-4B and an expert of 1.15 billion parameters. */
export const QWEN_VLA_4B: QwenVlaConfig = {
  family: 'qwen-vla',
  vision: { ...QWEN_TOWER, outputWidth: 2560, deepstackLayers: [] },
  language: {
    vocabulary: 248_320,
    width: 2560,
    layers: 32,
    attentionPeriod: 4,
    heads: 16,
    kvHeads: 4,
    headWidth: 256,
    rotaryWidth: 64,
    mlpWidth: 9216,
    delta: { keyHeads: 16, valueHeads: 32, keyWidth: 128, valueWidth: 128, kernel: 4 },
    ropeTheta: 10_000_000,
    ropeSections: [11, 11, 10],
    normEpsilon: 1e-6,
  },
  prompt: { attention: 'causal', stateToken: false, learnedPositions: false },
  stateDim: null,
  expert: {
    transformer: { blocks: 16, heads: 24, headWidth: 64, mlpWidth: 10_240, normEpsilon: 1e-6 },
    prompt: 'joint',
    actionDim: 64,
    maxHorizon: 256,
    timeFeatures: 256,
  },
  time: TIME_LAWS.withImages,
  supervision: {},
};

/**
 * A model of about 0.8 M parameters that learns from pixels within minutes on two CPU cores. Beside its sizes it departs from
 * the published model where training from scratch asks for it: full attention comes in every second layer and lets image tokens see the
 * instruction that follows them, the robot's state is a token of the prompt (the supervision heads read it; section 5.2.4 of the paper tries
 * the like), places of the prompt have learned vectors, the expert's prompt tokens are shared among draws and Euler steps, and times come
 * more often near pure noise.
 */
export function tinyQwenVla({ vocabulary, stateDim, actionDim, supervision }: TinySizes): QwenVlaConfig {
  return {
    family: 'qwen-vla',
    vision: TINY_VISION,
    language: {
      vocabulary,
      width: TINY_WIDTH,
      layers: 4,
      attentionPeriod: 2,
      heads: 4,
      kvHeads: 2,
      headWidth: 24,
      rotaryWidth: 12,
      mlpWidth: 96,
      delta: { keyHeads: 2, valueHeads: 4, keyWidth: 16, valueWidth: 24, kernel: 4 },
      ropeTheta: 100,
      ropeSections: [2, 2, 2],
      normEpsilon: 1e-6,
    },
    prompt: TINY_PROMPT,
    stateDim,
    expert: {
      transformer: { blocks: 3, heads: 4, headWidth: 24, mlpWidth: 128, normEpsilon: 1e-6 },
      prompt: 'shared',
      actionDim,
      maxHorizon: 16,
      timeFeatures: 64,
    },
    time: { kind: 'beta', alpha: 1.5, beta: 1, low: 0.001, high: 1 },
    supervision,
  };
}
