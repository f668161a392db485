/** @file Whole runs of reinforcement learning: they repeat, resume, play on servers, leave frozen what is frozen, and learn what is rewarded. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { tinyDesign } from '../../../tests/codec-fixtures.ts';
import { flatlandEmbodiment } from '../../../tests/flatland/flatland.ts';
import { tabletopTokenizer } from '../../../tests/tabletop-tokenizer.ts';
import { VlaError } from '../../base/errors.ts';
import { readJson } from '../../base/files.ts';
import { Random } from '../../base/random.ts';
import { decodeSafetensors } from '../../base/safetensors.ts';
import { shippedFile } from '../../base/shipped-file.ts';
import type { Tensor } from '../../base/tensor.ts';
import { workerUrl } from '../../base/worker-url.ts';
import { writeCheckpoint } from '../../checkpoints/checkpoint.ts';
import { designCodec } from '../../codec/design-codec.ts';
import { createCodec } from '../../codec/policy-codec.ts';
import type { EnvironmentPool } from '../../interfaces/environment-pool.ts';
import { modelSpec } from '../../models/flow-trainable.ts';
import { zr0 } from '../../models/zr-0/family.ts';
import { flatten, materialise } from '../../nn/parameters.ts';
import { VectorEnvironment } from '../../simulation/vector.ts';
import { loadPolicy } from '../load-policy.ts';
import { readMetrics } from '../metrics-log.ts';
import { reinforcePolicy, type ReinforceOptions } from './reinforce.ts';
import type { ReinforcementRecipe } from './recipe.ts';

const SIDE = 16;
const root = fs.mkdtempSync(path.join(os.tmpdir(), 'reinforce-'));
const at = (...names: string[]): string => path.join(root, ...names);
before(() => writeBase(at('base')));
after(() => fs.rmSync(root, { recursive: true }));

const recipe: ReinforcementRecipe = {
  seed: 3,
  base: at('base'),
  learn: 'all',
  rollout: {
    environments: { touch: 2, stay: 1 },
    chunks: 2,
    rounds: 2,
    execute: 3,
    noiseScale: 1,
    spareLastStep: false,
  },
  sde: { kind: 'flow-sde', noiseLevel: 0.5 },
  valueHead: { hidden: 8 },
  gae: { discount: 0.99, lambda: 0.95 },
  ppo: { clipRatio: 0.2, dualClip: 3, valueClip: 0.2, huberDelta: 10, valueWeight: 1, entropyWeight: 0 },
  update: {
    epochs: 2,
    minibatch: 6,
    klLimit: null,
    actorLearningRate: 1e-3,
    criticLearningRate: 1e-2,
    criticWarmup: 0,
  },
  optimiser: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0, clipNorm: 1 },
  loop: { steps: 3, logEvery: 1, checkpointEvery: 1, evaluateEvery: null, keepLast: 3 },
  device: { runtime: 'cpu', threads: 1 },
};

/** A random policy for the flat world, as a checkpoint. */
async function writeBase(folder: string): Promise<void> {
  const robot = flatlandEmbodiment(SIDE);
  const range = (size: number) => {
    const [low, high] = [Array<number>(size).fill(-1), Array<number>(size).fill(1)];
    return { min: low, max: high, mean: Array<number>(size).fill(0), std: high, q01: low, q99: high };
  };
  const camera = { ...tinyDesign.cameras[0]!, width: SIDE, height: SIDE, augmentation: null };
  const design = {
    ...tinyDesign,
    embodiment: robot,
    cameras: [camera],
    statistics: { state: range(2), action: range(2) },
    stateSize: 2,
    actionSize: 3,
    supervision: [],
  };
  const config = designCodec(design, tabletopTokenizer());
  const codec = createCodec(config, tabletopTokenizer());
  const model = zr0.tiny({ vocabulary: codec.tokenizer.vocabularySize, stateDim: 2, actionDim: 3, supervision: {} });
  const weights = Object.fromEntries(flatten<Tensor>(materialise(modelSpec(zr0, model, codec), new Random(1))));
  const tokenizer = shippedFile('tokenizers/tabletop');
  await writeCheckpoint(
    folder,
    weights,
    {
      'config.json': model,
      'codec.json': codec.config,
      'policy.json': { eulerSteps: 3, noiseScale: 1 },
      'tokenizer.json': readJson(path.join(tokenizer, 'tokenizer.json')),
      'tokenizer_config.json': readJson(path.join(tokenizer, 'tokenizer_config.json')),
      'embodiment.json': robot,
    },
    null,
  );
}

