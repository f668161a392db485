/** @file Sets of questions repeat byte for byte whatever the threads and interruptions, and training reads them. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { openConversations } from '../../../data/conversations.ts';
import { INDEX_NAME } from '../../../data/dexdata/file-index.ts';
import { openDexdata } from '../../../data/dexdata/reader.ts';
import { QUESTION_KINDS } from '../../../simulation/tabletop/questions/index.ts';
import type { SetSettings } from '../../../../recipes/question-set.ts';
import { generateVisionLanguage, type SetOptions } from './generate-set.ts';
import { PART_SAMPLES } from './part.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'questions-'));
after(() => fs.rmSync(root, { recursive: true }));

const SETTINGS: SetSettings = {
  seed: 7,
  kinds: null,
  tasks: ['touch', 'press'],
  imageSize: 32,
  wrist: true,
  samplesPerPicture: 8,
};
/** A whole part and a piece of a second one. */
const SAMPLES = PART_SAMPLES + 24;

function options(name: string, changes: Partial<SetOptions> = {}): SetOptions {
  const { signal } = new AbortController();
  return {
    root: path.join(root, name),
    samples: SAMPLES,
    settings: SETTINGS,
    workers: 1,
    replace: false,
    signal,
    ...changes,
  };
}

function contents(name: string): Record<string, string> {
  const folder = path.join(root, name);
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const whole = files.filter((file) => file !== INDEX_NAME && fs.statSync(path.join(folder, file)).isFile());
  return Object.fromEntries(whole.map((file) => [file, fs.readFileSync(path.join(folder, file), 'hex')]));
}

test('one thread, two threads, and an interrupted run give the same set', async () => {
  const summary = await generateVisionLanguage(options('one'));
  assert.equal(summary.samples, SAMPLES);
  await generateVisionLanguage(options('two', { workers: 2 }));
  assert.deepEqual(contents('two'), contents('one'));
  // A run that was killed in its second part: some pictures, no file of questions.
  fs.cpSync(path.join(root, 'one'), path.join(root, 'killed'), { recursive: true, preserveTimestamps: true });
  fs.rmSync(path.join(root, 'killed', 'part-000001.jsonl'));
  fs.writeFileSync(path.join(root, 'killed', 'images', '000001', '000-front.png'), 'half');
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(generateVisionLanguage(options('killed', { signal: controller.signal })), {
    code: 'interrupted',
  });
  assert.ok(!fs.existsSync(path.join(root, 'killed', 'part-000001.jsonl')));
  await generateVisionLanguage(options('killed'));
  assert.deepEqual(contents('killed'), contents('one'));
  // What is there is left alone.
  const file = path.join(root, 'one', 'part-000000.jsonl');
  const before = fs.statSync(file).mtimeMs;
  await generateVisionLanguage(options('one'));
  assert.equal(fs.statSync(file).mtimeMs, before);
});

test('the set is read as conversations: two cameras, every kind about equally often, pictures shared', async () => {
  const set = openConversations(path.join(root, 'one'));
  assert.equal(set.count, SAMPLES);
  const { kinds } = set.statistics;
  assert.deepEqual(Object.keys(kinds).sort(), QUESTION_KINDS.map(({ name }) => name).sort());
  for (const [kind, count] of Object.entries(kinds)) assert.ok(count > 0.5 * (SAMPLES / 14), `${kind}: ${count}`);
  const { images, question, answer } = await set.sample(3);
  assert.deepEqual(Object.keys(images), ['front', 'wrist']);
  assert.deepEqual([images['front']!.width, images['wrist']!.height], [32, 32]);
  assert.ok(question.length > 5 && answer.length > 0 && !question.includes('<image>'));
  set.close();
  const raw = openDexdata(path.join(root, 'one'));
  const urls = [...raw.records(0)].map(({ record }) => record.images['1']!.url);
  assert.ok(new Set(urls).size < PART_SAMPLES / 6, 'up to eight questions share a picture');
  const fields = new Set([...raw.records(0)].map(({ record }) => Object.keys(record).join()));
  assert.equal(fields.size, 1, 'DM0’s code needs the same fields in all lines of a file');
  raw.close();
});

test('more samples keep those that are there, fewer take the last ones away', async () => {
  await generateVisionLanguage(options('grown', { samples: 40 }));
  await generateVisionLanguage(options('grown'));
  assert.deepEqual(contents('grown'), contents('one'));
  const summary = await generateVisionLanguage(options('grown', { samples: 40 }));
  assert.equal(summary.samples, 40);
  assert.ok(!fs.existsSync(path.join(root, 'grown', 'part-000001.jsonl')));
});

test('other settings, other folders, unknown kinds and what cannot be asked are refused', async () => {
  const other = { ...SETTINGS, seed: 8 };
  await assert.rejects(generateVisionLanguage(options('grown', { settings: other })), {
    code: 'mismatch',
    message: /\(seed 7\), got 8/,
  });
  const replaced = await generateVisionLanguage(options('grown', { settings: other, samples: 20, replace: true }));
  assert.equal(replaced.samples, 20);
  fs.mkdirSync(path.join(root, 'foreign'));
  fs.writeFileSync(path.join(root, 'foreign', 'diary.txt'), 'mine');
  for (const replace of [false, true]) {
    await assert.rejects(generateVisionLanguage(options('foreign', { replace })), { code: 'bad-argument' });
  }
  assert.deepEqual(fs.readdirSync(path.join(root, 'foreign')), ['diary.txt']);
  for (const wrong of [{ kinds: ['poems'] }, { tasks: ['dance'] }]) {
    await assert.rejects(generateVisionLanguage(options('none', { settings: { ...SETTINGS, ...wrong } })), {
      code: 'not-found',
    });
  }
});
