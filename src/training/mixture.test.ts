/** @file Mixtures of robots, conversations and language alone: trained, repeated, continued, chained, and what does not fit. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  FPS,
  FRONT,
  HEIGHT,
  WIDTH,
  WRIST,
  pictureAt,
  smallEpisode,
  smallFeatures,
  writeSmallDataset,
} from '../../tests/small-dataset.ts';
import { smallRecipe } from '../../tests/small-recipe.ts';
import { trainingOptions } from '../../tests/training-options.ts';
import type { Tensor } from '../base/tensor.ts';
import { loadCheckpoint } from '../checkpoints/checkpoint.ts';
import { encodePng } from '../base/png.ts';
import { createLeRobotWriter } from '../data/lerobot/writer.ts';
import { loadPolicy } from './load-policy.ts';
import type { Zr0Config } from '../models/zr-0/config.ts';
import type { ConversationsShare, DatasetShare, TrainingRecipe } from './recipe.ts';
import { trainPolicy, type TrainPolicyOptions } from './train-policy.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'mixture-'));
const at = (name: string): string => path.join(root, name);
const STEPS = 6;

before(async () => {
  await writeSmallDataset(at('robot'), 'image', [8, 9]);
  await writeBlindDataset(at('blind'));
  writeConversations(at('talk'));
});
after(() => fs.rmSync(root, { recursive: true }));

/** The same arm without cameras, slower. */
async function writeBlindDataset(folder: string): Promise<void> {
  const { [FRONT]: _front, [WRIST]: _wrist, ...features } = smallFeatures('image');
  const writer = createLeRobotWriter({
    root: folder,
    fps: FPS / 2,
    robotType: 'test-arm',
    features,
    existing: 'refuse',
  });
  for (let episode = 0; episode < 2; episode++) {
    await writer.addEpisode({ ...smallEpisode(episode, 7), images: {} });
  }
  await writer.finish();
  writer.close();
}

function writeConversations(folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  const lines = Array.from({ length: 5 }, (_, i) => {
    fs.writeFileSync(
      path.join(folder, `${i}.png`),
      encodePng({ width: WIDTH, height: HEIGHT, data: pictureAt(FRONT, i, i) }),
    );
    return JSON.stringify({
      images_1: { type: 'image', url: `${i}.png` },
      is_robot: false,
      conversations: [
        { from: 'human', value: `what is block ${i}` },
        { from: 'gpt', value: i % 2 === 0 ? 'red' : 'the blue cube' },
      ],
    });
  });
  fs.writeFileSync(path.join(folder, 'episode_0.jsonl'), `${lines.join('\n')}\n`);
}

const base = smallRecipe(at('robot'));
const tiny = base.model.config as Zr0Config;
const prompt = { attention: 'causal', stateToken: false, learnedPositions: false } as const;
const [robot] = base.data.datasets;
const talk: ConversationsShare = {
  root: at('talk'),
  cameras: base.codec.cameras,
  questionTokens: 16,
  answerTokens: 8,
  samplesPerStep: 2,
};
const blind: DatasetShare = {
  ...robot!,
  root: at('blind'),
  samplesPerStep: 2,
  own: {
    codec: { cameras: [], embodiment: { ...(base.codec.embodiment as object), controlHz: FPS / 2 } as never },
    weight: 0.5,
  },
};

const recipe: TrainingRecipe = {
  ...base,
  data: { ...base.data, datasets: [{ ...robot!, samplesPerStep: 4 }, blind], conversations: [talk] },
  codec: {
    ...base.codec,
    answer: {
      template: 'actions',
      maxTokens: 90,
      actionText: { kind: 'fit-fast', token: '<a%>', vocabulary: 300, scale: 4 },
    },
  },
  objective: { flow: 1, text: 0.5, insulation: 'all' },
  model: { ...base.model, config: { ...tiny, prompt } as Zr0Config },
  loop: { ...base.loop, steps: STEPS, logEvery: 2, checkpointEvery: 3 },
  device: { ...base.device, replicas: 2 },
};

const options = (name: string, changes: Partial<TrainPolicyOptions> = {}): TrainPolicyOptions =>
  trainingOptions(at(name), recipe, changes);