/** The flat world, in which whoever has come to its right side succeeds: a random policy does, now and then. */
async function flatPool(size = 3): Promise<EnvironmentPool> {
  const module = workerUrl(import.meta.url, '../../../tests/flatland/flatland').href;
  const pool = await VectorEnvironment.open({ module, options: { imageSize: SIDE }, size, workers: 2 });
  return changed(pool, async (blocks) => {
    const results = await pool.play(blocks);
    return results.map((result) =>
      result !== null && result.outcome === 'running' && result.observation.state[0]! > 0.1
        ? { ...result, outcome: 'success' }
        : result,
    );
  });
}

/** A pool that plays in another way. */
function changed(pool: EnvironmentPool, play: EnvironmentPool['play']): EnvironmentPool {
  const { size, embodiment, tasks, perturbations } = pool;
  const reset: EnvironmentPool['reset'] = (episodes) => pool.reset(episodes);
  return { size, embodiment, tasks, perturbations, reset, play, close: () => pool.close() };
}

async function run(name: string, change: Partial<ReinforcementRecipe> = {}, options: Partial<ReinforceOptions> = {}) {
  const pool = options.pool ?? (await flatPool());
  try {
    return await reinforcePolicy({
      recipe: { ...recipe, ...change },
      folder: at(name),
      pool,
      seedLimit: 1000,
      command: 'vlakit reinforce small',
      versions: { vlakit: 'test' },
      evaluate: null,
      signal: new AbortController().signal,
      wallClock: () => 0,
      progressStream: { write: () => true },
      ...options,
    });
  } finally {
    await pool.close();
  }
}

const bytes = (...names: string[]): string => fs.readFileSync(at(...names), 'hex');
const weightsOf = (folder: string): Record<string, Tensor> => {
  const file = path.join(folder, 'model.safetensors');
  return decodeSafetensors(fs.readFileSync(file), file).tensors;
};

test('a run that was interrupted after an update, or made longer, is the run that went through', async () => {
  const { checkpoint } = await run('whole');
  await run('parts', { loop: { ...recipe.loop, steps: 1 } });
  await run('parts');
  const last = path.relative(at('whole'), checkpoint);
  assert.equal(last, path.join('checkpoints', 'step-00000003'));
  for (const file of [
    'metrics.jsonl',
    path.join(last, 'model.safetensors'),
    path.join(last, 'training-state/state.safetensors'),
  ]) {
    assert.equal(bytes('parts', file), bytes('whole', file), file);
  }
  const lines = readMetrics(at('whole', 'metrics.jsonl'));
  assert.equal(lines.length, 3);
  const names = [
    'success',
    'success.stay',
    'return',
    'kl',
    'clipFraction',
    'valueError',
    'explainedVariance',
    'entropy',
  ];
  for (const name of [...names, 'actorLearningRate']) assert.equal(typeof lines[0]![name], 'number', name);
  assert.ok(Number(lines[0]!['kl']) >= 0 && Number(lines[2]!['kl']) > 0);
  const policy = await loadPolicy(at('whole'), { runtime: 'cpu', threads: 1, inWorker: false });
  const pool = await flatPool(1);
  const [seen] = await pool.reset([{ task: 'touch', seed: 1 }]);
  assert.equal((await policy.infer(seen!)).dim, 2);
  await Promise.all([pool.close(), policy.close()]);
  await assert.rejects(run('whole', { seed: 4, loop: { ...recipe.loop, steps: 4 } }), { code: 'mismatch' });
});

