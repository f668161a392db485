/**
 * @file What a model family is: functions of its own configuration. Shared code asks the family and never its name.
 *
 * Axes: B batch, K draws of noise and time per sample, H horizon, A action dimensions.
 */

import type { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { DType, Tensor } from '../base/tensor.ts';
import type { TokenLayout } from '../codec/prompt.ts';
import type { QuestionTemplate } from '../codec/prompts/template.ts';
import type { Value } from '../engine/index.ts';
import type { ParameterSpec, Tree } from '../nn/parameters.ts';
import type { ChoiceSettings } from './parts/choice-policy.ts';
import type { ActionFlow, FlowSizes } from './parts/flow-matching.ts';
import type { GivenPrefix } from './parts/given-prefix.ts';
import type { EncodedPrompt, PromptConfig, PromptInputs } from './parts/prompt-encoder.ts';
import type { SupervisionConfig } from './parts/supervision-heads.ts';
import type { TextModel } from './parts/text-model.ts';

/** What the configurations of all families share; config.json holds one of them. */
export interface FamilyConfig {
  readonly family: string;
  readonly prompt: PromptConfig;
  readonly language: { readonly width: number; readonly vocabulary: number };
  /** What training teaches beside the actions; {} for nothing. */
  readonly supervision: SupervisionConfig;
  /** How the vision-language model proposes actions itself; left out where it does not. */
  readonly choice?: ChoiceSettings | undefined;
}

/** What a tiny model must be told: it depends on the tokenizer, the robot and the supervision at hand. */
export interface TinySizes {
  readonly vocabulary: number;
  readonly stateDim: number;
  readonly actionDim: number;
  readonly supervision: SupervisionConfig;
}

/** What a codec must deliver to a model. */
export interface CodecNeeds {
  /** Length of the encoded state; null where the model does not read it. */
  readonly stateDim: number | null;
  readonly actionDim: number;
  /** Of every camera: side of a patch in pixels, of a token in patches, and how often a still image is repeated. */
  readonly patch: number;
  readonly merge: number;
  readonly temporal: number;
  /** The longest chunk. */
  readonly maxHorizon: number;
}

/** What the flow-matching loss is computed from; names and shapes are the codec's, the draws come beside them. */
export interface FlowInputs {
  /** f32 [B, H, A], normalised and padded. */
  readonly actions: Value;
  /** f32 [B, H, A]: 0 for padded dimensions and for steps after the episode's end. */
  readonly actionMask: Value;
  /** What the family draws, by name: `noise` f32 [B, K, H, A], `noiseFraction` f32 [B, K], and what it adds to them. */
  readonly drawn: Readonly<Record<string, Value>>;
}

/** Element type and shape of an input. */
export interface InputSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What training draws at random for every sample. */
export interface FamilyDraws {
  inputs(batch: number, sizes: FlowSizes): Readonly<Record<string, InputSpec>>;
  /** Sample b draws from `randoms[b]`. */
  draw(randoms: readonly Random[], sizes: FlowSizes): Record<string, Tensor>;
}

/**
 * A family of models: `C` its configuration, `P` its parameters but the supervision heads (with symbolic leaves), `X` what its
 * expert shares among all flow times.
 */
export interface ModelFamily<C extends FamilyConfig, P, X> {
  readonly name: string;
  /** Paper or system, for people. */
  readonly title: string;
  /** Published sizes by name. */
  readonly published: Readonly<Record<string, C>>;
  /** Checks a config.json; throws `bad-data` that names the field. */
  parse(config: unknown, where: string): C;
  /** A model that learns from pixels within minutes on two cores. */
  tiny(sizes: TinySizes): C;
  needs(config: C): CodecNeeds;
  /** Parameters but the supervision heads; `tokens` is the length of the prompt. */
  spec(config: C, tokens: number): Tree<ParameterSpec>;
  encode(p: P, inputs: PromptInputs, layout: TokenLayout, config: C): EncodedPrompt;
  /** What every flow time shares; `state` f32 [B, S] is null where the model does not read it. */
  context(p: P, prompt: EncodedPrompt, state: Value | null, config: C): X;
  readonly draws: (config: C) => FamilyDraws;
  /** The loss of the action expert, a scalar. */
  flowLoss(p: P, context: X, inputs: FlowInputs, config: C): Value;
  /**
   * Actions [B, H, A] from noise [B, H, A] in `steps` Euler steps, normalised. `dimensions` [A] is 0 where an action is
   * padding.
   */
  sample(p: P, context: X, noise: Value, dimensions: Value, steps: number, config: C): Value;
  /**
   * What `sample` walks along, for those who walk themselves: `mask` f32 [B, H, A] is 0 where an action is padding. Walked in Euler
   * steps it gives the actions of `sample`, up to rounding. With a prefix it starts with the given actions and never moves them.
   */
  flow(p: P, context: X, mask: Value, config: C, prefix?: GivenPrefix | null): ActionFlow;
  /** The most first actions of a chunk that the model was trained to be given; 0 where it was not. */
  longestPrefix(config: C): number;
  /** How it writes text; absent from families that only act. */
  readonly text?: FamilyText<C>;
  /** How it tells the task's progress; absent from families that do not. */
  readonly progress?: FamilyProgress<C, P, X>;
}

/** An expert that is told how far the task was before a chunk, and tells how far it is after it; shares of the task, 0 to 1. */
export interface FamilyProgress<C, P, X> {
  /** Whether the model has the parameters for it. */
  has(config: C): boolean;
  /** `flowLoss` with the progress [B] before the chunk given, and the mean square error of what is told against that after it. */
  losses(
    p: P,
    context: X,
    inputs: FlowInputs,
    progress: { readonly before: Value; readonly after: Value },
    config: C,
  ): { readonly flow: Value; readonly progress: Value };
  /** `sample` with the progress [B] before the chunk given; it also tells that after it, [B]. */
  sample(
    p: P,
    context: X,
    start: { readonly noise: Value; readonly before: Value },
    dimensions: Value,
    steps: number,
    config: C,
  ): { readonly actions: Value; readonly progress: Value };
}

/** What a family that writes text offers. */
export interface FamilyText<C> {
  /** Its vision-language model alone; `tokens` is the length of the policy's prompt. */
  model(config: C, tokens: number): TextModel;
  /** How it was trained to reason before it acts: the words that ask for it, and the tokens of which each ends it; null where nobody says. */
  readonly reasoning: { readonly cue: string; readonly stopTokens: readonly string[] } | null;
  /** How it is asked about images: the prompt, and the tokens of which each ends the answer. */
  readonly question: { readonly template: QuestionTemplate; readonly stopTokens: readonly string[] };
}

/** A family whose own types are closed: its functions take what its own `parse` and `spec` returned. */
export type AnyFamily = ModelFamily<FamilyConfig, Tree<Value>, unknown>;

/** Declares a family. */
export function defineFamily<C extends FamilyConfig, P, X>(family: ModelFamily<C, P, X>): AnyFamily {
  return family as unknown as AnyFamily;
}

/** A configuration by its schema and the rules between its sizes; throws `bad-data` that names the field. */
export function parseConfig<C extends FamilyConfig>(
  schema: z.ZodType<C>,
  value: unknown,
  { family, where }: { readonly family: C['family']; readonly where: string },
  rules: (config: C) => readonly (readonly [holds: boolean, rule: string])[],
): C {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new VlaError('bad-data', `${where}: ${issue.path.join('.') || 'the whole'}: ${issue.message}.`, {
      hint: `It must be the configuration of a ${family} model, as training writes it.`,
    });
  }
  requireRules(where, rules(parsed.data));
  return parsed.data;
}

/** Throws `bad-data` with the first rule that does not hold. */
function requireRules(where: string, rules: readonly (readonly [holds: boolean, rule: string])[]): void {
  const broken = rules.find(([holds]) => !holds);
  if (broken === undefined) return;
  throw new VlaError('bad-data', `${where}: expected ${broken[1]}.`, {
    hint: 'Sizes of a model depend on each other: correct the configuration.',
  });
}
