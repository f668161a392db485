/** @file A codec configuration from an embodiment, a dataset's statistics and a model's sizes. */

import { VlaError, lookUp } from '../base/errors.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import { parseCodecConfig, type AnswerConfig, type CameraConfig, type PolicyCodecConfig } from './codec-config.ts';
import type { ReferenceChange } from './delta.ts';
import type { Normalisation, NormalisationStatistics } from './normalise.ts';
import { mergedGrid } from './patches.ts';
import { promptLength } from './prompt.ts';
import type { PoseChange } from './relative-pose.ts';
import type { PromptTemplate } from './prompts/template.ts';
import type { SupervisionField } from './supervision.ts';
import type { TextTokenizer } from './text-tokens/text-tokenizer.ts';
import type { VectorStep } from './vector-steps.ts';

/** How statistics become a normalisation: `Normalisation` without the statistics. */
export type NormalisationStyle =
  | { readonly kind: 'quantile' | 'min-max'; readonly epsilon: number; readonly smallestRange: number }
  | { readonly kind: 'mean-std'; readonly epsilon: number };

/** What a recipe decides about the codec. */
export interface CodecDesign {
  readonly embodiment: Embodiment;
  /** In prompt order; each must be a camera of the embodiment. */
  readonly cameras: readonly CameraConfig[];
  /** Statistics of the dataset's state, and of its actions AFTER `reference`. */
  readonly statistics: { readonly state: NormalisationStatistics; readonly action: NormalisationStatistics };
  /**
   * `smallestRange` is in the vector's own units: of delta actions in [-1, 1], 0.2 keeps a rotation that only jitters
   * from being blown up, while fingers that move 4 cm need 0 in the state.
   */
  readonly normalisation: { readonly state: NormalisationStyle; readonly action: NormalisationStyle };
  /** Encoded values are clamped to ± this (ZR-0: 15). */
  readonly clamp: number;
  /** How the model sees actions; null: as the embodiment takes them. */
  readonly reference: ReferenceChange | null;
  /** Poses that the model sees relative to the chunk's first, in its frame; their numbers stay out of `reference`. */
  readonly poses?: readonly PoseChange[];
  /** Sizes of the model's padded state and action vectors. */
  readonly stateSize: number;
  readonly actionSize: number;
  /** Where each dimension stands in the padded vectors; without them, the leading places. */
  readonly slots?: { readonly state: readonly number[]; readonly action: readonly number[] };
  readonly horizon: number;
  readonly prompt: PromptTemplate;
  /** The longest instruction, in tokens. */
  readonly instructionTokens: number;
  readonly supervision: readonly SupervisionField[];
  /** Text that training teaches behind the prompt. */
  readonly answer?: AnswerConfig;
}

/** The configuration of a design; throws when its parts do not fit together. */
export function designCodec(design: CodecDesign, tokenizer: TextTokenizer): PolicyCodecConfig {
  const steps = {
    state: encodingSteps(design, 'state', design.stateSize),
    action: [
      ...(design.poses === undefined ? [] : [{ kind: 'relative-pose', poses: design.poses } as const]),
      ...(design.reference === null ? [] : [{ kind: 'reference', change: design.reference } as const]),
      ...encodingSteps(design, 'action', design.actionSize),
    ],
  };
  return assembleCodec(
    { ...design, steps },
    tokenizer,
    'Correct the recipe’s codec (vlakit train … --print-recipe shows it).',
  );
}

/** A codec whose steps are known: what a design or a published model comes down to. */
export interface CodecParts extends Pick<
  CodecDesign,
  'embodiment' | 'cameras' | 'horizon' | 'prompt' | 'instructionTokens' | 'supervision' | 'answer'
> {
  /** From robot units to the model's numbers, without the robot's limits, which come first. */
  readonly steps: { readonly state: readonly VectorStep[]; readonly action: readonly VectorStep[] };
}

/** The configuration of these parts; throws when they do not fit together, with `hint` as the next step. */
export function assembleCodec(parts: CodecParts, tokenizer: TextTokenizer, hint: string): PolicyCodecConfig {
  const { embodiment, cameras } = parts;
  const known = Object.fromEntries(embodiment.cameras.map((camera) => [camera.name, camera]));
  for (const camera of cameras) lookUp(`codec.cameras: camera of ${embodiment.name}`, camera.name, known);
  const labelled = cameras.map(({ name, label = known[name]!.label ?? name }) => ({ name, label }));
  const prompt = parts.prompt({ cameras: labelled, embodiment, horizon: parts.horizon });
  const grids = Object.fromEntries(cameras.map((camera) => [camera.name, mergedGrid(camera)]));
  const padToken = ['<|pad|>', '<|endoftext|>'].find((token) => tokenizer.specialTokens.includes(token)) ?? '<|pad|>';
  const { state, action } = embodiment;
  return parseCodecConfig(
    {
      version: 1,
      embodiment: embodiment.name,
      controlHz: embodiment.controlHz,
      cameras,
      state: {
        names: state.names,
        convention: state.convention,
        steps: parts.steps.state,
      },
      action: {
        names: action.names,
        convention: action.convention,
        steps: [...limitSteps(embodiment), ...parts.steps.action],
      },
      horizon: parts.horizon,
      prompt: {
        parts: prompt,
        maxTokens: promptLength(prompt, grids, tokenizer) + parts.instructionTokens,
        padToken,
      },
      supervision: parts.supervision,
      ...(parts.answer === undefined ? {} : { answer: parts.answer }),
    },
    'codec design',
    hint,
  );
}

function encodingSteps(design: CodecDesign, vector: 'state' | 'action', size: number): VectorStep[] {
  const { min, max, mean, std, q01, q99 } = design.statistics[vector];
  const normalisation: Normalisation = {
    ...design.normalisation[vector],
    statistics: { min, max, mean, std, q01, q99 },
  };
  return [
    { kind: 'normalise', normalisation },
    { kind: 'clamp', limit: design.clamp },
    { kind: 'pad', size, slots: design.slots?.[vector] ?? null },
  ];
}

function limitSteps({ name, action }: Embodiment): VectorStep[] {
  if (action.low === undefined && action.high === undefined) return [];
  if (action.low === undefined || action.high === undefined) {
    throw new VlaError('bad-argument', `${name}: expected both action limits or none, got only one.`, {
      hint: 'Give the embodiment’s action both low and high, or leave both out.',
    });
  }
  return [{ kind: 'limit', low: action.low, high: action.high }];
}
