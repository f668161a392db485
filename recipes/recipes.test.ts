/** @file Every recipe is sound before anyone waits for it: names, sizes, schedules, and a model that fits its codec. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Random } from '../src/base/random.ts';
import { shippedFile } from '../src/base/shipped-file.ts';
import { selectNames } from '../src/base/name-pattern.ts';
import { createTextTokenizer, type TextTokenizer } from '../src/codec/text-tokens/text-tokenizer.ts';
import { TASKS } from '../src/simulation/tabletop/index.ts';
import { instructionFor } from '../src/simulation/tabletop/instruction.ts';
import { familyOf } from '../src/models/families.ts';
import { modelSpec } from '../src/models/flow-trainable.ts';
import { flatten, type ParameterSpec } from '../src/nn/parameters.ts';
import { LIBERO_SUITES, suiteTasks } from '../src/simulation/libero/suites.ts';
import { findWorld, openWorld } from '../src/simulation/worlds.ts';
import { checkOptimiser } from '../src/training/optimiser.ts';
import { applyOverrides } from '../src/training/overrides.ts';
import { batchSizeOf } from '../src/training/recipe.ts';
import { checkSchedule } from '../src/training/schedule.ts';
import { RECIPES, findRecipe } from './index.ts';
import { evaluationWorld, type Recipe } from './recipe.ts';
import { stages } from './stages/index.ts';

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
    const tasks = new Set(suiteOf(recipe)?.map(({ name }) => name) ?? findWorld(evaluationWorld(recipe)).tasks);
    for (const task of [...(record?.tasks ?? []), ...(evaluation?.tasks ?? [])]) assert.ok(tasks.has(task), task);
    if (record !== null) assert.ok(record.noise.scale.length <= codec.actionSize);
  });

  test(`${recipe.name} is plain data that overrides reach`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(recipe)), recipe);
    assert.equal(applyOverrides(recipe, ['optimiser.weightDecay=0.5']).optimiser.weightDecay, 0.5);
  });
}

/** The tasks of a suite of LIBERO that a recipe records in; null: it records elsewhere, or nothing. */
function suiteOf({ record }: Pick<Recipe, 'record'>): ReturnType<typeof suiteTasks> | null {
  const suite = LIBERO_SUITES.find((name) => name.replace('_', '-') === record?.world);
  return suite === undefined ? null : suiteTasks(suite);
}

/** The tokenizer of a recipe, which ships with the package. */
function tokenizerOf({ codec }: Recipe): TextTokenizer {
  const file = (name: string): unknown =>
    JSON.parse(fs.readFileSync(shippedFile(`tokenizers/${codec.tokenizer}/${name}`), 'utf8'));
  return createTextTokenizer(file('tokenizer.json'), file('tokenizer_config.json'), 'tokenizer.json');
}

/** What may be asked for in a world: at the tabletop many sentences of every task, elsewhere those of a few scenes. */
async function instructionsIn(world: string | undefined): Promise<Map<string, string[]>> {
  if (world !== undefined) {
    const environment = await openWorld({ world });
    const all = new Map<string, string[]>();
    for (const task of findWorld(world).tasks) {
      const sentences: string[] = [];
      for (let seed = 0; seed < 8; seed++) {
        await environment.reset({ task, seed });
        sentences.push((await environment.observe()).instruction);
      }
      all.set(task, sentences);
    }
    await environment.close();
    return all;
  }
  return new Map(
    TASKS.map((task) => {
      const layouts = Array.from({ length: 100 }, (_, seed) => task.layout(new Random(seed)));
      const sentences = layouts.flatMap((layout, seed) =>
        (['train', 'held-out'] as const).map((phrasing) =>
          instructionFor(task, layout, layout.target, phrasing, new Random(seed, 1)),
        ),
      );
      return [task.name, sentences];
    }),
  );
}

test('the instructions of every recorded task fit into the recipe’s prompt', async () => {
  const worlds = new Map<string | undefined, Map<string, string[]>>();
  for (const recipe of RECIPES) {
    const { name, record, codec } = recipe;
    if (record === null) continue;
    const suite = suiteOf(recipe)?.map((task): [string, string[]] => [task.name, [task.instruction]]);
    const known = suite ? new Map(suite) : (worlds.get(record.world) ?? (await instructionsIn(record.world)));
    worlds.set(record.world, known);
    const tokenizer = tokenizerOf(recipe);
    for (const task of record.tasks) {
      const longest = Math.max(...known.get(task)!.map((sentence) => tokenizer.encode(sentence).length));
      assert.ok(longest <= codec.instructionTokens, `${name}: ${task} needs ${longest} tokens`);
    }
  }
});

test('every stage names a stage before it, of the same model, that trains all that it does not start fresh', () => {
  const byName = new Map(RECIPES.map((recipe) => [recipe.name, recipe]));
  let chained = 0;
  for (const { name, tuning, model } of stages) {
    const base = tuning?.base;
    if (base == null) continue;
    const before = byName.get(base.replace(/^runs\//, ''));
    assert.ok(before !== undefined, `${name} starts from ${base}`);
    chained++;
    const shapes = (recipe: Pick<Recipe, 'model'>): Map<string, string> => {
      const family = familyOf(recipe.model.config, 'config');
      const specs = flatten<ParameterSpec>(
        modelSpec(family, recipe.model.config, { layout: { length: 8, images: [], positions: [[], [], []] } }),
      );
      return new Map(specs.map(([leaf, { shape }]) => [leaf, shape.join()]));
    };
    const [own, old] = [shapes({ model }), shapes(before)];
    const fresh = new Set(selectNames('fresh', tuning!.fresh, [...own.keys()]));
    for (const [leaf, shape] of own) if (!fresh.has(leaf)) assert.equal(old.get(leaf), shape, `${name}: ${leaf}`);
    selectNames('freeze', tuning!.freeze, [...own.keys()]);
  }
  assert.ok(chained >= 10);
});
