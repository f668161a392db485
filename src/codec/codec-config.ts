/** @file The codec's configuration: plain data that travels in a checkpoint as codec.json, and its check on loading. */

import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import type { Convention } from '../interfaces/convention.ts';
import type { ActionTextConfig } from './action-tokens/action-text.ts';
import type { FastFiles } from './action-tokens/fast-files.ts';
import { ANSWERS, type AnswerName } from './answers/index.ts';
import type { Augmentation } from './augment.ts';
import type { ImageStep } from './images.ts';
import type { PromptConfig } from './prompt.ts';
import type { SupervisionField } from './supervision.ts';
import type { VectorStep } from './vector-steps.ts';

/** One camera: how its image becomes patches. Width and height are those after the steps, in pixels. */
export interface CameraConfig {
  readonly name: string;
  /** What the prompt calls it; without one, its name. */
  readonly label?: string | undefined;
  readonly steps: readonly ImageStep[];
  readonly width: number;
  readonly height: number;
  /** Side of a patch, pixels. */
  readonly patch: number;
  /** Side of a merge group, patches; one language token per group. */
  readonly merge: number;
  /** How often the frame is repeated inside a patch (Qwen3-VL's weights: 2). */
  readonly temporal: number;
  /** Random changes while training; null for none. */
  readonly augmentation: Augmentation | null;
}

/** A state or action vector: its dimensions, how to read them, and the reversible steps to the model's numbers. */
export interface VectorConfig {
  readonly names: readonly string[];
  readonly convention: Convention;
  readonly steps: readonly VectorStep[];
}

/** All that a codec needs beside a tokenizer; what codec.json holds. */
export interface PolicyCodecConfig {
  readonly version: 1;
  /** Name of the embodiment whose units the codec speaks. */
  readonly embodiment: string;
  readonly controlHz: number;
  readonly cameras: readonly CameraConfig[];
  readonly state: VectorConfig;
  readonly action: VectorConfig;
  /** Actions in a chunk. */
  readonly horizon: number;
  readonly prompt: PromptConfig;
  readonly supervision: readonly SupervisionField[];
  /** Text that training teaches behind the prompt; left out where there is none. Policies ignore it. */
  readonly answer?: AnswerConfig | undefined;
}

/** What a model learns to write about a sample. */
export interface AnswerConfig {
  readonly template: AnswerName;
  /** The longest answer with its end, in tokens. */
  readonly maxTokens: number;
  /** How actions are written; null: not at all. */
  readonly actionText: ActionTextConfig | null;
}

const whole = z.number().int().positive();
const numbers = z.array(z.number()).readonly();
const maybeNumbers = z.array(z.number().nullable()).readonly();
const reference = z.enum(['absolute', 'delta', 'relative-to-chunk-start']);
const filter = z.enum(['bilinear', 'bicubic']);

const convention = z.strictObject({
  rotation: z.enum(['axis-angle', 'quaternion-xyzw', 'quaternion-wxyz', 'euler-xyz', 'rotation-6d', 'none']),
  frame: z.enum(['base', 'world', 'end-effector', 'camera', 'joint']),
  gripper: z.enum([
    'close-positive',
    'close-negative',
    'close-zero-open-one',
    'close-zero-open-hundred',
    'finger-positions',
    'none',
  ]),
  reference,
  unit: z.enum(['si', 'normalised', 'degrees', 'percent']),
});

const statistics = z.strictObject({
  min: numbers,
  max: numbers,
  mean: numbers,
  std: numbers,
  q01: numbers,
  q99: numbers,
});

const normalisation = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.enum(['quantile', 'min-max']),
    epsilon: z.number().min(0),
    smallestRange: z.number().min(0),
    constant: z.literal('lowest').optional(),
    statistics,
  }),
  z.strictObject({ kind: z.literal('mean-std'), epsilon: z.number().min(0), statistics }),
  z.strictObject({
    kind: z.literal('mean-std-by-step'),
    epsilon: z.number().min(0),
    mean: z.array(numbers).min(1).readonly(),
    std: z.array(numbers).min(1).readonly(),
  }),
  z.strictObject({ kind: z.literal('identity') }),
]);

const indices = z.array(z.number().int().min(0)).readonly();
const rotation = z.enum(['axis-angle', 'quaternion-xyzw', 'quaternion-wxyz', 'euler-xyz', 'rotation-6d']);
const poseChange = z.strictObject({
  position: indices,
  rotation: indices,
  format: z.enum(['axis-angle', 'euler-xyz']),
  statePosition: indices,
  stateRotation: indices,
  stateFormat: rotation,
});

