/** @file Every recipe is sound before anyone waits for it: names, sizes, schedules, and a model that fits its codec. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Random } from '../src/base/random.ts';
import { shippedFile } from '../src/base/shipped-file.ts';
import { createTextTokenizer } from '../src/codec/text-tokens/text-tokenizer.ts';
import { TASKS } from '../src/simulation/tabletop/index.ts';
import { instructionFor } from '../src/simulation/tabletop/instruction.ts';
import { familyOf } from '../src/models/families.ts';
import { checkOptimiser } from '../src/training/optimiser.ts';
import { applyOverrides } from '../src/training/overrides.ts';
import { batchSizeOf } from '../src/training/recipe.ts';
import { checkSchedule } from '../src/training/schedule.ts';
import { RECIPES, findRecipe } from './index.ts';

test('names are unique, and a miss suggests the nearest', () => {
  assert.equal(new Set(RECIPES.map(({ name }) => name)).size, RECIPES.length);
  assert.throws(() => findRecipe('quikstart'), { hint: 'Did you mean "quickstart"?' });
});

for (const recipe of RECIPES) {
  test(`${recipe.name} is sound`, () => {
    const { model, codec, data, loop, record, evaluation, openLoop, device } = recipe;
    checkOptimiser(recipe.optimiser);
    checkSchedule(recipe.schedule, loop.steps);
    const family = familyOf(model.config, 'config');
    assert.equal(family.parse(model.config, 'config').family, model.config.family);
    const needs = family.needs(model.config);
    assert.deepEqual([needs.stateDim ?? codec.stateSize, needs.actionDim], [codec.stateSize, codec.actionSize]);
    assert.ok(codec.horizon <= needs.maxHorizon);
    assert.equal(batchSizeOf(data) % device.replicas, 0);
    const outputs = new Set(codec.supervision.map(({ output }) => output));
    // Datasets with settings of their own teach the heads that they have targets for.
    if (data.datasets.some(({ own }) => own === undefined))
      for (const head of Object.values(model.config.supervision)) assert.ok(outputs.has(head.input), head.input);
    assert.ok(evaluation === null || evaluation.execute <= codec.horizon);
    assert.ok(openLoop === null || data.datasets[0]!.heldOut.length > 0);
    const tasks = new Set(TASKS.map(({ name }) => name));
    for (const task of [...(record?.tasks ?? []), ...(evaluation?.tasks ?? [])]) assert.ok(tasks.has(task), task);
    if (record !== null) assert.ok(record.noise.scale.length <= codec.actionSize);
  });

  test(`${recipe.name} is plain data that overrides reach`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(recipe)), recipe);
    assert.equal(applyOverrides(recipe, ['optimiser.weightDecay=0.5']).optimiser.weightDecay, 0.5);
  });
}

test('the instructions of every recorded task fit into the recipe’s prompt', () => {
  const file = (name: string): unknown =>
    JSON.parse(fs.readFileSync(shippedFile(`tokenizers/tabletop/${name}`), 'utf8'));
  const tokenizer = createTextTokenizer(file('tokenizer.json'), file('tokenizer_config.json'), 'tokenizer.json');
  const longest = (name: string): number => {
    const task = TASKS.find((candidate) => candidate.name === name)!;
    let most = 0;
    for (let seed = 0; seed < 100; seed++) {
      const layout = task.layout(new Random(seed));
      for (const phrasing of ['train', 'held-out'] as const) {
        const instruction = instructionFor(task, layout, layout.target, phrasing, new Random(seed, 1));
        most = Math.max(most, tokenizer.encode(instruction).length);
      }
    }
    return most;
  };
  for (const { name, record, codec } of RECIPES) {
    for (const task of record?.tasks ?? []) {
      assert.ok(longest(task) <= codec.instructionTokens, `${name}: ${task} needs ${longest(task)} tokens`);
    }
  }
});
