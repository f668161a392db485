/**
 * @file A model of any family as the training loop sees it: parameters, one step's inputs, the loss; and what is drawn.
 *
 * Axes: B batch, K draws of noise and time per sample, H horizon, A action dimensions.
 */

import { VlaError, invariant } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { Tensor } from '../base/tensor.ts';
import { PIXELS, type Codec } from '../codec/policy-codec.ts';
import { add, constant, mul, type Value } from '../engine/index.ts';
import type { ParameterSpec, Tree } from '../nn/parameters.ts';
import { requireFittingCodec } from './codec-fit.ts';
import type { AnyFamily, FamilyConfig, InputSpec } from './family.ts';
import type { PromptInputs } from './parts/prompt-encoder.ts';
import {
  supervisionInputs,
  supervisionLosses,
  supervisionSpec,
  type SupervisionHeads,
} from './parts/supervision-heads.ts';

/** What a training step is made of. */
export interface FlowTrainableOptions {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly codec: Codec;
  readonly batchSize: number;
  /** K: draws of noise and time that share one pass over the prompt. */
  readonly draws: number;
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
    lastToken: inputs['lastToken'] ?? null,
    state: inputs['state'] ?? null,
  };
}

/** All parameters of a model, the supervision heads in a subtree of their own. */
export function modelSpec(family: AnyFamily, config: FamilyConfig, codec: Codec): Tree<ParameterSpec> {
  return {
    ...(family.spec(config, codec.layout.length) as Readonly<Record<string, Tree<ParameterSpec>>>),
    supervision: supervisionSpec(config.supervision, config.language.width),
  };
}

/**
 * The model's loss on batches of the codec: the flow-matching loss and the weighted losses of the supervision heads. `inputs`
 * are those of `codec.trainingInputs` that the model reads, and those of `draw`.
 */
export function createFlowTrainable(options: FlowTrainableOptions): FlowTrainable {
  const { family, config, codec, batchSize: B } = options;
  requireFittingCodec(family, config, codec);
  const sizes = { draws: options.draws, horizon: codec.horizon, actionDim: codec.actionDim };
  const { layout } = codec;
  const offered = codec.trainingInputs(B);
  const targets = supervisionInputs(config.supervision, layout);
  requireTargets(family.name, targets, offered, B);
  const names = [
    ...observationNames(family, config, codec, Object.keys(config.supervision).length > 0),
    'actions',
    'actionMask',
    ...Object.keys(targets),
  ];
  const draws = family.draws(config);
  const drawn = draws.inputs(B, sizes);
  return {
    parameters: modelSpec(family, config, codec),
    inputs: { ...Object.fromEntries(names.map((name) => [name, offered[name]!])), ...drawn },
    loss(parameters, inputs) {
      const observation = promptInputs(codec, inputs);
      const prompt = family.encode(parameters, observation, layout, config);
      const context = family.context(parameters, prompt, observation.state, config);
      const pick = (wanted: object) => Object.fromEntries(Object.keys(wanted).map((name) => [name, inputs[name]!]));
      const { actions, actionMask } = inputs;
      const flow = family.flowLoss(
        parameters,
        context,
        { actions: actions!, actionMask: actionMask!, drawn: pick(drawn) },
        config,
      );
      const heads = (parameters as { supervision: SupervisionHeads<Value> }).supervision;
      if (Object.keys(config.supervision).length === 0) return { loss: flow, metrics: { flow } };
      invariant(prompt.readout !== null, 'supervision reads the end of the prompt');
      const { hidden, readout } = prompt;
      const losses = supervisionLosses(heads, config.supervision, { hidden, readout, layout, inputs: pick(targets) });
      let loss = flow;
      for (const [name, value] of Object.entries(losses)) {
        loss = add(loss, mul(value, constant(config.supervision[name]!.weight)));
      }
      return { loss, metrics: { flow, ...losses } };
    },
    draw: (randoms) => draws.draw(randoms, sizes),
  };
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
