/**
 * @file A policy as PPO trains it: which of its parameters learn, the critic beside it, and its passes as parts of graphs: encoding a
 * prompt, acting with chance, judging a chunk that was sampled before.
 *
 * Axes: B batch, N Euler steps, H horizon, A action dimensions, D width.
 */

import { VlaError, invariant } from '../../base/errors.ts';
import { f32, type DType } from '../../base/tensor.ts';
import type { Codec } from '../../codec/policy-codec.ts';
import { constant, expand, input, output, trace, weight, type Graph, type Value } from '../../engine/index.ts';
import { requireFittingCodec } from '../../models/codec-fit.ts';
import type { AnyFamily, FamilyConfig, InputSpec } from '../../models/family.ts';
import { observationNames, promptInputs } from '../../models/flow-trainable.ts';
import { fixedTime, type ActionFlow } from '../../models/parts/flow-matching.ts';
import { sdeSteps, type FlowSdeConfig, type SdeStep } from '../../models/parts/flow-sde.ts';
import type { EncodedPrompt, PromptInputs } from '../../models/parts/prompt-encoder.ts';
import { throughReads } from '../../models/parts/prompt-reads.ts';
import { pooledPrompt, valueHeadSpec, type ValueHead, type ValueHeadConfig } from '../../models/parts/value-head.ts';
import { asWeights, flatten, mapTree, type ParameterSpec, type Tree } from '../../nn/parameters.ts';
import { splitVector } from '../flat-gradient.ts';
import { flatLayout, type FlatLayout } from '../flat-parameters.ts';

/** What a policy is trained with. */
export interface ActorCriticOptions {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly codec: Codec;
  /** `expert`: the vision-language model stays as it is, and a rollout's prompts are encoded once for all passes over it. */
  readonly learn: 'all' | 'expert';
  readonly valueHead: ValueHeadConfig;
  readonly sde: FlowSdeConfig;
  readonly eulerSteps: number;
  /** How many actions of a chunk are executed, and count in its log-probability. */
  readonly execute: number;
}

/** A policy and a critic. */
export interface ActorCritic extends ActorCriticOptions {
  /** The policy's parameters; supervision heads are none of them. */
  readonly spec: Tree<ParameterSpec>;
  /** Those that learn. */
  readonly actor: FlatLayout;
  readonly criticSpec: ValueHead<ParameterSpec>;
  readonly critic: FlatLayout;
  readonly table: readonly SdeStep[];
  /** What a model reads of an observation. */
  readonly observation: readonly string[];
  /** What is kept of an encoded prompt, by name and for one sample; null where prompts are encoded again in every pass. */
  readonly kept: Readonly<Record<string, InputSpec>> | null;
  /** The encoded prompt of the survey: its shapes and numbers. */
  readonly template: EncodedPrompt;
}

/** Kept tensors' names in graphs: `kept.layers.0.keys`; the critic's is `kept.pooled`. */
export const KEPT = 'kept.';
const POOLED = 'pooled';

/** Finds out what learns and what is kept. Throws `bad-argument` for what cannot work. */
export function createActorCritic(options: ActorCriticOptions): ActorCritic {
  const { family, config, codec, learn, valueHead, sde, eulerSteps, execute } = options;
  requireFittingCodec(family, config, codec);
  if (!(Number.isInteger(execute) && execute >= 1 && execute <= codec.horizon)) {
    throw new VlaError(
      'bad-argument',
      `execute: expected 1 to ${codec.horizon} actions (the horizon), got ${execute}.`,
      {
        hint: 'Correct it in the recipe, or with --set rollout.execute=…',
      },
    );
  }
  const spec = family.spec(config, codec.layout.length);
  const criticSpec = valueHeadSpec(valueHead, config.language.width);
  const observation = observationNames(family, config, codec, false);
  const { template, kept, encoder } = survey(family, config, codec, spec, observation);
  const learns = flatten<ParameterSpec>(spec).filter(([name]) => learn === 'all' || !encoder.has(name));
  return {
    ...options,
    spec,
    criticSpec,
    actor: flatLayout(learns),
    critic: flatLayout(flatten<ParameterSpec>(criticSpec)),
    table: sdeSteps(sde, eulerSteps),
    observation,
    kept: learn === 'all' ? null : kept,
    template,
  };
}

/** Traces the way from one observation to the expert: what the expert reads of the prompt, and which parameters that comes from. */
function survey(
  family: AnyFamily,
  config: FamilyConfig,
  codec: Codec,
  spec: Tree<ParameterSpec>,
  names: readonly string[],
): { template: EncodedPrompt; kept: Record<string, InputSpec>; encoder: ReadonlySet<string> } {
  const kept: Record<string, InputSpec> = {};
  let template: EncodedPrompt | null = null;
  const graph = trace(() => {
    const p = asWeights<Tree<ParameterSpec>>(spec) as Tree<Value>;
    const inputs = observationInputs(codec, names, 1);
    const prompt = family.encode(p, inputs, codec.layout, config);
    template = prompt;
    const keep = (name: string, value: Value): Value => {
      kept[name] = { dtype: value.dtype, shape: value.shape as readonly number[] };
      output(KEPT + name, value);
      return value;
    };
    const { flow, mask } = situation(
      { family, config, codec },
      p,
      throughReads(prompt, keep),
      inputs.state,
      prompt.hidden,
      1,
    );
    // Some of it is read only now.
    flow.velocity(mask, fixedTime(1, 1));
    keep(POOLED, pooledPrompt(prompt));
  });
  invariant(template !== null, 'a prompt was encoded');
  return { template, kept, encoder: reachedWeights(graph) };
}

