/** @file Every built-in world is opened by its name, tells what it is before, and its expert solves its tasks. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { parseEmbodiment } from '../codec/embodiment-file.ts';
import type { Outcome } from '../interfaces/environment.ts';
import { findWorld, openWorld, WORLDS } from './worlds.ts';

/** Seeds per task; `bench/experts.ts` measures with more. The tabletop's own test has its own. */
const SEEDS = 12;

for (const [world, { tasks, perturbations }] of Object.entries(WORLDS)) {
  test(`${world}: the table says what the opened world says`, async () => {
    const environment = await openWorld({ world, imageSize: 16 });
    assert.deepEqual(environment.tasks, tasks);
    assert.deepEqual(environment.perturbations, perturbations);
    const { embodiment } = environment;
    assert.ok(embodiment.body !== undefined, 'prompts speak of the body');
    assert.deepEqual(parseEmbodiment(JSON.parse(JSON.stringify(embodiment)), world), embodiment);
    await environment.close();
  });
  if (world === 'tabletop') continue;
  test(`${world}: the expert solves at least 95 % of the seeds over all tasks`, async () => {
    const environment = await openWorld({ world, imageSize: 16 });
    const failed: string[] = [];
    for (const task of tasks) {
      for (let seed = 1000; seed < 1000 + SEEDS; seed++) {
        await environment.reset({ task, seed });
        let outcome: Outcome = 'running';
        while (outcome === 'running') outcome = await environment.step(environment.expert());
        if (outcome !== 'success') failed.push(`${task} ${seed} ${outcome}`);
      }
    }
    assert.ok(failed.length <= 0.05 * tasks.length * SEEDS, failed.join(', '));
    await environment.close();
  });
}

test('a misspelt world suggests the nearest', () => {
  assert.throws(() => findWorld('tabeltop'), /tabletop/);
});
