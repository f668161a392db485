/**
 * @file A model of any family as the training loop sees it: parameters, one step's inputs, the loss; and what is drawn.
 *
 * Axes: B batch, K draws of noise and time per sample, H horizon, A action dimensions.
 */

import { VlaError, invariant } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { Tensor } from '../base/tensor.ts';
import { type Codec } from '../codec/policy-codec.ts';
import { PIXELS } from '../codec/input-spec.ts';
import type { TokenLayout } from '../codec/prompt.ts';
import { add, constant, mul, reshape, slice, type Value } from '../engine/index.ts';
import type { ParameterSpec, Tree } from '../nn/parameters.ts';
import { choiceSpec, encodeWithChoices, requireChoice } from './choice.ts';
import { requireFittingCodec } from './codec-fit.ts';
import type { AnyFamily, FamilyConfig, InputSpec } from './family.ts';
import { ACTIONS, type Objective } from './objective.ts';
import { choiceLosses, type Choices } from './parts/choice-policy.ts';
import { insulatePrompt } from './parts/knowledge-insulation.ts';
import type { EncodedPrompt, PromptInputs } from './parts/prompt-encoder.ts';
import { throughReads } from './parts/prompt-reads.ts';
import {
  supervisionInputs,
  supervisionLosses,
  supervisionSpec,
  type HeadContext,
  type SupervisionConfig,
  type SupervisionHeads,
} from './parts/supervision-heads.ts';
import { PROGRESS, requireProgress, requireProgressTargets } from './task-progress.ts';
import { textLoss } from './text-loss.ts';
import { requireText } from './writer.ts';

/** What a training step is made of. */
export interface FlowTrainableOptions {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly codec: Codec;
  readonly batchSize: number;
  /** K: draws of noise and time that share one pass over the prompt. */
  readonly draws: number;
  /** Default: action chunks alone. */
  readonly objective?: Objective;
  /** Supervision heads that learn: all (default), or those whose targets the codec offers. */
  readonly heads?: 'all' | 'offered';
  /** Stands between the encoded prompt and who reads it; see `throughReads`. */
  readonly through?: (name: string, value: Value) => Value;
}

/** The structure of training's `Trainable` (which this folder may not import). */
export interface FlowTrainable {
  readonly parameters: Tree<ParameterSpec>;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  loss(
    parameters: Tree<Value>,
    inputs: Readonly<Record<string, Value>>,
  ): { readonly loss: Value; readonly metrics: Readonly<Record<string, Value>> };
  /** The inputs that do not come from the codec; sample b draws from `randoms[b]`. */
  draw(randoms: readonly Random[]): Record<string, Tensor>;
}

/** Names of the codec's tensors that a model reads from an observation; `reads` is whether something looks at the readout. */
export function observationNames(family: AnyFamily, config: FamilyConfig, codec: Codec, reads: boolean): string[] {
  const pixels = codec.layout.images.map(({ camera }) => PIXELS + camera);
  const lastToken = reads && !config.prompt.stateToken ? ['lastToken'] : [];
  const state = family.needs(config).stateDim === null ? [] : ['state'];
  return [...pixels, 'tokens', 'tokenMask', ...lastToken, ...state];
}

/** Those tensors as the encoder takes them. */
export function promptInputs(codec: Codec, inputs: Readonly<Record<string, Value>>): PromptInputs {
  return {
    pixels: Object.fromEntries(codec.layout.images.map(({ camera }) => [camera, inputs[PIXELS + camera]!])),
    tokens: inputs['tokens']!,
    tokenMask: inputs['tokenMask']!,
    contextMask: inputs['contextMask'],
    lastToken: inputs['lastToken'] ?? null,
    state: inputs['state'] ?? null,
  };
}

/** All parameters of a model, the supervision heads and a choice policy in subtrees of their own. */
export function modelSpec(family: AnyFamily, config: FamilyConfig, codec: Pick<Codec, 'layout'>): Tree<ParameterSpec> {
  return {
    ...(family.spec(config, codec.layout.length) as Readonly<Record<string, Tree<ParameterSpec>>>),
    supervision: supervisionSpec(config.supervision, config.language.width),
    ...choiceSpec(family, config),
  };
}

