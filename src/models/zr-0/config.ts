/** @file ZR-0's sizes as data: the published ones, a tiny one that learns in minutes, and the check of a config.json. */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { requireRules, type FamilyConfig, type TinySizes } from '../family.ts';
import { transformerWidth, type TransformerConfig } from '../parts/diffusion-transformer.ts';
import { timeLawSchema, type TimeLaw } from '../parts/flow-matching.ts';
import { languageSchema, promptSchema, qwen3VlRules, visionSchema, type Qwen3VlConfig } from '../parts/qwen3-vl.ts';
import { supervisionSchema } from '../parts/supervision-heads.ts';

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
  supervision: supervisionSchema,
});

/** Checks a configuration, for example a config.json; throws `bad-data` that names the field. */
export function parseZr0Config(value: unknown, where: string): Zr0Config {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new VlaError('bad-data', `${where}: ${issue.path.join('.') || 'the whole'}: ${issue.message}.`, {
      hint: 'It must be the configuration of a zr-0 model, as training writes it.',
    });
  }
  const config: Zr0Config = parsed.data;
  const { language, expert } = config;
  requireRules(where, [
    ...qwen3VlRules(config),
    [
      transformerWidth(expert.transformer) === language.width,
      'expert heads × headWidth = language.width (no projector)',
    ],
    [expert.transformer.timeFeatures % 2 === 0, 'an even expert.transformer.timeFeatures'],
  ]);
  return config;
}

/** The published model: Qwen3-VL-2B-Instruct and an expert of 558,784,576 parameters. */
export const ZR0_2B: Zr0Config = {
  family: 'zr-0',
  vision: {
    patch: 16,
    temporal: 2,
    merge: 2,
    width: 1024,
    layers: 24,
    heads: 16,
    mlpWidth: 4096,
    positionGrid: 48,
    outputWidth: 2048,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    deepstackLayers: [5, 11, 17],
  },
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
  const width = 96;
  return {
    family: 'zr-0',
    vision: {
      patch: 4,
      temporal: 1,
      merge: 2,
      width: 32,
      layers: 1,
      heads: 1,
      mlpWidth: 64,
      positionGrid: 16,
      outputWidth: width,
      ropeTheta: 100,
      normEpsilon: 1e-6,
      deepstackLayers: [],
    },
    language: {
      vocabulary,
      width,
      layers: 3,
      heads: 4,
      kvHeads: 2,
      headWidth: 24,
      mlpWidth: 160,
      ropeTheta: 100,
      ropeSections: [4, 4, 4],
      normEpsilon: 1e-6,
    },
    prompt: { attention: 'bidirectional', stateToken: true, learnedPositions: true },
    expert: {
      transformer: {
        blocks: 4,
        selfAttentionPeriod: 2,
        heads: 4,
        headWidth: 24,
        mlpWidth: 192,
        outputWidth: width,
        timeFeatures: 64,
        normEpsilon: 1e-5,
        outputNormEpsilon: 1e-6,
      },
      stateDim,
      actionDim,
      mlpWidth: width,
      maxHorizon: 16,
      timeBuckets: 1000,
    },
    time: { kind: 'beta', alpha: 1.5, beta: 1, low: 0, high: 1 / 0.999 },
    supervision,
  };
}
