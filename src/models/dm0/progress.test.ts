/** @file DM0 with progress: it learns how far tasks will be, and its policy keeps account of how far they are. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { tinyDesign, tinyRobot, tinySample } from '../../../tests/codec-fixtures.ts';
import { checkGradients, familyCodec, oneBatch, openDescent } from '../../../tests/contracts/family-learning.ts';
import { Random } from '../../base/random.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import { createCodec, type Codec } from '../../codec/policy-codec.ts';
import type { TrainingSample } from '../../codec/sample.ts';
import { createSession } from '../../engine/index.ts';
import { flatten, materialise } from '../../nn/parameters.ts';
import { createFlowPolicy, inferenceGraph } from '../flow-policy.ts';
import { createFlowTrainable, modelSpec } from '../flow-trainable.ts';
import { ACTIONS, type Objective } from '../objective.ts';
import type { Dm0Config } from './config.ts';
import { dm0 } from './family.ts';

const OBJECTIVE: Objective = { ...ACTIONS, progress: 0.5 };
const { codec: silent, config: plain } = familyCodec(dm0, {}, 16);
const tiny = plain as Dm0Config;
const config: Dm0Config = { ...tiny, expert: { ...tiny.expert, progress: true } };
const told = createCodec(
  {
    ...silent.config,
    supervision: [
      {
        kind: 'values',
        feature: 'supervision.chunk_progress',
        output: 'progress',
        size: 2,
        normalisation: { kind: 'identity' },
      },
    ],
  },
  silent.tokenizer,
);
/** The codec on samples that know their progress: a quarter of the task in each chunk. */
const codec: Codec = {
  ...told,
  collate: (samples, ...rest) =>
    told.collate(
      samples.map((sample, i): TrainingSample => {
        const before = 0.2 + 0.3 * i;
        return { ...sample, supervision: { 'supervision.chunk_progress': Float32Array.of(before, before + 0.25) } };
      }),
      ...rest,
    ),
};
const number = (results: Readonly<Record<string, Tensor>>, name: string): number => Number(results[name]!.data[0]);

test('actions and progress are learned at once, the two maps of progress too', async (t) => {
  const trainable = createFlowTrainable({ family: dm0, config, codec, batchSize: 2, draws: 2, objective: OBJECTIVE });
  const { session, square } = await openDescent(trainable);
  t.after(() => session.close());
  const feeds = oneBatch(trainable, codec, 2);
  const first = await session.run(feeds(0.03));
  let last = first;
  for (let i = 0; i < 60; i++) last = await session.run(feeds(0.03));
  for (const name of ['metric.flow', 'metric.progress']) {
    assert.ok(number(last, name) < 0.7 * number(first, name), `${name}: ${number(first, name)}, ${number(last, name)}`);
  }
  for (const name of ['progress_in_proj.weight', 'progress_out_proj.bias']) {
    assert.ok(number(first, square(`model.${name}`)) > 1e-12, name);
  }
  const sum = number(first, 'metric.flow') + 0.5 * number(first, 'metric.progress');
  assert.ok(Math.abs(number(first, 'loss') - sum) < 1e-5);
});

test('gradients of both losses agree with central differences', async () => {
  const small: Dm0Config = {
    ...config,
    vision: { ...config.vision, width: 8, heads: 2, mlpWidth: 8, positionGrid: 3 },
    language: {
      ...config.language,
      width: 12,
      layers: 2,
      heads: 2,
      kvHeads: 1,
      headWidth: 6,
      mlpWidth: 8,
      ropeSections: [3, 0, 0],
    },
    expert: { ...config.expert, width: 8, mlpWidth: 6 },
  };
  const options = { family: dm0, config: dm0.parse(small, 'micro'), codec, batchSize: 1, draws: 2 };
  // What the last layer does with the prompt after its keys and values reaches no action.
  const deaf = /llm\.(norm|layers\.1\.(self_attn\.[oq]|post|mlp))/;
  await checkGradients(createFlowTrainable({ ...options, objective: OBJECTIVE }), codec, deaf);
});

test('the policy tells the progress of each chunk, and goes on from what was executed of the last', async (t) => {
  const weights = Object.fromEntries(flatten<Tensor>(materialise(modelSpec(dm0, config, codec), new Random(4))));
  // Far enough from 0 that the account moves.
  weights['model.progress_out_proj.bias'] = f32([0.6]);
  const shared = { family: dm0, config, codec: told, weights, steps: 3 };
  const policy = await createFlowPolicy({
    ...shared,
    name: 'told',
    embodiment: tinyRobot,
    noiseScale: 0,
    progress: true,
    session: { runtime: 'cpu', threads: 1 },
  });
  const graph = inferenceGraph(dm0, config, told, 3, { progress: true });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1, weights });
  t.after(() => Promise.all([policy.close(), session.close()]));
  const observation = tinySample(5);
  const tensors = told.encodeObservation(observation);
  const names = Object.keys(session.inputs).filter((name) => name in tensors);
  const expected = async (before: number): Promise<{ after: number; actions: number[] }> => {
    const results = await session.run({
      ...Object.fromEntries(names.map((name) => [name, tensors[name]!])),
      noise: f32(new Float32Array(4 * told.actionDim), [1, 4, told.actionDim]),
      before: f32([before]),
    });
    const { data } = told.decodeActions(results['actions']!.data as Float32Array, observation.state);
    return { after: number(results, 'progress'), actions: [...data] };
  };
  const { horizon } = tinyDesign;
  let before = 0;
  await policy.reset({ seed: 1 });
  for (const [tick, executed] of [
    [0, 0],
    [3, 3],
    [4, 1],
    [30, horizon],
  ] as const) {
    if (tick > 0)
      before = Math.min(1, Math.max(0, before + ((await expected(before)).after - before) * (executed / horizon)));
    const chunk = await policy.infer({ ...observation, tick });
    const { after, actions } = await expected(before);
    assert.ok(Math.abs(chunk.progress! - after) < 1e-6, `tick ${tick}: ${chunk.progress}, ${after}`);
    assert.deepEqual([...chunk.data], actions);
  }
  assert.ok(before > 0.1);
  await policy.reset({ seed: 1 });
  assert.equal((await policy.infer(observation)).progress, (await expected(0)).after);
  const untold = await createFlowPolicy({
    ...shared,
    name: 'untold',
    embodiment: tinyRobot,
    noiseScale: 0,
    session: { runtime: 'cpu', threads: 1 },
  });
  assert.ok(!('progress' in (await untold.infer(observation))));
  await untold.close();
});

test('a model, a codec or an objective that cannot is refused by name', () => {
  const open = (changed: Dm0Config, reads: Codec, objective: Objective): unknown =>
    createFlowTrainable({ family: dm0, config: changed, codec: reads, batchSize: 1, draws: 1, objective });
  assert.throws(() => open(tiny, codec, OBJECTIVE), {
    code: 'mismatch',
    message: /expected a model that tells the task’s/,
  });
  assert.throws(() => open(config, silent, OBJECTIVE), {
    code: 'mismatch',
    message: /codec output "progress" of 2 numbers/,
  });
  const alone = { ...OBJECTIVE, flow: 0, choice: 1 };
  assert.throws(() => open({ ...config, choice: { candidates: 2, horizon: 4, headLayers: 1 } }, codec, alone), {
    code: 'mismatch',
    message: /got progress 0\.5, flow 0/,
  });
  assert.throws(() => told.collate([tinySample(1)], null), {
    code: 'bad-data',
    message: /chunk_progress: expected 2 finite/,
  });
});