const vectorStep = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('limit'), low: numbers, high: numbers }),
  z.strictObject({
    kind: z.literal('reference'),
    change: z.strictObject({
      from: reference,
      to: reference,
      stateIndex: z.array(z.number().int().min(0).nullable()).readonly(),
      period: maybeNumbers.nullable(),
    }),
  }),
  z.strictObject({ kind: z.literal('relative-pose'), poses: z.array(poseChange).readonly() }),
  z.strictObject({ kind: z.literal('normalise'), normalisation }),
  z.strictObject({ kind: z.literal('clamp'), limit: z.number().positive() }),
  z.strictObject({
    kind: z.literal('pad'),
    size: whole,
    slots: z.array(z.number().int().min(0)).readonly().nullable(),
  }),
]);

const vector = z.strictObject({
  names: z.array(z.string()).min(1).readonly(),
  convention,
  steps: z.array(vectorStep).readonly(),
});

const grey = z.number().int().min(0).max(255);
const imageStep = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('resize'), width: whole, height: whole, filter }),
  z.strictObject({ kind: z.literal('resize-with-pad'), width: whole, height: whole, filter, fill: grey }),
  z.strictObject({ kind: z.literal('pad-to-square'), fill: grey }),
  z.strictObject({ kind: z.literal('centre-crop'), width: whole, height: whole }),
  z.strictObject({ kind: z.literal('centre-zoom'), share: z.number().gt(0).max(1), filter }),
  z.strictObject({ kind: z.literal('smart-resize'), factor: whole, minPixels: whole, maxPixels: whole, filter }),
]);

const share = z.number().min(0).max(1);
const augmentation = z.strictObject({
  shiftPixels: z.number().int().min(0),
  brightness: share,
  contrast: share,
  channelGain: share,
  saturation: share,
});

/** The check of a camera in codec.json. */
export const cameraSchema = z.strictObject({
  name: z.string(),
  label: z.string().optional(),
  steps: z.array(imageStep).readonly(),
  width: whole,
  height: whole,
  patch: whole,
  merge: whole,
  temporal: whole,
  augmentation: augmentation.nullable(),
});

const promptPart = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('text'), text: z.string(), apart: z.literal(true).optional() }),
  z.strictObject({ kind: z.literal('image'), camera: z.string(), marks: z.literal(false).optional() }),
  z.strictObject({ kind: z.literal('instruction') }),
  z.strictObject({ kind: z.literal('cue'), apart: z.literal(true).optional() }),
]);

/** The check of a prompt in codec.json. */
export const promptSchema = z.strictObject({
  parts: z.array(promptPart).readonly(),
  maxTokens: whole,
  padToken: z.string(),
});

const supervisionField = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('values'),
    feature: z.string(),
    output: z.string(),
    size: whole,
    normalisation,
  }),
  z.strictObject({ kind: z.enum(['box', 'patch']), feature: z.string(), output: z.string(), camera: z.string() }),
  z.strictObject({ kind: z.literal('class'), feature: z.string(), output: z.string(), classes: whole }),
]);

const answer = z.strictObject({
  template: z.enum(Object.keys(ANSWERS) as [AnswerName, ...AnswerName[]]),
  maxTokens: whole,
  actionText: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('uniform-bins'), bins: whole, token: z.string() }),
      z.strictObject({
        kind: z.literal('fast'),
        files: z.custom<FastFiles>((files) => typeof files === 'object'),
        token: z.string(),
      }),
    ])
    .nullable(),
});

const schema: z.ZodType<PolicyCodecConfig> = z.strictObject({
  version: z.literal(1),
  embodiment: z.string(),
  controlHz: z.number().positive(),
  cameras: z.array(cameraSchema).readonly(),
  state: vector,
  action: vector,
  horizon: whole,
  prompt: promptSchema,
  supervision: z.array(supervisionField).readonly(),
  answer: answer.optional(),
});

const OLD_FILE = 'The file belongs to another version, or was edited; take it from the checkpoint again.';

/** Checks a parsed codec.json; the error names every field that is wrong. `where` names the file, `hint` the next step. */
export function parseCodecConfig(json: unknown, where: string, hint = OLD_FILE): PolicyCodecConfig {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || '(whole)'}: ${message}`);
  throw new VlaError('bad-data', `${where}: expected a codec configuration, got ${issues.join('; ')}.`, {
    cause: result.error,
    hint,
  });
}
