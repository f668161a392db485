/** @file Xiaomi-Robotics-0's sizes as data: the published one, a tiny one that learns in minutes, and the check of a config.json. */

import { z } from 'zod';
import { parseConfig, type FamilyConfig, type TinySizes } from '../family.ts';
import { choiceSchema, type ChoiceSettings } from '../parts/choice-policy.ts';
import { timeLawSchema, type TimeLaw } from '../parts/flow-matching.ts';
import { languageSchema, promptSchema, qwen3VlRules, visionSchema, type Qwen3VlConfig } from '../parts/qwen3-vl.ts';
import { supervisionSchema } from '../parts/supervision-heads.ts';
import { TINY_PROMPT, TINY_VISION, TINY_WIDTH, tinyLanguage } from '../parts/tiny-encoder.ts';
import { QWEN_TOWER } from '../parts/vision-tower.ts';

/**
 * What the expert's tokens see of each other. `causal`: all before them (pre-training, the published benchmark weights).
 * `lambda`: an action sees sink, state, itself and the `window` actions before it, and stands `positionOffset` rotary positions
 * further than a given action would (post-training for asynchronous execution).
 */
export type OwnMask =
  | { readonly kind: 'causal' }
  | { readonly kind: 'lambda'; readonly window: number; readonly positionOffset: number };

/** The action expert. */
export interface ExpertConfig {
  readonly width: number;
  readonly layers: number;
  /** Features of a head, as in the language model; the expert has width / headWidth heads. */
  readonly headWidth: number;
  readonly mlpWidth: number;
  /** Lengths of the padded state and action vectors. */
  readonly stateDim: number;
  readonly actionDim: number;
  /** Sinusoids of the flow time. */
  readonly timeFeatures: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  readonly mask: OwnMask;
}

/** A clean action prefix, as it is known when a chunk continues one that is still running. */
export interface AsyncPrefix {
  /** How often a draw has one, 0 to 1. */
  readonly probability: number;
  /** Its length is 1 to this, each equally often; one action of the chunk at least is not given. */
  readonly longest: number;
  /** Whether draws with a prefix weigh each number by the error of a sample without gradient. */
  readonly reweight: boolean;
  /**
   * What given actions are told of the flow time: that of the draw, like all tokens (`shared`, as published; default), or that they
   * are clean (`own`, training-time RTC).
   */
  readonly times?: 'shared' | 'own' | undefined;
  /** Of a prefix all but the last `keepLast` actions are hidden from the actions behind it, each this often; left out: none. */
  readonly hide?: { readonly probability: number; readonly keepLast: number } | undefined;
}

/** As the published post-training code draws prefixes: half of the time, 1 to 6 long, with parts hidden. */
export const CODE_PREFIX: AsyncPrefix = {
  probability: 0.5,
  longest: 6,
  reweight: true,
  hide: { probability: 0.5, keepLast: 2 },
};

/** As the paper (section 2.2.2) says: 0 to 6 long, each equally often; it says nothing of hidden parts. */
export const PAPER_PREFIX: AsyncPrefix = { probability: 6 / 7, longest: 6, reweight: true };

/** Training-time RTC, which the paper compares with: 0 to `longest`, each equally often; the flow time tells given actions from others. */
export const trainingTimeRtc = (longest: number): AsyncPrefix => ({
  probability: longest / (longest + 1),
  longest,
  reweight: false,
  times: 'own',
});

/** The longest prefix in chunks of H actions. */
export const longestPrefix = ({ longest }: AsyncPrefix, H: number): number => Math.min(longest, H - 1);

/** A whole model as data: what config.json holds. */
export interface XiaomiConfig extends FamilyConfig, Qwen3VlConfig {
  readonly family: 'xiaomi-robotics-0';
  readonly language: Qwen3VlConfig['language'];
  readonly prompt: Qwen3VlConfig['prompt'];
  readonly expert: ExpertConfig;
  readonly time: TimeLaw;
  /** Null: every action of a chunk is generated. */
  readonly asyncPrefix: AsyncPrefix | null;
  /** Weight of the velocity's error in the frequencies of time; 0 for none. */
  readonly frequencyWeight: number;
}

const whole = z.number().int().positive();
const positive = z.number().positive();
const share = z.number().min(0).max(1);

