/** @file DM0's sizes as data: the published ones, a tiny one that learns in minutes, and the check of a config.json. */

import { z } from 'zod';
import { parseConfig, type FamilyConfig, type TinySizes } from '../family.ts';
import { choiceSchema } from '../parts/choice-policy.ts';
import { timeLawSchema, type TimeLaw } from '../parts/flow-matching.ts';
import { givenPrefixSchema, type GivenPrefixSettings } from '../parts/given-prefix.ts';
import type { LanguageConfig } from '../parts/language-model.ts';
import type { PeVisionConfig } from '../parts/pe-vision-tower.ts';
import type { PromptConfig } from '../parts/prompt-encoder.ts';
import { languageSchema, promptSchema } from '../parts/qwen3-vl.ts';
import { supervisionSchema } from '../parts/supervision-heads.ts';
import { TINY_PROMPT, tinyLanguage } from '../parts/tiny-encoder.ts';

/** The action expert; its layers, heads and rotary frequencies are the language model's. */
export interface ExpertConfig {
  readonly width: number;
  readonly mlpWidth: number;
  /** Length of the padded action vector. */
  readonly actionDim: number;
  /** The longest chunk. */
  readonly maxHorizon: number;
  /** Of the time's sinusoids, in units of the noise fraction. */
  readonly shortestPeriod: number;
  readonly longestPeriod: number;
  /** `learned`: padded dimensions and steps beyond the end are noise and targets like others, as published; `masked`: they are zero and do not count. */
  readonly padding: 'learned' | 'masked';
  /** Whether the expert can be asked how far the task is. */
  readonly progress: boolean;
}

/** A whole model as data: what config.json holds. */
export interface Dm0Config extends FamilyConfig {
  readonly family: 'dm0';
  readonly vision: PeVisionConfig;
  readonly language: LanguageConfig;
  readonly prompt: PromptConfig;
  readonly expert: ExpertConfig;
  readonly time: TimeLaw;
  /** Training-time RTC; left out: every action of a chunk is generated. */
  readonly givenPrefix?: GivenPrefixSettings | undefined;
}

const whole = z.number().int().positive();
const positive = z.number().positive();

const schema = z.strictObject({
  family: z.literal('dm0'),
  vision: z.strictObject({
    patch: whole,
    merge: z.union([z.literal(2), z.literal(4)]),
    width: whole,
    layers: z.number().int().min(0),
    heads: whole,
    mlpWidth: whole,
    positionGrid: whole,
    ropeTheta: positive,
    normEpsilon: positive,
    layerScale: positive,
  }),
  language: languageSchema,
  prompt: promptSchema,
  expert: z.strictObject({
    width: whole,
    mlpWidth: whole,
    actionDim: whole,
    maxHorizon: whole,
    shortestPeriod: positive,
    longestPeriod: positive,
    padding: z.enum(['learned', 'masked']),
    progress: z.boolean(),
  }),
  time: timeLawSchema,
  givenPrefix: givenPrefixSchema.optional(),
  supervision: supervisionSchema,
  choice: choiceSchema.optional(),
});

/** Checks a configuration, for example a config.json; throws `bad-data` that names the field. */
export function parseDm0Config(value: unknown, where: string): Dm0Config {
  return parseConfig<Dm0Config>(schema, value, { family: 'dm0', where }, ({ vision, language, expert, prompt }) => [
    [vision.width % (4 * vision.heads) === 0, 'vision.width divisible by 4 × vision.heads (two rotary axes)'],
    [language.heads % language.kvHeads === 0, 'language.heads divisible by language.kvHeads'],
    [
      language.ropeSections.join() === oneAxis(language.headWidth).join(),
      'language.ropeSections on the first axis alone',
    ],
    [!prompt.stateToken, 'no prompt.stateToken (DM0 does not read the state)'],
    [expert.width % 2 === 0, 'an even expert.width'],
    [expert.shortestPeriod < expert.longestPeriod, 'expert.shortestPeriod below longestPeriod'],
  ]);
}

/** DM0's rotary positions have one axis: all frequencies follow it. */
const oneAxis = (headWidth: number): readonly [time: number, height: number, width: number] => [headWidth / 2, 0, 0];

/** n = 0.999 b + 0.001 with b ~ Beta(1.5, 1). */
const TIME: TimeLaw = { kind: 'beta', alpha: 1.5, beta: 1, low: 0.001, high: 1 };

/** The published model, 2,429,604,896 parameters: PE-Lang-L14, Qwen3-1.7B's shape, an expert of 308,346,880. */
export const DM0_BASE: Dm0Config = {
  family: 'dm0',
  vision: {
    patch: 14,
    merge: 4,
    width: 1024,
    layers: 23,
    heads: 16,
    mlpWidth: 4096,
    positionGrid: 52,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    layerScale: 0.1,
  },
  language: {
    vocabulary: 152_701,
    width: 2048,
    layers: 28,
    heads: 16,
    kvHeads: 8,
    headWidth: 128,
    mlpWidth: 6144,
    ropeTheta: 1_000_000,
    ropeSections: oneAxis(128),
    normEpsilon: 1e-6,
  },
  prompt: { attention: 'causal', stateToken: false, learnedPositions: false },
  expert: {
    width: 1024,
    mlpWidth: 1536,
    actionDim: 32,
    maxHorizon: 50,
    shortestPeriod: 4e-3,
    longestPeriod: 4,
    padding: 'learned',
    progress: false,
  },
  time: TIME,
  supervision: {},
};

/** The published model with the two maps for the task's progress. */
export const DM0_PROGRESS: Dm0Config = { ...DM0_BASE, expert: { ...DM0_BASE.expert, progress: true } };

/**
 * A model of about 0.8 M parameters that learns from pixels within minutes on two CPU cores. Beside its sizes it departs from
 * the published model where training from scratch asks for it: image tokens see the instruction that follows them, places of
 * the prompt have learned vectors, one convolution merges patches instead of two, and padding is masked. The state is not read.
 */
export function tinyDm0({ vocabulary, actionDim, supervision }: TinySizes): Dm0Config {
  return {
    family: 'dm0',
    vision: {
      patch: 4,
      merge: 2,
      width: 32,
      layers: 1,
      heads: 1,
      mlpWidth: 64,
      positionGrid: 16,
      ropeTheta: 100,
      normEpsilon: 1e-5,
      layerScale: 0.5,
    },
    language: { ...tinyLanguage(vocabulary), layers: 4, ropeSections: oneAxis(24) },
    prompt: { ...TINY_PROMPT, stateToken: false },
    expert: {
      width: 96,
      mlpWidth: 192,
      actionDim,
      maxHorizon: 16,
      shortestPeriod: 4e-3,
      longestPeriod: 4,
      padding: 'masked',
      progress: false,
    },
    time: TIME,
    supervision,
  };
}
