/**
 * @file How a published model becomes a policy of one robot: what a person says, what the family makes of it, and what families
 * share. Nothing here knows which family it serves.
 */

import { z } from 'zod';
import { VlaError, lookUp } from '../base/errors.ts';
import type { CameraConfig } from '../codec/codec-config.ts';
import { assembleCodec } from '../codec/design-codec.ts';
import { createImagePipeline, type ImageStep } from '../codec/images.ts';
import { createCodec, type Codec } from '../codec/policy-codec.ts';
import type { NormalisationStatistics } from '../codec/normalise.ts';
import type { PromptTemplate } from '../codec/prompts/template.ts';
import type { TextTokenizer } from '../codec/text-tokens/text-tokenizer.ts';
import type { VectorStep } from '../codec/vector-steps.ts';
import type { CameraSpec, Embodiment } from '../interfaces/embodiment.ts';
import type { PolicySettings } from './checkpoint-policy.ts';
import { requireFittingCodec } from './codec-fit.ts';
import type { AnyFamily, CodecNeeds, FamilyConfig } from './family.ts';

/** What only some models ask for. */
export interface ModelChoices {
  /** Whose statistics, in a file that has those of several robots. */
  readonly robotType?: string;
  /** How its statistics were used. */
  readonly normalisation?: 'quantile' | 'min-max' | 'mean-std';
  /** Names of actions that are not relative to the state, such as grippers. */
  readonly absolute?: readonly string[];
}

/** What a person says about the policy. */
export interface PolicyChoices extends ModelChoices {
  /** The robot's cameras in the prompt's order, with the view that each has; null: all cameras, in the robot's order. */
  readonly cameras: readonly { readonly name: string; readonly view: string | null }[] | null;
  /** Actions of a chunk; without it, as published. */
  readonly horizon?: number;
  /** The longest instruction, in tokens. */
  readonly instructionTokens?: number;
}

/** A parsed JSON file, and its name for errors. */
export interface NamedJson {
  readonly where: string;
  readonly json: unknown;
}

/** What a family makes a policy of. */
export interface PolicyRequest {
  readonly config: FamilyConfig;
  readonly embodiment: Embodiment;
  /** In prompt order. */
  readonly cameras: readonly (CameraSpec & { readonly view: string | null })[];
  readonly statistics: NamedJson;
  /** A JSON file of the published folder. Throws `not-found`. */
  read(file: string): NamedJson;
  readonly choices: ModelChoices;
}

/** What the family makes of it. */
export interface PolicyDesign {
  readonly cameras: readonly CameraConfig[];
  readonly prompt: PromptTemplate;
  /** From robot units to the model's numbers. */
  readonly steps: { readonly state: readonly VectorStep[]; readonly action: readonly VectorStep[] };
  /** As published. */
  readonly horizon: number;
}

/** A family's part in it. */
export interface PublishedPolicy {
  /** The choices that it reads. */
  readonly choices: readonly (keyof ModelChoices)[];
  /** Throws `bad-argument`, `bad-data`, `mismatch` or `not-found` with what does not fit. */
  design(request: PolicyRequest): PolicyDesign;
  /** As the published code samples. */
  readonly settings: PolicySettings;
}

/** An instruction of several sentences. */
const INSTRUCTION_TOKENS = 64;

/** The codec of a published model for one robot, checked against the model. */
export function publishedCodec(
  family: AnyFamily,
  policy: PublishedPolicy,
  request: Omit<PolicyRequest, 'cameras' | 'choices'> & { readonly choices: PolicyChoices },
  tokenizer: TextTokenizer,
): Codec {
  const { cameras, horizon, instructionTokens = INSTRUCTION_TOKENS, ...choices } = request.choices;
  refuseOtherChoices(family.name, policy, choices);
  const design = policy.design({ ...request, cameras: chosenCameras(request.embodiment, cameras), choices });
  const parts = {
    ...design,
    embodiment: request.embodiment,
    horizon: horizon ?? design.horizon,
    instructionTokens,
    supervision: [],
  };
  const config = assembleCodec(parts, tokenizer, 'Correct the options of `vlakit models adopt`.');
  const codec = createCodec(config, tokenizer);
  requireFittingCodec(family, request.config, codec);
  return codec;
}

/** The options of the command line, for messages. */
const OPTIONS: Readonly<Record<keyof ModelChoices, string>> = {
  robotType: '--robot-type',
  normalisation: '--normalisation',
  absolute: '--absolute',
};

