/** @file Choice policies behind the prompts of all families: what they see, who sees them, what learns; and the whole against PyTorch. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { checkGradients, familyCodec, oneBatch, openDescent } from '../../tests/contracts/family-learning.ts';
import { GOLDEN_XIAOMI, goldenXiaomiLayout } from '../../tests/golden-models.ts';
import { goldenTensors, largestDifference } from '../../tests/golden-tensors.ts';
import { Random } from '../base/random.ts';
import type { Tensor } from '../base/tensor.ts';
import type { Codec } from '../codec/policy-codec.ts';
import { add, createSession, gradient, input, output, trace, type Value } from '../engine/index.ts';
import { asInputs, flatten, materialise, pickTensors, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import { choiceSpec, encodeWithChoices, requireChoice } from './choice.ts';
import { FAMILIES } from './families.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';
import {
  createFlowTrainable,
  modelSpec,
  observationNames,
  promptInputs,
  type FlowTrainable,
} from './flow-trainable.ts';
import type { Objective } from './objective.ts';
import { choiceLosses, pickChoice } from './parts/choice-policy.ts';
import { PUBLISHED_FAMILIES } from './published-families.ts';
import { tinyXiaomi } from './xiaomi-robotics-0/config.ts';
import { xiaomiRobotics0 } from './xiaomi-robotics-0/family.ts';

const PROPOSALS: Objective = { flow: 0, text: 0, choice: 1, insulation: 'none' };
const partOf = (family: AnyFamily): ((name: string) => string) =>
  PUBLISHED_FAMILIES.find((one) => one.family === family)!.part;
const number = (results: Readonly<Record<string, Tensor>>, name: string): number => Number(results[name]!.data[0]);

/** A tiny model of a family that can propose chunks longer than the codec's, and its codec. */
function proposing(family: AnyFamily): { readonly codec: Codec; readonly config: FamilyConfig } {
  const { codec, config } = familyCodec(family, {}, 16);
  const choice = { candidates: 3, horizon: codec.horizon + 1, headLayers: 1 };
  return { codec, config: family.parse({ ...config, choice }, 'tiny') };
}

