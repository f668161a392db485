/** @file `vlakit convert` and `vlakit generate` as processes: what they say, leave and refuse. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { vlakit } from '../../tests/processes/vlakit.ts';
import { smallEpisode, smallFeatures, FPS, withFolder } from '../../tests/small-dataset.ts';
import { openConversations } from '../data/conversations.ts';
import { openLeRobot } from '../data/lerobot/reader.ts';
import { createLeRobotWriter } from '../data/lerobot/writer.ts';

test('a LeRobot dataset goes to Dexdata and back on the command line', () =>
  withFolder(async (root) => {
    const options = { root: path.join(root, 'source'), fps: FPS, robotType: null, features: smallFeatures('image') };
    const writer = createLeRobotWriter({ ...options, existing: 'refuse' });
    for (const episode of [0, 1]) await writer.addEpisode(smallEpisode(episode, 3));
    await writer.finish();
    const there = await vlakit(['convert', 'lerobot-to-dexdata', 'source', 'dex', '--episodes', '1'], { cwd: root });
    assert.deepEqual([there.code, there.out], [0, 'dex: 1 episodes, 3 frames\n'], there.err);
    assert.deepEqual(fs.readdirSync(path.join(root, 'dex')).sort(), ['dexdata.json', 'episode_000001.jsonl', 'images']);
    const back = await vlakit(['convert', 'dexdata-to-lerobot', 'dex', 'back', '--cameras', 'base,hand'], {
      cwd: root,
    });
    assert.deepEqual([back.code, back.out], [0, 'back: 1 episodes, 3 frames\n'], back.err);
    const copy = await openLeRobot(path.join(root, 'back'), { episodes: 'all' });
    assert.deepEqual(copy.cameras, ['observation.images.base', 'observation.images.hand']);
    await copy.close();
    const again = await vlakit(['convert', 'dexdata-to-lerobot', 'dex', 'back'], { cwd: root });
    assert.equal(again.code, 1);
    assert.match(again.err, /error\[bad-argument\]: back: expected an empty folder, got a finished dataset/);
    const nothing = await vlakit(['convert', 'dexdata-to-lerobot', 'nowhere', 'out'], { cwd: root });
    assert.match(nothing.err, /error\[not-found\]: nowhere: expected a Dexdata dataset, .*\nhint: Check the path/);
  }));

test('questions are generated on the command line, and what cannot be is refused', () =>
  withFolder(async (root) => {
    const some = [
      '--samples',
      '10',
      '--kinds',
      'grounding,count',
      '--tasks',
      'press',
      '--image-size',
      '32',
      '--workers',
      '1',
    ];
    const made = await vlakit(['generate', 'vision-language', '--out', 'set', ...some], { cwd: root });
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /^set: 10 questions about \d+ pictures: (locate|identify|count) \d+/);
    const set = openConversations(path.join(root, 'set'));
    assert.deepEqual(Object.keys(set.statistics.kinds).sort(), ['count', 'identify', 'locate']);
    set.close();
    const wrong = await vlakit(['generate', 'vision-language', '--out', 'set', '--samples', '0'], { cwd: root });
    assert.match(wrong.err, /--samples <n>.*Expected a whole number from 1, got "0"/);
    const poems = await vlakit(['generate', 'vision-language', '--out', 'x', '--samples', '1', '--kinds', 'poems'], {
      cwd: root,
    });
    assert.match(poems.err, /error\[not-found\]: questions: expected a kind or a topic, got "poems"/);
    assert.ok(!fs.existsSync(path.join(root, 'x')), 'nothing is left of what was refused');
  }));
