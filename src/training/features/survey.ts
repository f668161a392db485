/** @file What a loss reads of an encoded prompt, and which weights and inputs it comes from: found by tracing the loss once. */

import { VlaError, invariant } from '../../base/errors.ts';
import { constant, expand, input, trace, weight, type Value } from '../../engine/index.ts';
import { mapTree, type ParameterSpec, type Tree } from '../../nn/parameters.ts';
import { PIXELS } from '../../codec/input-spec.ts';
import type { PolicyTrainable, TensorSpec } from '../trainable.ts';

/** The start of the names of inputs that hold features: `features.layers.0.keys`. */
export const FEATURES = 'features.';

/** A trainable whose reads of the prompt go through a function: the one that it gets here. */
export type ThroughReads = (at: (name: string, value: Value) => Value) => PolicyTrainable;

/** What was found. */
export interface FeatureSurvey {
  /** What is read of the prompt, by name, with the batch axis. */
  readonly features: Readonly<Record<string, TensorSpec>>;
  /** What the loss reads beside them: inputs of the trainable, and frozen weights. */
  readonly reads: { readonly inputs: ReadonlySet<string>; readonly weights: ReadonlySet<string> };
  /** What the features are computed from. */
  readonly encoder: { readonly inputs: ReadonlySet<string>; readonly weights: ReadonlySet<string> };
}

const LEARNED = 'learned ';

/**
 * Traces the loss. Throws `bad-argument` where something that the features come from learns, `unsupported` where the loss looks at
 * pixels beside the features.
 */
export function surveyFeatures(through: ThroughReads): FeatureSurvey {
  const found = new Map<string, Value>();
  let survey: FeatureSurvey | null = null;
  trace(() => {
    const trainable = through((name, value) => {
      // What is the same for every frame stays in the graph.
      if (reached([value]).inputs.size === 0) return value;
      found.set(name, value);
      return input(FEATURES + name, value.dtype, value.shape);
    });
    const inputs = mapValues(trainable.inputs, ({ dtype, shape }, name) => input(name, dtype, shape));
    const frozen = mapValues(trainable.frozen ?? {}, ({ dtype, shape }, name) => weight(name, dtype, shape));
    const parameters = mapTree<Tree<ParameterSpec>, ParameterSpec, Value>(
      trainable.parameters,
      ({ dtype, shape }, name) => input(LEARNED + name, dtype, shape),
    );
    const { loss, metrics } = trainable.loss(parameters, inputs, frozen);
    const reads = reached([loss, ...Object.values(metrics)]);
    const kept = [...found].filter(([name]) => reads.inputs.has(FEATURES + name));
    const encoder = reached(kept.map(([, value]) => value));
    requireFrozen(encoder.inputs);
    requireNoPixels(reads.inputs);
    const specs = kept.map(([name, { dtype, shape }]) => [name, { dtype, shape: shape as readonly number[] }] as const);
    survey = { features: Object.fromEntries(specs), reads, encoder };
  });
  invariant(survey !== null, 'a loss was traced');
  return survey;
}

function requireFrozen(inputs: ReadonlySet<string>): void {
  const all = [...inputs].filter((name) => name.startsWith(LEARNED));
  const learned = all.map((name) => name.slice(LEARNED.length)).sort();
  if (learned.length === 0) return;
  const others = learned.length === 1 ? '' : ` and ${learned.length - 1} more`;
  throw new VlaError(
    'bad-argument',
    `data.features: expected everything that encodes the prompt to be frozen, got ${learned[0]}${others} that learns.`,
    { hint: 'Freeze it (tuning.freeze), or set data.features to null.' },
  );
}

function requireNoPixels(inputs: ReadonlySet<string>): void {
  const seen = [...inputs].find((name) => name.startsWith(PIXELS));
  if (seen === undefined) return;
  throw new VlaError(
    'unsupported',
    `data.features: expected a loss that looks at features alone, got one of ${seen}.`,
    {
      hint: 'A choice policy learns inside the prompt: set objective.choice to 0, or data.features to null.',
    },
  );
}

/** Names of inputs and weights that values depend on. */
function reached(values: readonly Value[]): { readonly inputs: Set<string>; readonly weights: Set<string> } {
  const [inputs, weights] = [new Set<string>(), new Set<string>()];
  const seen = new Set<unknown>();
  const open = [...values];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const { source } = value;
    if (source.kind === 'input') inputs.add(source.name);
    else if (source.kind === 'weight') weights.add(source.name);
    else if (source.kind === 'node' && !seen.has(source.node)) {
      seen.add(source.node);
      open.push(...source.node.inputs);
    }
  }
  return { inputs, weights };
}

/** The same keys with other values. */
export function mapValues<A, B>(of: Readonly<Record<string, A>>, f: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, f(value, name)]));
}

/** Zeros in place of values that nothing will read. */
export const zerosOf = ({ dtype, shape }: TensorSpec): Value => expand(constant(0, dtype), shape);