for (const family of Object.values(FAMILIES)) {
  test(`${family.name}: proposals and scores learn, the whole prompt with them, and no gradient reaches the expert`, async (t) => {
    const { codec, config } = proposing(family);
    const trainable = createFlowTrainable({ family, config, codec, batchSize: 2, draws: 2, objective: PROPOSALS });
    assert.ok(!('noise' in trainable.inputs));
    assert.deepEqual(trainable.draw([new Random(1)]), {});
    const { session, names, square } = await openDescent(trainable);
    t.after(() => session.close());
    const feeds = oneBatch(trainable, codec, 2);
    const first = await session.run(feeds(0.03));
    let last = first;
    for (let i = 0; i < 60; i++) last = await session.run(feeds(0.03));
    for (const name of ['metric.choice', 'metric.choiceScore']) {
      assert.ok(
        number(last, name) < 0.6 * number(first, name),
        `${name}: ${number(first, name)}, ${number(last, name)}`,
      );
    }
    const part = partOf(family);
    const own = (name: string): boolean => /^choice\.|\bprompt_/.test(name) || part(name) !== 'expert';
    assert.ok(names.some((name) => !own(name)));
    for (const name of names) {
      if (!own(name)) assert.equal(number(last, square(name)), 0, name);
    }
    const learning = names.filter((name) => own(name) && number(last, square(name)) > 1e-12);
    assert.ok(learning.length > 0.8 * names.filter(own).length, `${learning.length}`);
  });

  test(`${family.name}: the expert does not see the queries`, async (t) => {
    const { codec, config } = proposing(family);
    const [alone, both] = [0, 1].map((choice) =>
      createFlowTrainable({
        family,
        config,
        codec,
        batchSize: 2,
        draws: 2,
        objective: { ...PROPOSALS, flow: 1, choice },
      }),
    );
    const graph = trace(() => {
      const p = asInputs(both!.parameters);
      const feeds = Object.entries(both!.inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]);
      const inputs = Object.fromEntries(feeds) as Record<string, Value>;
      output('alone', alone!.loss(p, inputs).metrics['flow']!);
      output('both', both!.loss(p, inputs).metrics['flow']!);
    });
    const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
    t.after(() => session.close());
    const { rate: _, ...batch } = oneBatch(both!, codec, 2)(0);
    const weights = flatten<Tensor>(materialise(both!.parameters, new Random(3)));
    const all: Record<string, Tensor> = { ...Object.fromEntries(weights), ...batch };
    const read = Object.keys(session.inputs).map((name) => [name, all[name]!] as const);
    const results = await session.run(Object.fromEntries(read));
    assert.ok(Math.abs(number(results, 'both') / number(results, 'alone') - 1) < 1e-5);
  });

  test(`${family.name}: proposals follow images, text and, where it is read, state, but no answer that is hidden`, async (t) => {
    const { codec, config } = proposing(family);
    const offered = codec.observationInputs(1);
    const names = observationNames(family, config, codec, false);
    const { length } = codec.layout;
    const graph = trace(() => {
      const p = asInputs(modelSpec(family, config, codec)) as Tree<Value>;
      const read = names.map((name): [string, Value] => [
        name,
        input(name, offered[name]!.dtype, offered[name]!.shape),
      ]);
      const contextMask = input('contextMask', 'f32', [1, length]);
      const observed = { ...promptInputs(codec, Object.fromEntries(read)), contextMask };
      output('best', pickChoice(encodeWithChoices(p, observed, codec.layout, { family, config, codec }).choices));
    });
    const weights = flatten<Tensor>(materialise(modelSpec(family, config, codec), new Random(3)));
    const read = Object.keys(graph.inputs);
    const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
    t.after(() => session.close());
    const trainable = createFlowTrainable({ family, config, codec, batchSize: 1, draws: 1, objective: PROPOSALS });
    const batch = oneBatch(trainable, codec, 1)(0);
    const mask = batch['tokenMask']!.data as Float32Array;
    const count = mask.reduce((a, b) => a + b);
    const hidden = mask.slice().fill(0, count - 3);
    const base: Record<string, Tensor> = {
      ...Object.fromEntries(weights),
      ...batch,
      contextMask: { dtype: 'f32', shape: [1, length], data: hidden },
    };
    const best = async (changes: Readonly<Record<string, Tensor>> = {}): Promise<Tensor> => {
      const all: Record<string, Tensor> = { ...base, ...changes };
      return (await session.run(Object.fromEntries(read.filter((name) => name in all).map((n) => [n, all[n]!]))))[
        'best'
      ]!;
    };
    const withTokens = (from: number, to: number): Record<string, Tensor> => {
      const data = (base['tokens']!.data as BigInt64Array).slice().fill(7n, from, to);
      return { tokens: { ...base['tokens']!, data } as Tensor };
    };
    const before = await best();
    assert.equal(largestDifference(await best(withTokens(count - 3, count)), before), 0);
    assert.ok(largestDifference(await best(withTokens(count - 5, count - 3)), before) > 1e-5);
    const shifted = (name: string): Record<string, Tensor> => ({
      [name]: { ...base[name]!, data: (base[name]!.data as Float32Array).map((x) => x + 0.5) } as Tensor,
    });
    assert.ok(largestDifference(await best(shifted('pixels.front')), before) > 1e-5);
    if (family.needs(config).stateDim === null) assert.ok(!('state' in base));
    else assert.ok(largestDifference(await best(shifted('state')), before) > 1e-5);
  });
}

test('gradients of the best proposal agree with central differences', async () => {
  const { codec } = familyCodec(xiaomiRobotics0, {}, 16);
  const { stateDim, actionDim } = codec;
  const tiny = tinyXiaomi({ vocabulary: codec.tokenizer.vocabularySize, stateDim, actionDim, supervision: {} });
  const size = { width: 12, layers: 2, mlpWidth: 8 };
  const config = xiaomiRobotics0.parse(
    {
      ...tiny,
      vision: { ...tiny.vision, width: 8, heads: 2, mlpWidth: 8, positionGrid: 3, outputWidth: 12 },
      language: { ...tiny.language, ...size, heads: 2, kvHeads: 1, headWidth: 6, ropeSections: [1, 1, 1] },
      expert: { ...tiny.expert, ...size, headWidth: 6 },
      choice: { candidates: 3, horizon: codec.horizon, headLayers: 2 },
    },
    'micro',
  );
  const options = { family: xiaomiRobotics0, config, codec, batchSize: 1, draws: 1, objective: PROPOSALS };
  const whole = createFlowTrainable(options);
  // The scores' targets are constants to the gradient, but not to differences.
  const winner: FlowTrainable = {
    ...whole,
    loss(p, inputs) {
      const { metrics } = whole.loss(p, inputs);
      return { loss: metrics['choice']!, metrics };
    },
  };
  const part = partOf(xiaomiRobotics0);
  const deaf = flatten<ParameterSpec>(whole.parameters)
    .map(([name]) => name)
    .filter((name) => !name.startsWith('choice.') && part(name) === 'expert');
  assert.ok(deaf.length > 20);
  const names = deaf.map((name) => `^${name.replaceAll('.', '\\.')}$`);
  await checkGradients(winner, codec, new RegExp([...names, '^choice\\.score_head'].join('|')));
});