const schema = z.strictObject({
  family: z.literal('xiaomi-robotics-0'),
  vision: visionSchema,
  language: languageSchema,
  prompt: promptSchema,
  expert: z.strictObject({
    width: whole,
    layers: whole,
    headWidth: whole,
    mlpWidth: whole,
    stateDim: whole,
    actionDim: whole,
    timeFeatures: whole,
    ropeTheta: positive,
    normEpsilon: positive,
    mask: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('causal') }),
      z.strictObject({
        kind: z.literal('lambda'),
        window: z.number().int().min(0),
        positionOffset: z.number().int().min(0),
      }),
    ]),
  }),
  time: timeLawSchema,
  asyncPrefix: z
    .strictObject({
      probability: share,
      longest: whole,
      reweight: z.boolean(),
      times: z.enum(['shared', 'own']).optional(),
      hide: z.strictObject({ probability: share, keepLast: z.number().int().min(0) }).optional(),
    })
    .nullable(),
  frequencyWeight: z.number().min(0),
  supervision: supervisionSchema,
  choice: choiceSchema.optional(),
});

/** Checks a configuration, for example a config.json; throws `bad-data` that names the field. */
export function parseXiaomiConfig(value: unknown, where: string): XiaomiConfig {
  return parseConfig<XiaomiConfig>(schema, value, { family: 'xiaomi-robotics-0', where }, (config) => {
    const { language, expert } = config;
    return [
      ...qwen3VlRules(config),
      [expert.headWidth === language.headWidth, 'expert.headWidth = language.headWidth (keys are shared)'],
      [expert.width % expert.headWidth === 0, 'expert.width divisible by expert.headWidth'],
      [
        (expert.width / expert.headWidth) % language.kvHeads === 0,
        'expert heads (width / headWidth) divisible by language.kvHeads',
      ],
      [expert.layers <= language.layers, 'at most language.layers expert layers'],
      [expert.timeFeatures % 2 === 0, 'an even expert.timeFeatures'],
    ];
  });
}

/** The published model: Qwen3-VL-4B-Instruct and an expert of 278,458,368 parameters. */
export const XIAOMI_ROBOTICS_0: XiaomiConfig = {
  family: 'xiaomi-robotics-0',
  vision: { ...QWEN_TOWER, outputWidth: 2560, deepstackLayers: [5, 11, 17] },
  language: {
    vocabulary: 151_936,
    width: 2560,
    layers: 36,
    heads: 32,
    kvHeads: 8,
    headWidth: 128,
    mlpWidth: 9728,
    ropeTheta: 5_000_000,
    ropeSections: [24, 20, 20],
    normEpsilon: 1e-6,
  },
  prompt: { attention: 'causal', stateToken: false, learnedPositions: false },
  expert: {
    width: 1024,
    layers: 16,
    headWidth: 128,
    mlpWidth: 4096,
    stateDim: 32,
    actionDim: 32,
    timeFeatures: 256,
    ropeTheta: 5_000_000,
    normEpsilon: 1e-6,
    mask: { kind: 'causal' },
  },
  time: { kind: 'beta', alpha: 1.5, beta: 1, low: 0.001, high: 1 },
  asyncPrefix: null,
  frequencyWeight: 0,
  supervision: {},
};

/** `choice` of the first pre-training step, for chunks of 30; published weights are of later steps and hold none of it. */
export const XIAOMI_CHOICE: ChoiceSettings = { candidates: 5, horizon: 30, headLayers: 4 };

/** The same sizes as post-training for asynchronous execution has them. */
export const XIAOMI_ROBOTICS_0_ASYNC: XiaomiConfig = {
  ...XIAOMI_ROBOTICS_0,
  expert: { ...XIAOMI_ROBOTICS_0.expert, mask: { kind: 'lambda', window: 4, positionOffset: 10 } },
  asyncPrefix: CODE_PREFIX,
};

/**
 * A model of about 0.8 M parameters that learns from pixels within minutes on two CPU cores. Beside its sizes it departs from
 * the published model where training from scratch asks for it: image tokens see the instruction that follows them, the
 * robot's state is a token of the prompt too (the supervision heads read it), and places of the prompt have learned vectors. The
 * expert has as many layers as the language model, and as in the published model one head for each of its key-value heads.
 */
export function tinyXiaomi({ vocabulary, stateDim, actionDim, supervision }: TinySizes): XiaomiConfig {
  return {
    family: 'xiaomi-robotics-0',
    vision: TINY_VISION,
    language: { ...tinyLanguage(vocabulary), kvHeads: 4 },
    prompt: TINY_PROMPT,
    expert: {
      width: TINY_WIDTH,
      layers: 3,
      headWidth: 24,
      mlpWidth: 272,
      stateDim,
      actionDim,
      timeFeatures: 64,
      ropeTheta: 100,
      normEpsilon: 1e-6,
      mask: { kind: 'causal' },
    },
    time: { kind: 'beta', alpha: 1.5, beta: 1, low: 0.001, high: 1 },
    asyncPrefix: null,
    frequencyWeight: 0,
    supervision,
  };
}
