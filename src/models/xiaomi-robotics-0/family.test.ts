/** @file Xiaomi-Robotics-0 under the contract of model families, and its draws of given prefixes. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { answersContract } from '../../../tests/contracts/family-answers.ts';
import { familyContract } from '../../../tests/contracts/family.ts';
import { familyCodec, oneBatch, openDescent } from '../../../tests/contracts/family-learning.ts';
import { Random } from '../../base/random.ts';
import { countParameters } from '../../nn/parameters.ts';
import { createFlowTrainable } from '../flow-trainable.ts';
import type { FamilyConfig } from '../family.ts';
import {
  CODE_PREFIX,
  PAPER_PREFIX,
  XIAOMI_ROBOTICS_0,
  trainingTimeRtc,
  type AsyncPrefix,
  type XiaomiConfig,
} from './config.ts';
import { xiaomiRobotics0 } from './family.ts';
import { ARMS, SLOTS } from './slots.ts';

/** As post-training for asynchronous execution has it. */
const asynchronous = (config: XiaomiConfig, reweight: boolean): XiaomiConfig => ({
  ...config,
  expert: { ...config.expert, mask: { kind: 'lambda', window: 2, positionOffset: 10 } },
  asyncPrefix: { probability: 0.5, longest: 2, reweight, hide: { probability: 0.5, keepLast: 1 } },
  frequencyWeight: 0.3,
});

familyContract({
  family: xiaomiRobotics0,
  // A bias of the keys adds the same to all scores of a query, which a softmax does not see.
  deaf: /\bkey\.bias$/,
  masked: ['actions', 'noise'],
  given: (tiny, longest) => ({ ...tiny, asyncPrefix: trainingTimeRtc(longest) }) as FamilyConfig,
  micro(config) {
    const tiny = config as XiaomiConfig;
    // Weights of the error are constants to the gradient, but not to differences: they stay out.
    return asynchronous(
      {
        ...tiny,
        vision: {
          ...tiny.vision,
          width: 8,
          layers: 2,
          heads: 2,
          mlpWidth: 8,
          positionGrid: 3,
          outputWidth: 12,
          deepstackLayers: [0],
        },
        language: {
          ...tiny.language,
          width: 12,
          layers: 2,
          heads: 2,
          kvHeads: 1,
          headWidth: 6,
          mlpWidth: 8,
          ropeSections: [1, 1, 1],
        },
        expert: { ...tiny.expert, width: 12, layers: 2, headWidth: 6, mlpWidth: 8, timeFeatures: 4 },
      },
      false,
    );
  },
});

const { codec, config } = familyCodec(xiaomiRobotics0, {}, 16);

test('the tiny model has about 0.8 M parameters', () => {
  const { vocabularySize } = codec.tokenizer;
  const tiny = xiaomiRobotics0.tiny({ vocabulary: vocabularySize, stateDim: 16, actionDim: 8, supervision: {} });
  const count = countParameters(xiaomiRobotics0.spec(tiny, codec.layout.length));
  assert.ok(count > 700_000 && count < 900_000, `${count}`);
});

test('given prefixes are drawn per sample, repeatably, and leave an action to generate', () => {
  const { draw, inputs } = xiaomiRobotics0.draws(asynchronous(config as XiaomiConfig, true));
  const sizes = { draws: 500, horizon: 3, actionDim: 2 };
  assert.deepEqual(inputs(2, sizes)['prefixLength'], { dtype: 'f32', shape: [2, 500] });
  const lengths = (seeds: readonly number[]): number[] =>
    [
      ...draw(
        seeds.map((seed) => new Random(seed)),
        sizes,
      )['prefixLength']!.data,
    ].map(Number);
  const both = lengths([1, 2]);
  assert.deepEqual(lengths([2]), both.slice(500));
  const share = (length: number): number => both.filter((drawn) => drawn === length).length / both.length;
  assert.deepEqual(
    [...new Set(both)].sort((a, b) => a - b),
    [0, 1, 2],
  );
  assert.ok(Math.abs(share(0) - 0.5) < 0.06 && Math.abs(share(1) - 0.25) < 0.06);
  const short = draw([new Random(1)], { ...sizes, horizon: 1 })['prefixLength']!;
  assert.ok(short.data.every((length) => Number(length) === 0));
});

test('prefixes are those of the published code or of the paper, and only what is not kept is hidden', () => {
  const sizes = { draws: 4000, horizon: 30, actionDim: 1 };
  const drawn = (asyncPrefix: AsyncPrefix): Record<string, number[]> => {
    const { draw } = xiaomiRobotics0.draws({ ...(config as XiaomiConfig), asyncPrefix } as XiaomiConfig);
    return Object.fromEntries(
      Object.entries(draw([new Random(3)], sizes)).map(([name, { data }]) => [name, [...data].map(Number)]),
    );
  };
  const share = (numbers: readonly number[], wanted: number): number =>
    numbers.filter((one) => one === wanted).length / numbers.length;
  const paper = drawn(PAPER_PREFIX);
  assert.ok(!('prefixHidden' in paper));
  for (let length = 0; length <= 6; length++) {
    assert.ok(Math.abs(share(paper['prefixLength']!, length) - 1 / 7) < 0.03, `paper, ${length}`);
  }
  const { prefixLength, prefixHidden } = drawn(CODE_PREFIX) as Record<'prefixLength' | 'prefixHidden', number[]>;
  for (let length = 0; length <= 6; length++) {
    assert.ok(Math.abs(share(prefixLength, length) - (length === 0 ? 1 / 2 : 1 / 12)) < 0.03, `code, ${length}`);
  }
  const open: number[] = [];
  for (const [k, length] of prefixLength.entries()) {
    const row = prefixHidden.slice(30 * k, 30 * (k + 1));
    open.push(...row.slice(0, Math.max(0, length - 2)));
    assert.ok(row.slice(Math.max(0, length - 2)).every((one) => one === 0));
  }
  assert.ok(Math.abs(share(open, 1) - 0.5) < 0.03);
});

test('with given prefixes, weights of the error and frequencies the loss on one batch falls', async (t) => {
  const full = asynchronous(config as XiaomiConfig, true);
  const trainable = createFlowTrainable({ family: xiaomiRobotics0, config: full, codec, batchSize: 2, draws: 2 });
  const { session } = await openDescent(trainable);
  t.after(() => session.close());
  const feeds = oneBatch(trainable, codec, 2);
  const losses: number[] = [];
  for (let i = 0; i < 60; i++) losses.push(Number((await session.run(feeds(0.03)))['loss']!.data[0]));
  assert.ok(losses.every(Number.isFinite));
  assert.ok(losses.at(-1)! < 0.7 * losses[0]!, `${losses[0]} → ${losses.at(-1)}`);
});

test('the places of two arms do not meet and fit the published vectors', () => {
  const places = Object.values(ARMS).flatMap((arm) => Object.values(arm).flat());
  assert.equal(new Set(places).size, 26);
  assert.ok(places.every((place) => place < SLOTS));
  const { stateDim, actionDim } = XIAOMI_ROBOTICS_0.expert;
  assert.deepEqual([stateDim, actionDim], [SLOTS, SLOTS]);
});

answersContract(xiaomiRobotics0);