const read = (...parts: string[]): string => fs.readFileSync(path.join(root, ...parts), 'hex');
const lines = (run: string): Record<string, number>[] =>
  fs
    .readFileSync(at(`${run}/metrics.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);

test('robots, language alone and conversations learn together, again with the same bits after an interruption', async () => {
  const { checkpoint } = await trainPolicy(options('one'));
  const [first] = lines('one');
  for (const name of ['robot/flow', 'robot/text', 'robot/goal', 'blind/flow', 'blind/text', 'talk/text']) {
    assert.ok(first![name]! > 0, `${name}: ${first![name]}`);
  }
  const sum = (4 / 8) * first!['robot/loss']! + 0.5 * first!['blind/loss']! + (2 / 8) * first!['talk/loss']!;
  assert.ok(Math.abs(first!['loss']! - sum) < 1e-5, `${first!['loss']} is not ${sum}`);

  let steps = 0;
  const controller = new AbortController();
  const wallClock = (): number => (++steps === 2 && controller.abort(), 0);
  await assert.rejects(trainPolicy(options('two', { signal: controller.signal, wallClock })), { code: 'interrupted' });
  await trainPolicy(options('two'));
  assert.equal(read('two', 'metrics.jsonl'), read('one', 'metrics.jsonl'));
  const weights = path.relative(root, path.join(checkpoint, 'model.safetensors'));
  assert.equal(read(weights.replace('one', 'two')), read(weights));
});

test('its checkpoint is the policy of the first robot, and of the others by their names', async () => {
  const policy = await loadPolicy(at('one'), { runtime: 'cpu', threads: 1, inWorker: false });
  const image = { width: WIDTH, height: HEIGHT, data: pictureAt(FRONT, 0, 0) };
  const { dim, data } = await policy.infer({
    images: { front: image },
    state: Float32Array.of(0, 0),
    instruction: 'lift the red cube',
  });
  await policy.close();
  assert.equal(dim, 3);
  assert.ok(data.every(Number.isFinite));
  const other = await loadPolicy(at('one'), { runtime: 'cpu', threads: 1, inWorker: false, robot: 'blind' });
  const chunk = await other.infer({ images: {}, state: Float32Array.of(0, 0), instruction: 'lift the red cube' });
  await other.close();
  assert.ok(chunk.data.every(Number.isFinite));
  assert.notDeepEqual(chunk.data, data);
  await assert.rejects(loadPolicy(at('one'), { runtime: 'cpu', threads: 1, inWorker: false, robot: 'blnd' }), {
    message: /robot: expected .*blind/,
  });
  const checkpoint = loadCheckpoint(at(`one/checkpoints/step-0000000${STEPS}`));
  assert.equal(checkpoint.json<{ controlHz: number }>('codec.blind.json').controlHz, FPS / 2);
  assert.equal(checkpoint.json<{ end: string }>('conversation.json').end, '<|im_end|>');
});

test('the next stage starts from the checkpoint, and freezes what it is told to', async () => {
  const tuning = { base: at('one'), fresh: [], freeze: ['model.**'], lora: null, save: 'whole' } as const;
  const actions: TrainingRecipe = {
    ...recipe,
    data: { ...recipe.data, datasets: [{ ...robot!, samplesPerStep: 4 }], conversations: [] },
    codec: base.codec,
    objective: { flow: 1, text: 0, insulation: 'none' },
    tuning,
  };
  const { checkpoint } = await trainPolicy(options('next', { recipe: actions }));
  const before = loadCheckpoint(at(`one/checkpoints/step-0000000${STEPS}`)).weights();
  const moved = Object.entries(loadCheckpoint(checkpoint).weights()).filter(
    ([name, { data }]: [string, Tensor]) => !data.every((value, i) => value === before[name]!.data[i]),
  );
  assert.ok(moved.length > 0);
  assert.deepEqual(
    moved.filter(([name]) => name.startsWith('model.')),
    [],
  );
});

test('conversations alone train a vision-language model, which is a base but no policy', async () => {
  const data = { ...recipe.data, datasets: [], conversations: [talk] };
  const { checkpoint } = await trainPolicy(options('words', { recipe: { ...recipe, data } }));
  assert.equal(fs.existsSync(path.join(checkpoint, 'codec.json')), false);
  const losses = lines('words').map(({ loss }) => loss!);
  assert.ok(losses.at(-1)! < losses[0]!, losses.join());
});

test('words that do not fit stop a training before it begins', async () => {
  const data = { ...recipe.data, datasets: [], conversations: [{ ...talk, answerTokens: 3 }] };
  await assert.rejects(trainPolicy(options('long', { recipe: { ...recipe, data } })), {
    code: 'bad-argument',
    message: /episode_0\.jsonl.*line 2.*expected at most 3 tokens, got 5/,
  });
});

test('groups that do not fit together are refused', async () => {
  const refused = async (changes: Partial<TrainingRecipe>, expected: object): Promise<void> => {
    await assert.rejects(trainPolicy(options('refused', { recipe: { ...recipe, ...changes } })), expected);
  };
  const learned = { ...tiny, prompt: { ...prompt, learnedPositions: true } } as Zr0Config;
  await refused({ model: { ...recipe.model, config: learned } }, { code: 'mismatch', hint: /learnedPositions/ });
  const twice = { ...recipe.data, conversations: [talk, talk] };
  await refused({ data: twice }, { code: 'bad-argument', message: /got "talk" twice/ });
  await refused(
    { device: { ...recipe.device, replicas: 4 } },
    { code: 'bad-argument', message: /2 samples of a step of "blind"/ },
  );
  const { answer: _answer, ...silent } = recipe.codec;
  await refused({ codec: silent }, { code: 'mismatch', hint: /codec\.answer/ });
  const both = { ...tiny, prompt: { ...prompt, stateToken: true } } as Zr0Config;
  await refused({ model: { ...recipe.model, config: both } }, { code: 'mismatch', hint: /stateToken/ });
});