test('a run whose environments are lost on the way plays the round again and ends the same', async () => {
  const pool = await flatPool();
  let calls = 0;
  const lossy = changed(pool, async (blocks) => {
    if (++calls === 2) throw new VlaError('io', 'the server ended the connection.');
    return pool.play(blocks);
  });
  await run('lossy', {}, { pool: lossy });
  assert.equal(bytes('lossy', 'metrics.jsonl'), bytes('whole', 'metrics.jsonl'));
});

test('with only the expert learning, the vision-language model’s weights stay; supervision and statistics too', async () => {
  const { checkpoint } = await run('expert', { learn: 'expert' });
  const [first, last] = [weightsOf(at('base')), weightsOf(checkpoint)];
  const moved = Object.keys(first).filter((name) => {
    const [a, b] = [first[name]!.data as Float32Array, last[name]!.data as Float32Array];
    return a.some((x, i) => x !== b[i]);
  });
  assert.deepEqual(Object.keys(last), Object.keys(first));
  assert.ok(moved.length > 20);
  assert.deepEqual(
    moved.filter((name) => name.startsWith('model.')),
    [],
  );
  assert.equal(bytes('expert', 'checkpoints/step-00000003/codec.json'), bytes('base', 'codec.json'));
});

test('what is rewarded is done more often', async () => {
  const size = 48;
  await run(
    'right',
    {
      learn: 'expert',
      rollout: { ...recipe.rollout, environments: { right: size }, chunks: 1, rounds: 1 },
      update: { ...recipe.update, epochs: 3, minibatch: 24, actorLearningRate: 2e-3 },
      loop: { ...recipe.loop, steps: 14, checkpointEvery: 14 },
    },
    { pool: rightward(size) },
  );
  const success = readMetrics(at('right', 'metrics.jsonl')).map((line) => Number(line['success']));
  const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b) / xs.length;
  assert.ok(mean(success.slice(-4)) > mean(success.slice(0, 2)) + 0.25, success.join(', '));
});

/** A world of one block: it succeeds where the first action's first number is above 0.3. */
function rightward(size: number): EnvironmentPool {
  const observation = () => ({
    images: { front: { width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE * 3).fill(90) } },
    state: Float32Array.of(0, 0),
    instruction: 'go right',
  });
  return {
    size,
    embodiment: flatlandEmbodiment(SIDE),
    tasks: ['right'],
    perturbations: [],
    reset: async (episodes) => episodes.map((episode) => (episode === null ? null : observation())),
    play: async (blocks) =>
      blocks.map((block) => {
        if (block === null) return null;
        return { outcome: block[0]! > 0.3 ? 'success' : 'failure', ticks: 1, observation: observation() };
      }),
    close: async () => undefined,
  };
}

test('recipes that cannot work are refused by field before anything is opened', async () => {
  const refused = (change: Partial<ReinforcementRecipe>, message: RegExp): Promise<void> =>
    assert.rejects(run('refused', change), { code: 'bad-argument', message });
  await refused({ update: { ...recipe.update, minibatch: 5 } }, /^update\.minibatch: .* 12 chunks/);
  await refused({ rollout: { ...recipe.rollout, environments: {} } }, /^rollout\.environments/);
  await refused({ rollout: { ...recipe.rollout, execute: 9 } }, /^execute: expected 1 to 4/);
  await refused({ gae: { discount: 2, lambda: 1 } }, /^gae\.discount/);
  await assert.rejects(run('refused', { rollout: { ...recipe.rollout, environments: { touch: 2, fly: 1 } } }), {
    code: 'not-found',
    message: /"fly"/,
  });
  const module = workerUrl(import.meta.url, '../../../tests/flatland/flatland').href;
  const pool = await VectorEnvironment.open({ module, options: { imageSize: 8 }, size: 3, workers: 1 });
  await assert.rejects(run('refused', {}, { pool }), { code: 'mismatch', message: /front 8×8/ });
});
