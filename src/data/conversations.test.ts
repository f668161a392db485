/** @file Conversations come out as they were written, in an order that only seed and step decide. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { withFolder } from '../../tests/small-dataset.ts';
import { Random } from '../base/random.ts';
import type { Image } from '../interfaces/observation.ts';
import { createConversationLoader, openConversations, type KindedSample } from './conversations.ts';
import type { DexRecord } from './dexdata/record.ts';
import { writePicture, writeRecords } from './dexdata/writer.ts';

function picture(seed: number, size = 8): Image {
  const random = new Random(seed);
  return { width: size, height: size, data: Uint8Array.from({ length: 3 * size * size }, () => random.integer(256)) };
}

/** 12 questions in two files; question i is about picture i. */
function writeSet(root: string): void {
  for (const file of [0, 1]) {
    const records = Array.from({ length: 6 }, (_, k): DexRecord => {
      const i = 6 * file + k;
      const images: DexRecord['images'] = {
        1: writePicture(root, `images/${i}.png`, picture(i)),
        ...(k === 0 ? { 2: writePicture(root, `images/${i}-wrist.png`, picture(100 + i)) } : {}),
      };
      return {
        images,
        isRobot: false,
        conversations: [
          { from: 'human', value: `<image>\nquestion ${i}?` },
          { from: 'gpt', value: `answer ${i}` },
        ],
        extra: { kind: i % 3 === 0 ? 'count' : 'colour' },
      };
    });
    writeRecords(root, `part-${file}.jsonl`, records);
  }
}

test('samples are what was written: pictures by camera, the question without placeholders, the kind', () =>
  withFolder(async (root) => {
    writeSet(root);
    const set = openConversations(root);
    assert.equal(set.count, 12);
    assert.deepEqual(set.statistics.kinds, { count: 4, colour: 8 });
    assert.equal(set.statistics.textOnly, 0);
    for (let i = 0; i < 12; i++) {
      const { images, question, answer, kind } = await set.sample(i);
      assert.deepEqual([question, answer, kind], [`question ${i}?`, `answer ${i}`, i % 3 === 0 ? 'count' : 'colour']);
      assert.deepEqual(images['front'], picture(i));
      assert.deepEqual(images['wrist'], i % 6 === 0 ? picture(100 + i) : undefined);
    }
    await assert.rejects(set.sample(12), { code: 'bad-argument', message: /expected a sample below 12, got 12/ });
    set.close();
    const small = openConversations(root, { imageSize: { width: 4, height: 4 }, cameras: ['base'] });
    assert.deepEqual(
      Object.entries((await small.sample(0)).images).map(([name, { width }]) => [name, width]),
      [['base', 4]],
    );
    small.close();
  }));

test('several turns give one sample per answer, with what was said before; prompts with answers count, robot frames do not', () =>
  withFolder(async (root) => {
    writeRecords(root, 'talk.jsonl', [
      {
        images: {},
        isRobot: false,
        conversations: [
          { from: 'human', value: 'What is it?' },
          { from: 'gpt', value: 'A box.' },
          { from: 'human', value: 'Which colour?' },
          { from: 'gpt', value: 'Red.' },
          { from: 'human', value: 'Nobody answers this.' },
        ],
      },
      { images: {}, isRobot: false, prompt: 'How many?', answer: 'two' },
      { images: {}, isRobot: true, state: [1], prompt: 'lift', answer: 'not asked' },
    ]);
    const set = openConversations(root);
    const all = await Promise.all(Array.from({ length: set.count }, (_, i) => set.sample(i)));
    assert.deepEqual(
      all.map(({ question, answer }) => [question, answer]),
      [
        ['What is it?', 'A box.'],
        ['What is it?\nA box.\nWhich colour?', 'Red.'],
        ['How many?', 'two'],
      ],
    );
    assert.deepEqual(set.statistics, {
      kinds: { other: 3 },
      textOnly: 3,
      questionCharacters: 52,
      answerCharacters: 13,
    });
    set.close();
  }));

test('the loader shows every sample once per epoch, in an order that is a pure function of seed and step', () =>
  withFolder(async (root) => {
    writeSet(root);
    const set = openConversations(root, { pictureBytes: 500 });
    const walk = async (seed: number, steps: readonly number[]): Promise<readonly string[][]> => {
      const loader = createConversationLoader(set, { batchSize: 4, prefetch: 2, seed });
      const batches: string[][] = [];
      for (const step of steps) batches.push((await loader.batch(step)).map(({ answer }: KindedSample) => answer));
      await loader.close();
      await assert.rejects(loader.batch(0), /expected an open loader/);
      return batches;
    };
    const ahead = await walk(3, [0, 1, 2, 3, 4, 5]);
    assert.equal(new Set(ahead.slice(0, 3).flat()).size, 12);
    assert.equal(new Set(ahead.slice(3).flat()).size, 12);
    assert.notDeepEqual(ahead.slice(0, 3), ahead.slice(3));
    assert.deepEqual(await walk(3, [4, 0, 5]), [ahead[4], ahead[0], ahead[5]]);
    assert.notDeepEqual(await walk(4, [0, 1, 2]), ahead.slice(0, 3));
    set.close();
  }));

test('decoded pictures stay in memory within the budget: they are read from disk once', () =>
  withFolder(async (root) => {
    writeSet(root);
    const held = openConversations(root);
    const first = await held.sample(5);
    fs.rmSync(path.join(root, 'images', '5.png'));
    assert.deepEqual(await held.sample(5), first);
    held.close();
    const fresh = openConversations(root);
    await assert.rejects(fresh.sample(5), { code: 'not-found', message: /part-0\.jsonl, line 6: .*images\/5\.png/ });
    fresh.close();
  }));

test('a folder without conversations is refused', () =>
  withFolder(async (root) => {
    assert.throws(() => openConversations(root), { code: 'not-found', message: /there is no \.jsonl file/ });
    writeRecords(root, 'robot.jsonl', [{ images: {}, isRobot: true, state: [1] }]);
    assert.throws(() => openConversations(root), { code: 'bad-data', message: /expected conversations/ });
  }));
