/** @file From a recorded dataset to a policy: it repeats, resumes, loads in both ways, and refuses what does not fit. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FPS, FRONT, HEIGHT, WIDTH, pictureAt, stateAt, taskOf, writeSmallDataset } from '../../tests/small-dataset.ts';
import { smallRecipe, smallRobot } from '../../tests/small-recipe.ts';
import { trainingOptions } from '../../tests/training-options.ts';
import type { Observation } from '../interfaces/observation.ts';
import { encodeSafetensors, decodeSafetensors } from '../base/safetensors.ts';
import { loadCheckpoint } from '../checkpoints/checkpoint.ts';
import { loadPolicy } from './load-policy.ts';
import { RECIPE_FILE } from './provenance-file.ts';
import type { TrainingRecipe } from './recipe.ts';
import { trainPolicy, type TrainPolicyOptions } from './train-policy.ts';
import { openTrainingData } from './training-data.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'train-policy-'));
const dataset = path.join(root, 'dataset');
const recipe = smallRecipe(dataset);
before(() => writeSmallDataset(dataset, 'image', [8, 9, 7]));
after(() => fs.rmSync(root, { recursive: true }));

const at = (name: string): string => path.join(root, name);
const ON_CPU = { runtime: 'cpu', threads: 1, inWorker: false } as const;

const options = (name: string, changes: Partial<TrainPolicyOptions> = {}): TrainPolicyOptions =>
  trainingOptions(at(name), recipe, changes);

const read = (...parts: string[]): string => fs.readFileSync(path.join(root, ...parts), 'hex');
const observation: Observation = {
  images: { front: { width: WIDTH, height: HEIGHT, data: pictureAt(FRONT, 0, 2) } },
  state: Float32Array.from(stateAt(0, 2)),
  instruction: taskOf(0),
};

test('the same recipe gives the same run, whatever the threads that decode', async () => {
  const { checkpoint } = await trainPolicy(options('one'));
  assert.equal(path.relative(root, checkpoint), path.join('one', 'checkpoints', 'step-00000012'));
  const decoding: TrainingRecipe = { ...recipe, data: { ...recipe.data, pictureMegabytes: 0, workers: 2 } };
  await trainPolicy(options('two', { recipe: decoding }));
  assert.equal(read('two', 'metrics.jsonl'), read('one', 'metrics.jsonl'));
  const weights = ['checkpoints', 'step-00000012', 'model.safetensors'];
  assert.equal(read('two', ...weights), read('one', ...weights));
  assert.deepEqual(fs.readdirSync(checkpoint).sort(), [
    'codec.json',
    'config.json',
    'embodiment.json',
    'hashes.json',
    'model.safetensors',
    'policy.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'training-state',
    'training.json',
  ]);
  assert.deepEqual(loadCheckpoint(checkpoint).json<{ recipe: unknown }>('training.json').recipe, recipe);
});

test('an interrupted run continues to the same numbers', async () => {
  const controller = new AbortController();
  const stopping = options('stopped', { signal: controller.signal, wallClock: () => (controller.abort(), 0) });
  await assert.rejects(trainPolicy(stopping), { code: 'interrupted' });
  await trainPolicy(options('stopped'));
  assert.equal(read('stopped', 'metrics.jsonl'), read('one', 'metrics.jsonl'));
});

test('another recipe, or other data, does not continue a run', async () => {
  const other = { ...recipe, optimiser: { ...recipe.optimiser, weightDecay: 0.5 } };
  await assert.rejects(trainPolicy(options('one', { recipe: other })), {
    code: 'mismatch',
    message: `${at('one')}: it holds another run: optimiser.weightDecay is 0.01 there, 0.5 here.`,
  });
  assert.deepEqual(JSON.parse(fs.readFileSync(path.join(root, 'one', RECIPE_FILE), 'utf8')), recipe);
  await writeSmallDataset(at('other-data'), 'image', [8, 9, 6]);
  await assert.rejects(trainPolicy(options('one', { recipe: smallRecipe(at('other-data')) })), {
    message: /expected a run of configuration \w{16}, got one of \w{16}/,
  });
  assert.deepEqual(JSON.parse(fs.readFileSync(path.join(root, 'one', RECIPE_FILE), 'utf8')), recipe);
});

test('two runs at once in one folder: the second is refused, the first goes on', async () => {
  const first = trainPolicy(options('shared'));
  await assert.rejects(trainPolicy(options('shared')), { code: 'bad-argument', message: /expected no other writer/ });
  await first;
  assert.equal(read('shared', 'metrics.jsonl'), read('one', 'metrics.jsonl'));
  assert.equal(fs.existsSync(at('shared/lock')), false);
});

test('a run without a checkpoint does not stand in the way of another recipe', async () => {
  const wrong: TrainingRecipe = {
    ...recipe,
    data: { ...recipe.data, datasets: [{ ...recipe.data.datasets[0]!, episodes: [0, 7] }] },
  };
  await assert.rejects(trainPolicy(options('corrected', { recipe: wrong })), { code: 'not-found' });
  // Stopped before its first step: its recipe is there, a checkpoint is not.
  const controller = new AbortController();
  const stopping = { signal: controller.signal, wallClock: () => (controller.abort(), 0) };
  const other = { ...recipe, seed: 5 };
  await assert.rejects(trainPolicy(options('corrected', { ...stopping, recipe: other })), { code: 'interrupted' });
  assert.deepEqual(JSON.parse(fs.readFileSync(path.join(root, 'corrected', RECIPE_FILE), 'utf8')), other);
  await trainPolicy(options('corrected'));
  assert.equal(read('corrected', 'metrics.jsonl'), read('one', 'metrics.jsonl'));
  assert.deepEqual(JSON.parse(fs.readFileSync(path.join(root, 'corrected', RECIPE_FILE), 'utf8')), recipe);
});

test('a policy answers the same in this thread and in a worker, and moves nothing but its own seed', async () => {
  const answers = [];
  for (const inWorker of [false, true]) {
    const policy = await loadPolicy(at('one'), { ...ON_CPU, inWorker });
    assert.deepEqual(policy.embodiment, smallRobot);
    await policy.reset({ seed: 7 });
    answers.push(await policy.infer(observation));
    await policy.reset({ seed: 8 });
    assert.notDeepEqual(await policy.infer(observation), answers.at(-1));
    await policy.close();
  }
  assert.deepEqual(answers[0], answers[1]);
  assert.deepEqual([answers[0]!.horizon, answers[0]!.dim], [4, 3]);
});

test('damaged or foreign checkpoints are refused with what is wrong', async () => {
  const folder = at('damaged');
  const rewrite = (change: (tensors: ReturnType<typeof decodeSafetensors>['tensors']) => void): void => {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.cpSync(path.join(root, 'one', 'checkpoints', 'step-00000012'), folder, { recursive: true });
    fs.rmSync(path.join(folder, 'hashes.json'));
    const file = path.join(folder, 'model.safetensors');
    const { tensors } = decodeSafetensors(fs.readFileSync(file));
    change(tensors);
    fs.writeFileSync(file, encodeSafetensors(tensors));
  };
  const name = 'model.language_model.embed_tokens.weight';
  rewrite((tensors) => delete tensors[name]);
  await assert.rejects(loadPolicy(folder, ON_CPU), /expected a tensor "model\.language_model\.embed_tokens\.weight"/);
  rewrite((tensors) => (tensors[name]!.data[5] = Number.NaN));
  await assert.rejects(loadPolicy(folder, ON_CPU), { code: 'not-finite' });
  await assert.rejects(loadPolicy(folder, { ...ON_CPU, inWorker: true }), { code: 'not-finite' });
  rewrite((tensors) => (tensors[name] = { dtype: 'f32', shape: [1], data: new Float32Array(1) }));
  await assert.rejects(loadPolicy(folder, ON_CPU), /embed_tokens\.weight": expected f32 \[576, 96\], got f32 \[1\]/);
  rewrite(() => fs.writeFileSync(path.join(folder, 'config.json'), '{"family":"zr0"}'));
  await assert.rejects(loadPolicy(folder, ON_CPU), /model family: expected one of .*zr-0.*, got "zr0"/);
  rewrite(() => fs.rmSync(path.join(folder, 'codec.json')));
  await assert.rejects(loadPolicy(folder, ON_CPU), /expected codec\.json in the checkpoint, got none/);
  rewrite(() => fs.writeFileSync(path.join(folder, 'policy.json'), '{"eulerSteps":0}'));
  await assert.rejects(loadPolicy(folder, ON_CPU), /policy\.json: expected eulerSteps of at least 1, got 0/);
  rewrite(() => fs.writeFileSync(path.join(folder, 'policy.json'), '{"eulerSteps":2,"noiseScale":2}'));
  await assert.rejects(loadPolicy(folder, ON_CPU), /policy\.json: expected noiseScale from 0 to 1, got 2/);
});

test('held-out episodes are never trained on and give no statistics', async () => {
  const share = recipe.data.datasets[0]!;
  const open = (changes: object): ReturnType<typeof openTrainingData> =>
    openTrainingData({ ...recipe.data, datasets: [{ ...share, ...changes }] });
  const data = await open({ heldOut: [2] });
  assert.deepEqual(
    data.datasets[0]!.episodes.map(({ index }) => index),
    [0, 1],
  );
  // The state's x is the episode's number and a little more.
  assert.ok((await data.statistics('observation.state')).max[0]! < 2);
  await data.close();
  await assert.rejects(open({ heldOut: [2, 7] }), { code: 'not-found', message: /^held-out episodes: .*got 7\.$/ });
  await assert.rejects(
    open({ episodes: [0, 2], heldOut: [2] }),
    /expected other episodes to train on than to hold out, got 2 in both/,
  );
});

test('statistics of chunk-relative actions are those of the differences the model sees', async () => {
  const data = await openTrainingData(recipe.data);
  const change = {
    from: 'absolute',
    to: 'relative-to-chunk-start',
    stateIndex: [1, null, null],
    period: null,
  } as const;
  const { max, min } = await data.actionStatistics(change, { horizon: 3, stride: 1, between: 'nearest' });
  // dx is frame / 64 and y is −frame / 64: the difference at frame f, row h, is (2 f + h) / 64, 8 frames at most.
  assert.deepEqual([min[0], max[0]], [0, 16 / 64]);
  assert.deepEqual([min[1], max[1]], [0, 2]);
  await data.close();
});

test('a policy learns from several datasets at once', async () => {
  await writeSmallDataset(at('second'), 'image', [5, 5]);
  const second = { root: at('second'), episodes: 'all', heldOut: [], samplesPerStep: 2 } as const;
  const mixed = { ...recipe, data: { ...recipe.data, datasets: [...recipe.data.datasets, second] } };
  const { metrics } = await trainPolicy(options('mixed', { recipe: mixed }));
  assert.ok(Number.isFinite(metrics['loss']));
  assert.notEqual(read('mixed', 'metrics.jsonl'), read('one', 'metrics.jsonl'));
});

test('a stride brings the frames of a dataset to the rate of the robot', async () => {
  const { action } = smallRobot;
  const slow = { ...smallRobot, controlHz: FPS / 2 };
  const absolute = {
    ...slow,
    action: { ...action, convention: { ...action.convention, reference: 'absolute' } },
  } as const;
  const halved: TrainingRecipe = {
    ...recipe,
    data: { ...recipe.data, stride: 2 },
    codec: { ...recipe.codec, embodiment: absolute },
    loop: { ...recipe.loop, steps: 4 },
  };
  const { checkpoint } = await trainPolicy(options('halved', { recipe: halved }));
  assert.equal(loadCheckpoint(checkpoint).json<{ controlHz: number }>('codec.json').controlHz, FPS / 2);
  const changes = { ...halved, codec: { ...recipe.codec, embodiment: slow } };
  await assert.rejects(
    trainPolicy(options('lossy', { recipe: changes })),
    /data\.stride: expected 1, since the actions of test-arm are changes, got 2/,
  );
});

test('numbers that cannot work are refused before anything is made or read', async () => {
  const { loop, data, device } = recipe;
  const cases: readonly [changed: Partial<TrainingRecipe>, message: RegExp][] = [
    [{ loop: { ...loop, steps: 1e99 } }, /^loop\.steps: expected a whole number of at least 1, got 1e\+99/],
    [{ loop: { ...loop, steps: -5 } }, /^loop\.steps: .* got -5/],
    [{ data: { ...data, workers: 0 } }, /^data\.workers: expected a whole number of at least 1, got 0/],
    [{ device: { ...device, threads: 0 } }, /^device\.threads: expected a whole number of at least 1, got 0/],
  ];
  for (const [changed, message] of cases) {
    const promise = trainPolicy(options('never', { recipe: { ...recipe, ...changed } }));
    await assert.rejects(promise, { code: 'bad-argument', message });
  }
  assert.equal(fs.existsSync(at('never')), false);
});

test('states later than images: an interrupted run continues to the same numbers, and they are others', async () => {
  const late: TrainingRecipe = { ...recipe, data: { ...recipe.data, futureState: { longest: 3 } } };
  await trainPolicy(options('late', { recipe: late }));
  const controller = new AbortController();
  const stopping = { signal: controller.signal, wallClock: () => (controller.abort(), 0) };
  await assert.rejects(trainPolicy(options('late-stopped', { ...stopping, recipe: late })), { code: 'interrupted' });
  await trainPolicy(options('late-stopped', { recipe: late }));
  assert.equal(read('late-stopped', 'metrics.jsonl'), read('late', 'metrics.jsonl'));
  assert.notEqual(read('late', 'metrics.jsonl'), read('one', 'metrics.jsonl'));
  const wrong: TrainingRecipe = { ...late, data: { ...late.data, futureState: { longest: 0.5 } } };
  await assert.rejects(trainPolicy(options('late-wrong', { recipe: wrong })), {
    code: 'bad-argument',
    message: /data\.futureState\.longest/,
  });
});

test('a policy trained to be given actions continues chunks, also in a worker; settings change how', async () => {
  const config = {
    ...recipe.model.config,
    givenPrefix: { longest: 2 },
  } as TrainingRecipe['model']['config'];
  const given: TrainingRecipe = { ...recipe, model: { ...recipe.model, config } };
  await trainPolicy(options('given', { recipe: given }));
  const continuation = { actions: Float32Array.of(0.1, 0.2, 1, 0.3, 0.4, -1), count: 2, committed: 2 };
  const answers = [];
  for (const inWorker of [false, true]) {
    const policy = await loadPolicy(at('given'), { ...ON_CPU, inWorker });
    assert.deepEqual(policy.continues, { kind: 'prefix', longest: 2 });
    await policy.reset({ seed: 7 });
    answers.push(await policy.infer(observation, { continuation }));
    await assert.rejects(policy.infer(observation, { continuation: { ...continuation, count: 3 } }), {
      code: 'bad-argument',
    });
    await assert.rejects(policy.infer(observation, { signal: AbortSignal.abort() }), { code: 'interrupted' });
    await policy.close();
  }
  assert.deepEqual(answers[1], answers[0]);
  assert.deepEqual([...answers[0]!.data.subarray(0, 6)], [...continuation.actions]);
  const guided = { kind: 'guided', maxWeight: 5, schedule: 'linear' } as const;
  const other = await loadPolicy(at('given'), { ...ON_CPU, settings: { continuation: guided } });
  assert.deepEqual(other.continues, { kind: 'guided', longest: 3 });
  await other.close();
  const none = await loadPolicy(at('given'), { ...ON_CPU, settings: { continuation: null } });
  assert.equal(none.continues, undefined);
  await none.close();
  const far = { continuation: { kind: 'prefix', longest: 3 } } as const;
  await assert.rejects(loadPolicy(at('given'), { ...ON_CPU, settings: far }), { code: 'unsupported' });
});

test('a change of reference names a state dimension for every action', async () => {
  const refused = async (stateIndex: number[], message: RegExp): Promise<void> => {
    const reference = { from: 'absolute', to: 'relative-to-chunk-start', stateIndex, period: null } as const;
    const changed = { ...recipe, codec: { ...recipe.codec, reference } };
    await assert.rejects(trainPolicy(options('no-reference', { recipe: changed })), { code: 'bad-argument', message });
  };
  await refused([0, 1], /stateIndex: expected 3 entries \(the actions of test-arm\), got 2/);
  await refused([0, 1, 2], /stateIndex: expected 0 to 1 \(the state of test-arm\), got 2/);
});

test('a recipe that does not fit its data is refused by name', async () => {
  const refuse = (change: Partial<TrainingRecipe['codec']>, message: RegExp): Promise<void> =>
    assert.rejects(
      trainPolicy(
        options(`bad-${message.source.length}`, { recipe: { ...recipe, codec: { ...recipe.codec, ...change } } }),
      ),
      message,
    );
  await refuse(
    { embodiment: 'recorded' },
    /expected an embodiment in meta\/info\.json \(vlakit\.embodiment\), got none/,
  );
  await refuse({ cameras: [{ ...recipe.codec.cameras[0]!, name: 'top' }] }, /top/);
  await refuse(
    { embodiment: { ...smallRobot, state: { ...smallRobot.state, names: ['x', 'y', 'z'] } } },
    /"observation\.state": expected 3 numbers \(test-arm\), got 2/,
  );
  await refuse(
    { embodiment: { ...smallRobot, action: { ...smallRobot.action, names: ['dx', 'grip', 'dy'] } } },
    /"action", dimension 1: expected "grip" \(test-arm\), got "dy"/,
  );
  await refuse(
    { embodiment: { ...smallRobot, controlHz: 10 } },
    /expected 10 actions per second \(test-arm\), got 20: 20 frames per second at data\.stride 1/,
  );
  await refuse(
    { embodiment: { ...smallRobot, cameras: [{ name: 'front', width: HEIGHT, height: WIDTH }] } },
    /"observation\.images\.front": expected 16 × 32 pixels \(test-arm\), got 32 × 16/,
  );
  for (const [name, value] of [
    ['draws', 0],
    ['eulerSteps', 0.5],
    ['noiseScale', NaN],
  ] as const) {
    await assert.rejects(
      trainPolicy(options('bad-model', { recipe: { ...recipe, model: { ...recipe.model, [name]: value } } })),
      { code: 'bad-argument', message: new RegExp(`model\\.${name}: expected .*, got ${value}\\.`) },
    );
  }
  await refuse({ stateSize: 5 }, /zr-0: state size: the model has 2, the codec 5/);
  await refuse({ tokenizer: 'tabeltop' }, /tokenizer/);
  const resized = { ...recipe, data: { ...recipe.data, imageSize: { width: 16, height: 8 } } };
  await assert.rejects(
    trainPolicy(options('resized', { recipe: resized })),
    /codec\.cameras "front": expected a first step that resizes to 16 × 8/,
  );
});
