/** @file ZR-0's sizes as data: the published ones, a tiny one that learns in minutes, and the check of a config.json. */

import { z } from 'zod';
import { parseConfig, type FamilyConfig, type TinySizes } from '../family.ts';
import { transformerWidth, type TransformerConfig } from '../parts/diffusion-transformer.ts';
import { choiceSchema } from '../parts/choice-policy.ts';
import { timeLawSchema, type TimeLaw } from '../parts/flow-matching.ts';
import { givenPrefixSchema, type GivenPrefixSettings } from '../parts/given-prefix.ts';
import { languageSchema, promptSchema, qwen3VlRules, visionSchema, type Qwen3VlConfig } from '../parts/qwen3-vl.ts';
import { supervisionSchema } from '../parts/supervision-heads.ts';
import { TINY_PROMPT, TINY_VISION, TINY_WIDTH, tinyLanguage } from '../parts/tiny-encoder.ts';
import { QWEN_TOWER } from '../parts/vision-tower.ts';

/** The action expert beside its transformer. */
export interface ExpertConfig {
  readonly transformer: TransformerConfig;
  /** Lengths of the padded state and action vectors. */
  readonly stateDim: number;
  readonly actionDim: number;
  /** Inner width of the state encoder and the action decoder. */
  readonly mlpWidth: number;
  /** Rows of the table of action positions; the horizon may be shorter. */
  readonly maxHorizon: number;
  /** Flow times are told to the network as whole numbers below this. */
  readonly timeBuckets: number;
}

/** A whole model as data: what config.json holds. */
export interface Zr0Config extends FamilyConfig, Qwen3VlConfig {
  readonly family: 'zr-0';
  readonly language: Qwen3VlConfig['language'];
  readonly prompt: Qwen3VlConfig['prompt'];
  readonly expert: ExpertConfig;
  readonly time: TimeLaw;
  /** Training-time RTC; left out: every action of a chunk is generated. */
  readonly givenPrefix?: GivenPrefixSettings | undefined;
}

const whole = z.number().int().positive();
const epsilon = z.number().positive();

const schema = z.strictObject({
  family: z.literal('zr-0'),
  vision: visionSchema,
  language: languageSchema,
  prompt: promptSchema,
  expert: z.strictObject({
    transformer: z.strictObject({
      blocks: whole,
      selfAttentionPeriod: whole,
      heads: whole,
      headWidth: whole,
      mlpWidth: whole,
      outputWidth: whole,
      timeFeatures: whole,
      normEpsilon: epsilon,
      outputNormEpsilon: epsilon,
    }),
    stateDim: whole,
    actionDim: whole,
    mlpWidth: whole,
    maxHorizon: whole,
    timeBuckets: whole,
  }),
  time: timeLawSchema,
  givenPrefix: givenPrefixSchema.optional(),
  supervision: supervisionSchema,
  choice: choiceSchema.optional(),
});

/** Checks a configuration, for example a config.json; throws `bad-data` that names the field. */
export function parseZr0Config(value: unknown, where: string): Zr0Config {
  return parseConfig<Zr0Config>(schema, value, { family: 'zr-0', where }, (config) => {
    const { language, expert } = config;
    return [
      ...qwen3VlRules(config),
      [
        transformerWidth(expert.transformer) === language.width,
        'expert heads × headWidth = language.width (no projector)',
      ],
      [expert.transformer.timeFeatures % 2 === 0, 'an even expert.transformer.timeFeatures'],
    ];
  });
}

/** The published model: Qwen3-VL-2B-Instruct and an expert of 558,784,576 parameters. */
export const ZR0_2B: Zr0Config = {
  family: 'zr-0',
  vision: { ...QWEN_TOWER, outputWidth: 2048, deepstackLayers: [5, 11, 17] },
  language: {
    vocabulary: 151_936,
    width: 2048,
    layers: 28,
    heads: 16,
    kvHeads: 8,
    headWidth: 128,
    mlpWidth: 6144,
    ropeTheta: 5_000_000,
    ropeSections: [24, 20, 20],
    normEpsilon: 1e-6,
  },
  prompt: { attention: 'causal', stateToken: false, learnedPositions: false },
  expert: {
    transformer: {
      blocks: 9,
      selfAttentionPeriod: 4,
      heads: 32,
      headWidth: 64,
      mlpWidth: 8192,
      outputWidth: 1024,
      timeFeatures: 256,
      normEpsilon: 1e-5,
      outputNormEpsilon: 1e-6,
    },
    stateDim: 64,
    actionDim: 64,
    mlpWidth: 512,
    maxHorizon: 256,
    timeBuckets: 1000,
  },
  time: { kind: 'beta', alpha: 1.5, beta: 1, low: 0, high: 1 / 0.999 },
  supervision: {},
};

/**
 * A model of about 0.8 M parameters that learns from pixels within minutes on two CPU cores. Beside its sizes it departs from
 * the published model where training from scratch asks for it: image tokens see the instruction that follows them, the
 * robot's state is a token of the prompt (the supervision heads read it), places of the prompt have learned vectors, and
 * self- and cross-attention take turns.
 */
export function tinyZr0({ vocabulary, stateDim, actionDim, supervision }: TinySizes): Zr0Config {
  return {
    family: 'zr-0',
    vision: TINY_VISION,
    language: tinyLanguage(vocabulary),
    prompt: TINY_PROMPT,
    expert: {
      transformer: {
        blocks: 4,
        selfAttentionPeriod: 2,
        heads: 4,
        headWidth: 24,
        mlpWidth: 192,
        outputWidth: TINY_WIDTH,
        timeFeatures: 64,
        normEpsilon: 1e-5,
        outputNormEpsilon: 1e-6,
      },
      stateDim,
      actionDim,
      mlpWidth: TINY_WIDTH,
      maxHorizon: 16,
      timeBuckets: 1000,
    },
    time: { kind: 'beta', alpha: 1.5, beta: 1, low: 0, high: 1 / 0.999 },
    supervision,
  };
}