/**
 * The model's loss on batches of the codec: the weighted sum of what the objective names and of the supervision heads. `inputs`
 * are those of `codec.trainingInputs` that the model reads, and those of `draw`. Throws `mismatch` where the codec lacks what
 * the objective asks for, `unsupported` where the model cannot write text.
 */
export function createFlowTrainable(options: FlowTrainableOptions): FlowTrainable {
  const { family, config, codec, batchSize: B, objective = ACTIONS } = options;
  requireFittingCodec(family, config, codec);
  requireObjective(family, config, codec, objective);
  const { flow, text, choice = 0, progress = 0 } = objective;
  const sizes = { draws: options.draws, horizon: codec.horizon, actionDim: codec.actionDim };
  const layout = codec.trainingLayout;
  const offered = codec.trainingInputs(B);
  const heads = options.heads === 'offered' ? offeredHeads(config.supervision, layout, offered) : config.supervision;
  const targets = supervisionInputs(heads, layout);
  requireTargets(family.name, targets, offered, B);
  const supervised = Object.keys(targets).length > 0;
  const draws = family.draws(config);
  const drawn = flow > 0 ? draws.inputs(B, sizes) : {};
  const names = [
    ...observationNames(family, config, codec, supervised),
    ...(layout === codec.layout ? [] : ['contextMask']),
    ...(flow > 0 || choice > 0 ? ['actions', 'actionMask'] : []),
    ...(text > 0 ? TEXT_TARGETS : []),
    ...(progress > 0 ? [PROGRESS] : []),
    ...Object.keys(targets),
  ];
  const flowTerms = (p: Tree<Value>, prompt: EncodedPrompt, inputs: Readonly<Record<string, Value>>): Term[] => {
    const read = objective.insulation === 'none' ? prompt : insulatePrompt(prompt, objective.insulation);
    const context = family.context(p, read, inputs['state'] ?? null, config);
    const { actions, actionMask } = inputs;
    const feeds = { actions: actions!, actionMask: actionMask!, drawn: pick(inputs, drawn) };
    if (progress === 0) return [['flow', flow, family.flowLoss(p, context, feeds, config)]];
    const [before, after] = [0, 1].map((i) => reshape(slice(inputs[PROGRESS]!, 1, i, i + 1), [B]));
    const told = { before: before!, after: after! };
    const losses = requireProgress(family, config).losses(p, context, feeds, told, config);
    return [
      ['flow', flow, losses.flow],
      ['progress', progress, losses.progress],
    ];
  };
  return {
    parameters: modelSpec(family, config, codec),
    inputs: { ...Object.fromEntries(names.map((name) => [name, offered[name]!])), ...drawn },
    loss(p, inputs) {
      const observed = promptInputs(codec, inputs);
      const proposed = choice > 0 ? encodeWithChoices(p, observed, layout, { family, config, codec }) : null;
      // Where answers are hidden from the proposals, the prompt is encoded a second time, with them.
      const shared = observed.contextMask === undefined ? proposed : null;
      const encoded = shared?.prompt ?? family.encode(p, observed, layout, config);
      const prompt = options.through === undefined ? encoded : throughReads(encoded, options.through);
      const terms: Term[] = [];
      if (flow > 0) terms.push(...flowTerms(p, prompt, inputs));
      if (text > 0) terms.push(['text', text, textLoss(p, prompt, inputs, { family, config, layout })]);
      if (proposed !== null) terms.push(...choiceTerms(proposed.choices, inputs, choice));
      if (supervised) terms.push(...supervisionTerms(p, prompt, { heads, layout, inputs: pick(inputs, targets) }));
      return { loss: weightedSum(terms), metrics: Object.fromEntries(terms.map(([name, , value]) => [name, value])) };
    },
    draw: (randoms) => (flow > 0 ? draws.draw(randoms, sizes) : {}),
  };
}

const TEXT_TARGETS = ['textPlaces', 'textLabels', 'textWeights'];

/** A loss, by its name and weight. */
type Term = readonly [name: string, weight: number, value: Value];