/** Names of the weights that a graph's outputs depend on. */
function reachedWeights(graph: Graph): ReadonlySet<string> {
  const needed = new Set<Value>(Object.values(graph.outputs));
  for (const node of graph.nodes.toReversed()) {
    if (node.outputs.some((y) => needed.has(y))) for (const x of node.inputs) needed.add(x);
  }
  return new Set([...needed].flatMap(({ source }) => (source.kind === 'weight' ? [source.name] : [])));
}

/** The graph without weights that nothing needs: a session does not ask for them. */
export function withoutIdleWeights(graph: Graph): Graph {
  const used = reachedWeights(graph);
  return { ...graph, weights: Object.fromEntries(Object.entries(graph.weights).filter(([name]) => used.has(name))) };
}

/** The inputs of a batch of observations. */
export function observationInputs(codec: Codec, names: readonly string[], B: number): PromptInputs {
  const offered = codec.observationInputs(B);
  return promptInputs(
    codec,
    Object.fromEntries(names.map((name) => [name, input(name, offered[name]!.dtype, offered[name]!.shape)])),
  );
}

/** The policy's parameters: those that learn from the vector `actor`, the others as weights of the graph. */
export function actorParameters({ spec, actor }: ActorCritic, vector: Value): Tree<Value> {
  const pieces = splitVector(actor, vector);
  const learned = new Map(actor.entries.map(({ name }, i) => [name, pieces[i]!]));
  return mapTree<Tree<ParameterSpec>, ParameterSpec, Value>(
    spec,
    ({ dtype, shape }, name) => learned.get(name) ?? weight(name, dtype, shape),
  );
}

/** The critic's parameters from its vector. */
export function criticParameters({ criticSpec, critic }: ActorCritic, vector: Value): ValueHead<Value> {
  const pieces = splitVector(critic, vector);
  const named = new Map(critic.entries.map(({ name }, i) => [name, pieces[i]!]));
  return mapTree<ValueHead<ParameterSpec>, ParameterSpec, Value>(criticSpec, (_, name) =>
    named.get(name)!,
  ) as ValueHead<Value>;
}

/** What a batch of prompts means for the expert and for the critic. */
export interface Situation {
  readonly flow: ActionFlow;
  /** [B, D]. */
  readonly pooled: Value;
  /** [B, H, A]: 1 where an action is real. */
  readonly mask: Value;
}

/** From observations; what is kept of them becomes outputs of the graph. */
export function seeObservations(ac: ActorCritic, p: Tree<Value>, B: number): Situation {
  const inputs = observationInputs(ac.codec, ac.observation, B);
  const prompt = ac.family.encode(p, inputs, ac.codec.layout, ac.config);
  const pooled = pooledPrompt(prompt);
  if (ac.kept === null) return situation(ac, p, prompt, inputs.state, pooled, B);
  const keep = (name: string, value: Value): Value => {
    output(KEPT + name, value);
    return value;
  };
  keep(POOLED, pooled);
  return situation(ac, p, throughReads(prompt, keep), inputs.state, pooled, B);
}

/** From what was kept of them. */
export function recallObservations(ac: ActorCritic, p: Tree<Value>, B: number): Situation {
  const kept = keptSpecs(ac, B);
  const recall = (name: string): Value => {
    const spec = kept[KEPT + name];
    invariant(spec !== undefined, `"${name}" of a prompt was kept`);
    return input(KEPT + name, spec.dtype, spec.shape);
  };
  const state = ac.observation.includes('state') ? input('state', 'f32', [B, ac.codec.stateDim]) : null;
  return situation(ac, p, throughReads(ac.template, recall), state, recall(POOLED), B);
}

function situation(
  { family, config, codec }: Pick<ActorCritic, 'family' | 'config' | 'codec'>,
  p: Tree<Value>,
  prompt: EncodedPrompt,
  state: Value | null,
  pooled: Value,
  B: number,
): Situation {
  const context = family.context(p, prompt, state, config);
  const mask = expand(constant(f32(codec.actionDimensions)), [B, codec.horizon, codec.actionDim]);
  return { flow: family.flow(p, context, mask, config), pooled, mask };
}

/** Element types and shapes of the kept tensors of B prompts, by their names in graphs. */
function keptSpecs(
  { kept }: ActorCritic,
  B: number,
): Readonly<Record<string, { dtype: DType; shape: readonly number[] }>> {
  return Object.fromEntries(
    Object.entries(kept ?? {}).map(([name, { dtype, shape }]) => {
      invariant(shape[0] === 1, `"${name}" of a prompt has a batch axis`);
      return [KEPT + name, { dtype, shape: [B, ...shape.slice(1)] }];
    }),
  );
}
