/** @file What the contract of model families needs to learn: a fitting codec, one batch, plain gradient descent, central differences. */

import assert from 'node:assert/strict';
import { Random } from '../../src/base/random.ts';
import { f32, type Tensor } from '../../src/base/tensor.ts';
import type { Codec } from '../../src/codec/policy-codec.ts';
import {
  createSession,
  gradient,
  input,
  mul,
  output,
  reduceSumSquare,
  sub,
  trace,
  type Session,
  type Value,
} from '../../src/engine/index.ts';
import type { AnyFamily, FamilyConfig } from '../../src/models/family.ts';
import type { FlowTrainable } from '../../src/models/flow-trainable.ts';
import { asInputs, flatten, materialise, type ParameterSpec } from '../../src/nn/parameters.ts';
import { codecOf, tinyDesign, tinySample } from '../codec-fixtures.ts';

/** The tiny model of a family for the small robot, and a codec that fits it; `side` makes all images that small. */
export function familyCodec(
  family: AnyFamily,
  supervision: FamilyConfig['supervision'],
  side: number | null,
): { readonly codec: Codec; readonly config: FamilyConfig } {
  const sizes = { stateDim: tinyDesign.stateSize, actionDim: tinyDesign.actionSize, supervision };
  const probe = family.needs(family.tiny({ ...sizes, vocabulary: 1024 }));
  const { patch, merge, temporal } = probe;
  const codec = codecOf({
    ...tinyDesign,
    cameras: tinyDesign.cameras.map((camera) => ({
      ...camera,
      patch,
      merge,
      temporal,
      ...(side === null
        ? {}
        : {
            steps: [{ kind: 'resize', width: side, height: side, filter: 'bilinear' } as const],
            width: side,
            height: side,
            augmentation: null,
          }),
    })),
  });
  return { codec, config: family.tiny({ ...sizes, vocabulary: codec.tokenizer.vocabularySize }) };
}

/** One batch with its draws, restricted to what the trainable reads; `rate` is the step of gradient descent. */
export function oneBatch(of: FlowTrainable, codec: Codec, size: number): (rate: number) => Record<string, Tensor> {
  const seeds = Array.from({ length: size }, (_, i) => i + 1);
  const randoms = seeds.map((seed) => new Random(seed));
  const all = { ...codec.collate(seeds.map(tinySample), randoms), ...of.draw(randoms) };
  const read = Object.fromEntries(Object.keys(of.inputs).map((name) => [name, all[name]!]));
  return (rate) => ({ ...read, rate: f32([rate], []) });
}

const square = (name: string): string => `square.${name}`;

/** A session that takes one step of gradient descent per run, and gives the square of each parameter's gradient. */
export async function openDescent(of: FlowTrainable): Promise<{
  readonly session: Session;
  readonly names: readonly string[];
  square(name: string): string;
}> {
  const names = flatten<ParameterSpec>(of.parameters).map(([name]) => name);
  const graph = trace(() => {
    const parameters = asInputs(of.parameters);
    const { loss, metrics } = of.loss(parameters, feedInputs(of));
    const rate = input('rate', 'f32', []);
    const leaves = flatten<Value>(parameters);
    const gradients = gradient(
      loss,
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name, leaf]] of leaves.entries()) {
      output(`${name}.next`, sub(leaf, mul(gradients[i]!, rate)));
      output(square(name), reduceSumSquare(gradients[i]!));
    }
    output('loss', loss);
    for (const [name, metric] of Object.entries(metrics)) output(`metric.${name}`, metric);
  });
  const session = await createSession(graph, {
    runtime: 'cpu',
    threads: 1,
    state: Object.fromEntries(names.map((name) => [name, `${name}.next`])),
    initialState: Object.fromEntries(flatten<Tensor>(materialise(of.parameters, new Random(7)))),
  });
  return { session, names, square };
}

const feedInputs = (of: FlowTrainable): Record<string, Value> =>
  Object.fromEntries(Object.entries(of.inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]));

/** Values and steps are multiples of it, so that value ± step is exact in f32. */
const UNIT = 2 ** -14;

/** Checks the gradient of the whole loss of one sample, from pixels and tokens to velocity and heads, against central differences in fp64. */
export async function checkGradients(trainable: FlowTrainable, codec: Codec, deaf: RegExp): Promise<void> {
  const graph = trace(() => {
    const parameters = asInputs(trainable.parameters);
    const { loss } = trainable.loss(parameters, feedInputs(trainable));
    output('loss', loss);
    const leaves = flatten<Value>(parameters);
    const gradients = gradient(
      loss,
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name]] of leaves.entries()) output(`gradient.${name}`, gradients[i]!);
  });
  const losses = trace(() => {
    const feeds = feedInputs(trainable);
    // The difference from a number near it: tensors come back in f32, whose rounding would drown small differences.
    output('loss', sub(trainable.loss(asInputs(trainable.parameters), feeds).loss, input('base', 'f32', [])));
  });
  const randoms = [new Random(1)];
  const all = { ...codec.collate([tinySample(1)], randoms), ...trainable.draw(randoms) };
  const feeds = Object.fromEntries(Object.keys(trainable.inputs).map((name) => [name, all[name]!]));
  const weights = Object.fromEntries(
    flatten<Tensor>(materialise(trainable.parameters, new Random(5))).map(([name, { shape, data }]) => [
      name,
      { dtype: 'f32', shape, data: (data as Float32Array).map((x) => Math.round(x / UNIT) * UNIT) } as Tensor,
    ]),
  );
  const session = await createSession(graph, { runtime: 'reference', precision: 'f64' });
  const results = await session.run({ ...weights, ...feeds });
  await session.close();
  const forward = await createSession(losses, { runtime: 'reference', precision: 'f64' });
  const lossAt = async (name: string, shape: readonly number[], data: Float32Array): Promise<number> => {
    const moved = { [name]: { dtype: 'f32', shape, data } as Tensor };
    const { loss } = await forward.run({ ...weights, ...feeds, base: results['loss']!, ...moved });
    return Number(loss!.data[0]);
  };
  const random = new Random(6);
  for (const [name, { shape, data }] of Object.entries(weights)) {
    const signs = Float32Array.from(data as Float32Array, () => (random.uniform() < 0.5 ? -UNIT : UNIT));
    const at = (sign: number): Promise<number> =>
      lossAt(
        name,
        shape,
        (data as Float32Array).map((x, i) => x + sign * signs[i]!),
      );
    const measured = (await at(1)) - (await at(-1));
    const slope = results[`gradient.${name}`]!.data as Float32Array;
    const moves = Array.from(signs, (sign, i) => 2 * slope[i]! * sign);
    const expected = moves.reduce((a, b) => a + b, 0);
    const size = moves.reduce((sum, move) => sum + Math.abs(move), 0);
    assert.ok(
      Math.abs(measured - expected) <= 2e-4 * size + 1e-10,
      `${name}: measured ${measured}, expected ${expected} (Σ|·| ${size})`,
    );
    assert.ok(size > 0 || deaf.test(name), `${name} has no gradient`);
  }
  await forward.close();
}
