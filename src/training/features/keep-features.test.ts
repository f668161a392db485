/** @file Kept features: the same numbers as without, made once, continued when cut off, and refused where they cannot be. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { largestDifference } from '../../../tests/golden-tensors.ts';
import { writeSmallDataset } from '../../../tests/small-dataset.ts';
import { smallRecipe } from '../../../tests/small-recipe.ts';
import { withProgressListener } from '../../base/progress.ts';
import { loadCheckpoint } from '../../checkpoints/checkpoint.ts';
import { resolveCheckpoint } from '../../checkpoints/checkpoint-series.ts';
import type { TrainingRecipe } from '../recipe.ts';
import { trainPolicy } from '../train-policy.ts';
import type { FeaturesConfig } from './config.ts';
import { recordAt } from './feature-batches.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'features-'));
const at = (...names: string[]): string => path.join(root, ...names);
const FRAMES = 8 + 9 + 7;
const small = smallRecipe(at('dataset'));
const [camera] = small.codec.cameras;
const frozen: TrainingRecipe = {
  ...small,
  // More than an epoch.
  data: { ...small.data, datasets: [{ ...small.data.datasets[0]!, samplesPerStep: 4 }] },
  codec: { ...small.codec, cameras: [{ ...camera!, augmentation: null }] },
  tuning: { base: null, fresh: [], freeze: ['model.**'], lora: null, save: 'whole' },
};

const withFeatures = (recipe: TrainingRecipe, features: FeaturesConfig): TrainingRecipe => ({
  ...recipe,
  data: { ...recipe.data, features },
});

/** Trains; resolves with how many frames were encoded, as the progress bar says. `stop` aborts once it has moved. */
async function train(name: string, recipe: TrainingRecipe, stop = false): Promise<number> {
  const controller = new AbortController();
  let encoded = 0;
  await withProgressListener(
    ({ label, done }) => {
      if (label !== 'features' || done === 0) return;
      encoded = done;
      if (stop) controller.abort();
    },
    () =>
      trainPolicy({
        recipe,
        folder: at(name),
        command: 'vlakit train small',
        versions: { vlakit: 'test' },
        evaluate: null,
        signal: controller.signal,
        wallClock: () => 0,
        progressStream: { write: () => true },
      }),
  );
  return encoded;
}

const metrics = (name: string): string => fs.readFileSync(at(name, 'metrics.jsonl'), 'utf8');
const weights = (name: string) => loadCheckpoint(resolveCheckpoint(at(name))).weights();
const records = (folder: string): Buffer => fs.readFileSync(at(folder, fs.readdirSync(at(folder))[0]!, 'records.bin'));

before(async () => {
  await writeSmallDataset(at('dataset'), 'image', [8, 9, 7]);
  await train('pixels', frozen);
});
after(() => fs.rmSync(root, { recursive: true }));

test('training from features in f32 gives the bits of training from pixels', async () => {
  const encoded = await train('features', withFeatures(frozen, { folder: at('kept'), dtype: 'f32', augmentations: 0 }));
  assert.equal(encoded, FRAMES);
  assert.equal(metrics('features'), metrics('pixels'));
  for (const [name, tensor] of Object.entries(weights('features'))) {
    assert.equal(largestDifference(tensor, weights('pixels')[name]!), 0, name);
  }
});

test('features are found again by the same weights, codec and data, and by no others', async () => {
  const features = { folder: at('kept'), dtype: 'f32', augmentations: 0 } as const;
  const replicas = { ...frozen, device: { ...frozen.device, replicas: 2 } };
  assert.equal(await train('again', withFeatures(replicas, features)), 0);
  assert.equal(fs.readdirSync(at('kept')).length, 1);
  assert.equal(await train('other-weights', withFeatures({ ...frozen, seed: 5 }, features)), FRAMES);
  assert.equal(fs.readdirSync(at('kept')).length, 2);
});

test('cut off, the pass goes on where it was', async () => {
  const recipe = withFeatures(frozen, { folder: at('cut'), dtype: 'f32', augmentations: 0 });
  await assert.rejects(train('cut-run', recipe, true), {
    code: 'interrupted',
    message: `features: stopped after 8 of ${FRAMES} frames.`,
  });
  assert.ok(records('cut').length < records('kept').length);
  assert.equal(await train('cut-run', recipe), FRAMES);
  assert.ok(
    records('cut').equals(fs.readFileSync(at('kept', path.basename(fs.readdirSync(at('cut'))[0]!), 'records.bin'))),
  );
  assert.equal(metrics('cut-run'), metrics('pixels'));
});

test('16 bits take less and change little; augmented versions are kept side by side', async () => {
  await train('half', withFeatures(frozen, { folder: at('half-kept'), dtype: 'f16', augmentations: 0 }));
  assert.ok(records('half-kept').length < 0.6 * records('kept').length);
  for (const [name, tensor] of Object.entries(weights('half'))) {
    const difference = largestDifference(tensor, weights('pixels')[name]!);
    assert.ok(difference < 0.01, `${name}: ${difference}`);
  }
  const augmented = { ...frozen, codec: small.codec };
  const features = { folder: at('versions'), dtype: 'f32', augmentations: 3 } as const;
  assert.equal(await train('augmented', withFeatures(augmented, features)), 3 * FRAMES);
  const bytes = records('versions');
  const size = bytes.length / (3 * FRAMES);
  const record = (row: number, version: number): Buffer => {
    const first = recordAt(row, version, { block: 8, versions: 3 }) * size;
    return bytes.subarray(first, first + size);
  };
  const all = Array.from({ length: FRAMES }, (_, row) =>
    [0, 1, 2].map((version) => record(row, version).toString('hex')),
  );
  assert.equal(new Set(all.flat()).size, 3 * FRAMES);
});

test('a prompt that learns, or is looked at by others, has no features to keep', async () => {
  const features = { folder: at('refused'), dtype: 'f32', augmentations: 0 } as const;
  const refused = async (changes: Partial<TrainingRecipe>, code: string, message: RegExp): Promise<void> => {
    await assert.rejects(train('refused', withFeatures({ ...frozen, ...changes }, features)), { code, message });
  };
  await refused({ tuning: null }, 'bad-argument', /frozen, got model\.[\w.]+ and \d+ more that learns\.$/);
  const lora = { rank: 2, alpha: 4, targets: ['model.language_model.layers.0.self_attn.q_proj'] };
  await refused(
    { tuning: { ...frozen.tuning!, lora } },
    'bad-argument',
    /q_proj\.lora_A\.weight and 1 more that learns/,
  );
  const wrong = withFeatures(frozen, { ...features, augmentations: -1 });
  await assert.rejects(train('refused', wrong), { code: 'bad-argument', message: /^data\.features\.augmentations: / });
  assert.equal(fs.existsSync(at('refused', 'kept')), false);
});
