/** @file An instruction that does not fit the prompt is found before the first step, whichever episode says it. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FPS, smallEpisode, smallFeatures, withFolder } from '../../tests/small-dataset.ts';
import { smallRecipe } from '../../tests/small-recipe.ts';
import { createLeRobotWriter } from '../data/lerobot/writer.ts';
import { trainPolicy } from './train-policy.ts';

const LONG = 'lift the red cube and put it on the blue cube and then push both of them into the dark zone';

test('the episode with the long instruction is named, trained on or held out, and nothing is trained', () =>
  withFolder(async (folder) => {
    const root = path.join(folder, 'long');
    const features = smallFeatures('image');
    const writer = createLeRobotWriter({ root, fps: FPS, robotType: 'test-arm', features, existing: 'refuse' });
    for (let episode = 0; episode < 3; episode++) {
      const frames = smallEpisode(episode, 5);
      await writer.addEpisode(episode === 2 ? { ...frames, task: LONG } : frames);
    }
    await writer.finish();
    writer.close();
    const recipe = smallRecipe(root);
    const train = (episodes: 'all' | number[], heldOut: number[]): Promise<unknown> =>
      trainPolicy({
        recipe: { ...recipe, data: { ...recipe.data, datasets: [{ ...recipe.data.datasets[0]!, episodes, heldOut }] } },
        folder: path.join(folder, 'run'),
        command: '',
        versions: {},
        evaluate: null,
        signal: new AbortController().signal,
        wallClock: () => 0,
        progressStream: { write: () => true },
      });
    const expected = {
      code: 'bad-argument',
      message: /^long, episode 2: "lift the red cube and .*": instruction: expected at most 12 tokens, got \d+/,
      hint: /codec\.instructionTokens/,
    };
    await assert.rejects(train('all', []), expected);
    await assert.rejects(train('all', [2]), expected);
    assert.equal(fs.existsSync(path.join(folder, 'run', 'metrics.jsonl')), false);
    await train([0, 1], []);
  }));