test('the whole stage is PyTorch’s: proposals, scores, loss, gradients and the pick, of prompts with padding', async () => {
  const golden = { ...goldenTensors('xiaomi-robotics-0'), ...goldenTensors('choice-stage') };
  const choice = { candidates: 3, horizon: 7, headLayers: 2 };
  const config = { ...GOLDEN_XIAOMI, choice };
  const layout = goldenXiaomiLayout();
  const spec = {
    ...(xiaomiRobotics0.spec(config, layout.length) as Readonly<Record<string, Tree<ParameterSpec>>>),
    ...choiceSpec(xiaomiRobotics0, config),
  };
  const names = ['base', 'wrist', 'tokens', 'tokenMask', 'state', 'actions', 'actionMask'];
  const feeds = Object.fromEntries(names.map((name) => [name, golden[`io.${name}`]!]));
  const graph = trace(() => {
    const p = asInputs<Tree<ParameterSpec>>(spec) as Tree<Value>;
    const read = (name: string): Value => input(name, feeds[name]!.dtype, feeds[name]!.shape);
    const { base, wrist, tokens, tokenMask, state, actions, actionMask } = Object.fromEntries(
      names.map((name) => [name, read(name)]),
    ) as Record<string, Value>;
    const observed = {
      pixels: { base: base!, wrist: wrist! },
      tokens: tokens!,
      tokenMask: tokenMask!,
      lastToken: null,
      state: state!,
    };
    const model = { family: xiaomiRobotics0, config, codec: { horizon: 7 } as Codec };
    const { choices } = encodeWithChoices(p, observed, layout, model);
    const { winner, score } = choiceLosses(choices, actions!, actionMask!);
    for (const [name, one] of Object.entries({ ...choices, winner, score, picked: pickChoice(choices) }))
      output(name, one);
    const leaves = flatten<Value>(p);
    const gradients = gradient(
      add(winner, score),
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name]] of leaves.entries()) output(`gradient.${name}`, gradients[i]!);
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  const results = await session.run({ ...Object.fromEntries(flatten<Tensor>(pickTensors(spec, golden))), ...feeds });
  await session.close();
  const theirs = Object.keys(goldenTensors('choice-stage')).filter((name) => !name.startsWith('choice.'));
  assert.equal(theirs.length, 5 + 17 + 13);
  for (const name of theirs) {
    const difference = largestDifference(results[name]!, golden[name]!);
    assert.ok(difference < 5e-5, `${name}: ${difference}`);
  }
});

test('a model without a choice policy, or with one for shorter chunks, is refused by name', () => {
  const { codec, config } = familyCodec(xiaomiRobotics0, {}, 16);
  const open = (changed: FamilyConfig): unknown =>
    createFlowTrainable({
      family: xiaomiRobotics0,
      config: changed,
      codec,
      batchSize: 1,
      draws: 1,
      objective: PROPOSALS,
    });
  assert.throws(() => open(config), {
    code: 'mismatch',
    message: /expected a model with a choice policy, got one without/,
  });
  const short = { ...config, choice: { candidates: 2, horizon: codec.horizon - 1, headLayers: 0 } };
  assert.throws(() => open(short), { code: 'mismatch', message: /choice\.horizon: expected at least 4 .*, got 3/ });
  assert.throws(() => requireChoice({ family: xiaomiRobotics0, config, codec }), { code: 'mismatch' });
  const wrong = { ...config, choice: { candidates: 0, horizon: 4, headLayers: 1 } };
  assert.throws(() => xiaomiRobotics0.parse(wrong, 'config.json'), { message: /^config\.json: choice\.candidates: / });
});
