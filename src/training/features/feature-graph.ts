/** @file The two halves of a loss that is cut at the encoded prompt: the graph that makes features, and the loss that reads them. */

import { cast, input, output, trace, weight, type Graph, type Value } from '../../engine/index.ts';
import { mapTree, type ParameterSpec, type Tree } from '../../nn/parameters.ts';
import type { PolicyTrainable, TensorSpec, Trainable } from '../trainable.ts';
import type { FeaturesConfig } from './config.ts';
import { FEATURES, mapValues, zerosOf, type FeatureSurvey, type ThroughReads } from './survey.ts';

/** Element types of features on the disk: what masks add to scores does not fit 16 bits, nor do all positions. */
export function storedType(name: string, { dtype }: TensorSpec, config: Pick<FeaturesConfig, 'dtype'>): 'f32' | 'f16' {
  const wide = dtype === 'f32' && !/^(layers|hidden|readout)\b/.test(name);
  return wide ? 'f32' : config.dtype;
}

/** Inputs are `survey.encoder.inputs`, weights `survey.encoder.weights`; outputs the features, with the start `FEATURES`. */
export function featureGraph(through: ThroughReads, survey: FeatureSurvey, config: FeaturesConfig): Graph {
  return trace(() => {
    const trainable = through((name, value) => {
      const spec = survey.features[name];
      if (spec !== undefined) output(FEATURES + name, cast(value, storedType(name, spec, config)));
      return value;
    });
    traceLoss(trainable, {
      input: (name, { dtype, shape }) => (survey.encoder.inputs.has(name) ? input(name, dtype, shape) : null),
      frozen: (name, { dtype, shape }) => (survey.encoder.weights.has(name) ? weight(name, dtype, shape) : null),
    });
  });
}

/** Appends a loss of which only a part matters: the rest is computed from zeros, and taken out as dead code. */
function traceLoss(
  trainable: Trainable,
  parts: {
    input(name: string, spec: TensorSpec): Value | null;
    frozen(name: string, spec: TensorSpec): Value | null;
  },
): void {
  const parameters = mapTree<Tree<ParameterSpec>, ParameterSpec, Value>(trainable.parameters, (spec) => zerosOf(spec));
  const inputs = mapValues(trainable.inputs, (spec, name) => parts.input(name, spec) ?? zerosOf(spec));
  const frozen = mapValues(trainable.frozen ?? {}, (spec, name) => parts.frozen(name, spec) ?? zerosOf(spec));
  trainable.loss(parameters, inputs, frozen);
}

/** The loss on batches of `batchSize` with features as inputs, and without what only the encoder reads. */
export function featureTrainable(
  through: ThroughReads,
  survey: FeatureSurvey,
  config: FeaturesConfig,
  batchSize: number,
): PolicyTrainable {
  let fed: Readonly<Record<string, Value>> = {};
  const whole = through((name, value) => {
    const feature = fed[FEATURES + name];
    return feature === undefined ? value : cast(feature, value.dtype);
  });
  const only = <T>(of: Readonly<Record<string, T>>, wanted: ReadonlySet<string>): Record<string, T> =>
    Object.fromEntries(Object.entries(of).filter(([name]) => wanted.has(name)));
  const features = Object.entries(survey.features).map(([name, spec]): [string, TensorSpec] => [
    FEATURES + name,
    { dtype: storedType(name, spec, config), shape: [batchSize, ...spec.shape.slice(1)] },
  ]);
  return {
    ...whole,
    inputs: { ...only(whole.inputs, survey.reads.inputs), ...Object.fromEntries(features) },
    frozen: only(whole.frozen ?? {}, survey.reads.weights),
    loss(parameters, inputs, frozen) {
      fed = inputs;
      const all = mapValues(whole.inputs, (spec, name) => inputs[name] ?? zerosOf(spec));
      const weights = mapValues(whole.frozen ?? {}, (spec, name) => frozen?.[name] ?? zerosOf(spec));
      return whole.loss(parameters, all, weights);
    },
  };
}
