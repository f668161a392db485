/**
 * @file The contract of families that learn to write answers beside actions: an expert that may not read an answer acts as if
 * there were none, and an insulated one teaches the vision-language model nothing.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../src/base/random.ts';
import type { Tensor } from '../../src/base/tensor.ts';
import { createCodec, type Codec } from '../../src/codec/policy-codec.ts';
import { createSession, gradient, input, output, trace, type Value } from '../../src/engine/index.ts';
import type { AnyFamily, FamilyConfig } from '../../src/models/family.ts';
import { createFlowTrainable, type FlowTrainable } from '../../src/models/flow-trainable.ts';
import { ACTIONS, type Objective } from '../../src/models/objective.ts';
import { asInputs, flatten, materialise, type ParameterSpec } from '../../src/nn/parameters.ts';
import { tinySample } from '../codec-fixtures.ts';
import { familyCodec } from './family-learning.ts';

const BATCH = 2;
const DRAWS = 2;

interface Subject {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  /** Without answers, and with them. */
  readonly plain: Codec;
  readonly answering: Codec;
}

function subjectOf(family: AnyFamily, change: (tiny: FamilyConfig) => FamilyConfig): Subject {
  const { codec: plain, config: tiny } = familyCodec(family, {}, null);
  const prompt = { attention: 'causal', stateToken: false, learnedPositions: false };
  const config = family.parse(change({ ...tiny, prompt } as FamilyConfig), 'answers');
  const actionText = { kind: 'uniform-bins', bins: 9, token: '<a%>' } as const;
  const answer = { template: 'actions', maxTokens: 64, actionText } as const;
  return { family, config, plain, answering: createCodec({ ...plain.config, answer }, plain.tokenizer) };
}

function trainableOf({ family, config }: Subject, codec: Codec, objective: Objective): FlowTrainable {
  return createFlowTrainable({ family, config, codec, batchSize: BATCH, draws: DRAWS, objective });
}

/** Loss, metrics and gradients by name, with the same weights, samples and draws every time. */
async function differentiate(of: FlowTrainable, codec: Codec): Promise<Record<string, Float32Array>> {
  const graph = trace(() => {
    const parameters = asInputs(of.parameters);
    const inputs = Object.entries(of.inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]);
    const { loss, metrics } = of.loss(parameters, Object.fromEntries(inputs) as Record<string, Value>);
    const leaves = flatten<Value>(parameters);
    const slopes = gradient(
      loss,
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name]] of leaves.entries()) output(`gradient.${name}`, slopes[i]!);
    output('loss', loss);
    for (const [name, metric] of Object.entries(metrics)) output(name, metric);
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  const samples = [1, 2].map(tinySample);
  const streams = (): Random[] => samples.map((_, i) => new Random(i));
  const all = { ...codec.collate(samples, null), ...of.draw(streams()) };
  const feeds = Object.fromEntries(Object.keys(of.inputs).map((name) => [name, all[name]!]));
  const weights = Object.fromEntries(flatten<Tensor>(materialise(of.parameters, new Random(5))));
  const results = await session.run({ ...weights, ...feeds });
  await session.close();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

function assertClose(got: Float32Array, expected: Float32Array, what: string): void {
  const size = Math.max(1e-3, ...expected.map(Math.abs));
  const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  assert.ok(worst <= 2e-5 * size, `${what}: ${worst} of ${size}`);
}

/** The tests. `change` makes the tiny configuration one with plain causal prompts. */
export function answersContract(family: AnyFamily, change: (tiny: FamilyConfig) => FamilyConfig = (c) => c): void {
  const isExpert = ({ family: of, config, plain }: Subject): ((name: string) => boolean) => {
    const text = of.text!.model(config, plain.layout.length);
    const language = new Set(
      [text.vision, text.text].flatMap(({ spec }) => flatten<ParameterSpec>(spec).map(([name]) => name)),
    );
    return (name) => !language.has(name.replace(/^gradient\./, ''));
  };

  test(`${family.name}: an answer that the expert may not read changes nothing for it`, async () => {
    const subject = subjectOf(family, change);
    const expected = await differentiate(trainableOf(subject, subject.plain, ACTIONS), subject.plain);
    const got = await differentiate(trainableOf(subject, subject.answering, ACTIONS), subject.answering);
    assert.deepEqual(Object.keys(got).sort(), Object.keys(expected).sort());
    for (const [name, values] of Object.entries(got)) assertClose(values, expected[name]!, name);
  });

  test(`${family.name}: insulated, actions teach the expert and text the vision-language model`, async () => {
    const subject = subjectOf(family, change);
    const { answering } = subject;
    const slopes = (objective: Objective): Promise<Record<string, Float32Array>> =>
      differentiate(trainableOf(subject, answering, objective), answering);
    const both = await slopes({ ...ACTIONS, text: 0.5, insulation: 'all' });
    const text = await slopes({ ...ACTIONS, flow: 0, text: 0.5 });
    const flow = await slopes(ACTIONS);
    const expert = isExpert(subject);
    let learned = 0;
    for (const name of Object.keys(both).filter((one) => one.startsWith('gradient.'))) {
      assertClose(both[name]!, (expert(name) ? flow : text)[name]!, name);
      if (!expert(name)) learned += Math.max(...text[name]!.map(Math.abs)) > 0 ? 1 : 0;
      else
        assert.ok(
          text[name]!.every((value) => value === 0),
          `${name} learns from text`,
        );
    }
    assert.ok(learned > 10, `${learned} tensors learn from text`);
    assert.ok(Math.abs(both['loss']![0]! - (both['flow']![0]! + 0.5 * both['text']![0]!)) < 1e-5);
  });
}