function refuseOtherChoices(name: string, { choices }: PublishedPolicy, given: ModelChoices): void {
  for (const [choice, option] of Object.entries(OPTIONS) as [keyof ModelChoices, string][]) {
    if (given[choice] === undefined || choices.includes(choice)) continue;
    const taken = choices.map((one) => OPTIONS[one]).join(', ') || 'none of its kind';
    throw new VlaError('bad-argument', `${option}: expected none for ${name}, got one.`, {
      hint: `${name} has no use for it; it takes ${taken}.`,
    });
  }
}

function chosenCameras({ name, cameras }: Embodiment, chosen: PolicyChoices['cameras']): PolicyRequest['cameras'] {
  const known = Object.fromEntries(cameras.map((camera) => [camera.name, camera]));
  const wanted = chosen ?? cameras.map((camera) => ({ name: camera.name, view: null }));
  return wanted.map((one) => ({ ...lookUp(`--cameras: camera of ${name}`, one.name, known), view: one.view }));
}

/** A camera as a model takes it, with the size that `steps` give its images. */
export function publishedCamera(
  camera: CameraSpec,
  steps: readonly ImageStep[],
  { patch, merge, temporal }: Pick<CodecNeeds, 'patch' | 'merge' | 'temporal'>,
  label?: string,
): CameraConfig {
  const { width, height } = createImagePipeline(steps, camera.width, camera.height);
  const named = label === undefined ? {} : { label };
  return { name: camera.name, ...named, steps, width, height, patch, merge, temporal, augmentation: null };
}

/**
 * The prompt's words for cameras: `views` by the names that people use, for those without a name in `order`. Throws when a
 * view is unknown or there are more cameras than views.
 */
export function viewLabels(
  cameras: PolicyRequest['cameras'],
  views: Readonly<Record<string, string>>,
  order: readonly string[],
): string[] {
  return cameras.map(({ name, view }, i) => {
    const wanted = view ?? order[i];
    if (wanted !== undefined) return lookUp(`--cameras: view of "${name}"`, wanted, views);
    throw new VlaError('bad-argument', `--cameras: expected at most ${order.length} cameras, got ${cameras.length}.`, {
      hint: `Name those to use, for example ${cameras[0]!.name}=${order[0]}. Views: ${Object.keys(views).join(', ')}.`,
    });
  });
}

/** Throws `mismatch` when statistics are not of `expected` numbers, as of another robot. */
export function requireStatistics(where: string, vector: string, got: number, expected: number): void {
  if (got === expected) return;
  throw new VlaError('mismatch', `${where}: ${vector}: expected statistics of ${expected} numbers, got ${got}.`, {
    hint: 'They are of another robot or model: take those that this model was trained with for this robot.',
  });
}

const numbers = z.array(z.number());
const lerobotVector = z.object({
  min: numbers,
  max: numbers,
  mean: numbers,
  std: numbers,
  q01: numbers.optional(),
  q99: numbers.optional(),
});
const lerobotFile = z.object({ 'observation.state': lerobotVector, action: lerobotVector });

/**
 * State and action of a LeRobot dataset's meta/stats.json for a robot. Where `quantiles` are asked for, a file without them is
 * refused. Throws `bad-data` and `mismatch`.
 */
export function lerobotStatistics(
  { json, where }: NamedJson,
  { state, action }: Embodiment,
  quantiles: boolean,
): { readonly state: NormalisationStatistics; readonly action: NormalisationStatistics } {
  const parsed = lerobotFile.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new VlaError('bad-data', `${where}: ${path.join('.') || 'the whole'}: ${message}.`, {
      cause: parsed.error,
      hint: 'Take meta/stats.json of the LeRobot dataset that the model was trained on.',
    });
  }
  const of = (vector: string, found: z.infer<typeof lerobotVector>, size: number): NormalisationStatistics => {
    const { q01 = quantiles ? null : found.min, q99 = quantiles ? null : found.max } = found;
    if (q01 === null || q99 === null) {
      throw new VlaError('bad-data', `${where}: ${vector}: expected q01 and q99, got none.`, {
        hint: 'The dataset is of an older version: add quantiles with LeRobot, or take --normalisation min-max.',
      });
    }
    for (const list of Object.values({ ...found, q01, q99 })) requireStatistics(where, vector, list.length, size);
    const { min, max, mean, std } = found;
    return { min, max, mean, std, q01, q99 };
  };
  return {
    state: of('observation.state', parsed.data['observation.state'], state.names.length),
    action: of('action', parsed.data.action, action.names.length),
  };
}