function weightedSum(terms: readonly Term[]): Value {
  const [first, ...others] = terms.map(([, weight, value]) => (weight === 1 ? value : mul(value, constant(weight))));
  return others.reduce((sum, value) => add(sum, value), first!);
}

const pick = (inputs: Readonly<Record<string, Value>>, wanted: object): Record<string, Value> =>
  Object.fromEntries(Object.keys(wanted).map((name) => [name, inputs[name]!]));

function supervisionTerms(
  p: Tree<Value>,
  { hidden, readout }: EncodedPrompt,
  { heads, ...context }: { heads: SupervisionConfig } & Pick<HeadContext, 'layout' | 'inputs'>,
): Term[] {
  invariant(readout !== null, 'supervision reads the end of the prompt');
  const { supervision } = p as { supervision: SupervisionHeads<Value> };
  const losses = supervisionLosses(supervision, heads, { hidden, readout, ...context });
  return Object.entries(losses).map(([name, value]) => [name, heads[name]!.weight, value]);
}

/** The best proposal's error and the scores' own. */
function choiceTerms(choices: Choices, inputs: Readonly<Record<string, Value>>, weight: number): Term[] {
  const { winner, score } = choiceLosses(choices, inputs['actions']!, inputs['actionMask']!);
  return [
    ['choice', weight, winner],
    ['choiceScore', weight, score],
  ];
}

function offeredHeads(
  heads: SupervisionConfig,
  layout: TokenLayout,
  offered: Readonly<Record<string, InputSpec>>,
): SupervisionConfig {
  const known = Object.entries(heads).filter(
    ([, head]) =>
      (head.kind !== 'pointer' || layout.images.some(({ camera }) => camera === head.camera)) &&
      Object.keys(supervisionInputs({ head }, layout)).every((name) => name in offered),
  );
  return Object.fromEntries(known);
}

/** An objective that would teach nothing, or what the codec does not offer. */
function requireObjective(family: AnyFamily, config: FamilyConfig, codec: Codec, objective: Objective): void {
  const { flow, text, choice = 0, progress = 0, insulation } = objective;
  const check = (good: boolean, what: string, hint: string): void => {
    if (!good) throw new VlaError('mismatch', `${family.name} objective: ${what}.`, { hint });
  };
  check(
    flow >= 0 && text >= 0 && choice >= 0 && flow + text + choice > 0,
    `expected weights of which one is above 0, got flow ${flow}, text ${text}, choice ${choice}`,
    'Correct objective in the recipe.',
  );
  if (choice > 0) requireChoice({ family, config, codec });
  check(
    progress === 0 || (progress > 0 && flow > 0),
    `expected a weight of progress of 0, or above it beside flow, got progress ${progress}, flow ${flow}`,
    'The action expert tells the progress: set objective.flow above 0.',
  );
  if (progress > 0) requireProgressTargets(family, config, codec);
  const answers = codec.trainingLayout !== codec.layout;
  check(
    text === 0 || answers,
    'expected a codec with answers to learn text, got one without',
    'Set codec.answer in the recipe, or objective.text to 0.',
  );
  check(
    insulation === 'none' || flow > 0,
    'expected a weight of flow above 0 to insulate against, got 0',
    'Set objective.insulation to "none".',
  );
  if (!answers) return;
  requireText(family, config);
  check(
    !config.prompt.stateToken,
    'expected a model without a state token to learn text, got one whose state would see answers before they are written',
    'Set model.config.prompt.stateToken to false; the action expert may still read the state.',
  );
}

function requireTargets(
  family: string,
  targets: Readonly<Record<string, number>>,
  offered: Readonly<Record<string, InputSpec>>,
  B: number,
): void {
  for (const [name, size] of Object.entries(targets)) {
    const spec = offered[name];
    if (spec?.shape.join() === [B, size].join()) continue;
    throw new VlaError(
      'mismatch',
      `${family} supervision: expected a codec output "${name}" of ${size} numbers, got ${spec === undefined ? 'none' : `[${spec.shape.join(', ')}]`}.`,
      { hint: 'Add the field to the codec’s supervision, or take the head out of the model.' },
    );
  }
}
