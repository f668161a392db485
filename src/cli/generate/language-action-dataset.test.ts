/** @file Language-action datasets: the reader opens them, they say what their arm is, and an interrupted one becomes the same dataset. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parseEmbodiment } from '../../codec/embodiment-file.ts';
import { openLeRobot } from '../../data/lerobot/reader.ts';
import { armColumns, armEmbodiment } from '../../simulation/language-actions/embodiment.ts';
import { createTrajectoryGenerator } from '../../simulation/language-actions/generate.ts';
import { ROBOTS } from '../../simulation/language-actions/robots.ts';
import { requireDatasetFit } from '../../training/dataset-fit.ts';
import { generateLanguageActions, type LanguageActionOptions } from './language-action-dataset.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'language-actions-'));
after(() => fs.rmSync(root, { recursive: true }));

function options(name: string, changes: Partial<LanguageActionOptions> = {}): LanguageActionOptions {
  return {
    robot: 'xarm7',
    templates: ['push', 'swap'],
    episodes: 4,
    seed: 3,
    rate: 20,
    actions: 'end-effector',
    root: path.join(root, name),
    existing: 'resume',
    command: 'vlakit generate test',
    signal: new AbortController().signal,
    ...changes,
  };
}

function contents(name: string): Record<string, string> {
  const folder = path.join(root, name);
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const whole = files.filter((file) => fs.statSync(path.join(folder, file)).isFile());
  return Object.fromEntries(whole.map((file) => [file, fs.readFileSync(path.join(folder, file), 'hex')]));
}

test('a dataset without cameras opens and holds what the generator made', async () => {
  for (const actions of ['joints', 'end-effector'] as const) {
    const made = await generateLanguageActions(options(actions, { actions }));
    const dataset = await openLeRobot(path.join(root, actions), { episodes: 'all' });
    assert.deepEqual(dataset.cameras, []);
    assert.equal(dataset.episodes.length, 4);
    assert.equal(
      made.frames,
      dataset.episodes.reduce((sum, { length }) => sum + length, 0),
    );
    const embodiment = parseEmbodiment((dataset.info.raw['vlakit'] as { embodiment: unknown }).embodiment, 'info.json');
    assert.deepEqual(embodiment, armEmbodiment(ROBOTS['xarm7']!, actions, 20));
    assert.deepEqual(embodiment.body, { tag: 'xArm7', arms: 1, waist: false, mobileBase: false });
    requireDatasetFit(dataset, embodiment, 1, []);
    const generator = createTrajectoryGenerator('xarm7');
    for (const [episode, template] of ['push', 'swap', 'push', 'swap'].entries()) {
      const trajectory = generator.generate(template, 3, episode);
      assert.equal(await dataset.instruction(episode, 5), trajectory.instruction);
      for (const [name, values] of Object.entries(armColumns(trajectory.sample(20), actions))) {
        assert.deepEqual(await dataset.column(name, episode), Float32Array.from(values), name);
      }
    }
    const { q01, q99 } = await dataset.statistics('action');
    assert.ok(
      q01.every((low, d) => low < q99[d]!),
      'every dimension of the actions moves',
    );
    await dataset.close();
  }
});

test('an interrupted dataset goes on to be the same, and never mixes two settings', async () => {
  let asked = 0;
  const signal = {
    get aborted() {
      return asked++ >= 2;
    },
  } as AbortSignal;
  await assert.rejects(generateLanguageActions(options('stopped', { signal })), {
    code: 'interrupted',
    message: /stopped after 2 of 4 episodes/,
  });
  await assert.rejects(generateLanguageActions(options('stopped', { seed: 4 })), { code: 'mismatch' });
  await assert.rejects(generateLanguageActions(options('stopped', { actions: 'joints' })), { code: 'mismatch' });
  await assert.rejects(
    generateLanguageActions(options('stopped', { episodes: 1 })),
    /expected at most 1 episodes, got 2/,
  );
  await generateLanguageActions(options('stopped'));
  assert.deepEqual(contents('stopped'), contents('end-effector'));
});

test('an unknown template is named before anything is written', async () => {
  await assert.rejects(generateLanguageActions(options('never', { templates: ['swap', 'pul'] })), {
    code: 'not-found',
    hint: 'Did you mean "pull"?',
  });
  assert.equal(fs.existsSync(path.join(root, 'never')), false);
});
