/** @file Typed instructions: what a scene may be asked, what a sentence means there, and how it is judged. */

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { createTabletop, TASKS } from './index.ts';

const tabletop = await createTabletop({ imageSize: 16 });
after(() => tabletop.close());

/** Lets the expert play until an outcome is known. */
async function play(): Promise<string> {
  for (;;) {
    const outcome = await tabletop.step(tabletop.expert());
    if (outcome !== 'running') return outcome;
  }
}

test('an episode’s own instruction is understood as its task, whatever its case and spaces', async () => {
  for (const { name } of TASKS) {
    for (const phrasing of ['train', 'held-out'] as const) {
      await tabletop.reset({ task: name, seed: 5, phrasing });
      const { instruction } = await tabletop.observe();
      const typed = ` ${instruction.toUpperCase().replaceAll(' ', '  ')}. `;
      assert.equal(tabletop.ask(typed).task, name, instruction);
      assert.equal((await tabletop.observe()).instruction, typed);
      if (phrasing === 'train') assert.ok(tabletop.sentences().includes(instruction), instruction);
    }
  }
});

test('no two sentences of a scene are the same', async () => {
  for (const { name } of TASKS) {
    await tabletop.reset({ task: name, seed: 8 });
    const sentences = tabletop.sentences();
    assert.equal(new Set(sentences).size, sentences.length, name);
    assert.ok(sentences.length >= 12, name);
  }
});

test('another sentence makes the episode about another thing and another task, one after the other', async () => {
  await tabletop.reset({ task: 'touch', seed: 3 });
  const first = (await tabletop.observe()).instruction;
  const others = tabletop.sentences().filter((text) => text.startsWith('lift the ') && !text.endsWith(first.slice(-8)));
  for (const sentence of [others[0]!, others[1]!]) {
    assert.equal(tabletop.ask(sentence).task, 'lift');
    assert.equal(await play(), 'success', sentence);
    await tabletop.reset({ task: 'touch', seed: 3 });
  }
  // Without a new start: the hand goes on from where it is.
  assert.equal(await play(), 'success');
  assert.equal(tabletop.ask(others[0]!).task, 'lift');
  assert.equal(await play(), 'success');
});

test('a sentence of no task is handed to the policy and not judged', async () => {
  await tabletop.reset({ task: 'touch', seed: 3 });
  const own = (await tabletop.observe()).instruction;
  assert.deepEqual(tabletop.ask('wave'), { sentence: 'wave', task: null });
  assert.equal((await tabletop.observe()).instruction, 'wave');
  assert.equal(await play(), 'timeout');
  assert.equal(tabletop.ask('open the red drawer').task, null, 'there is no drawer in this scene');
  assert.equal(tabletop.ask(own).task, null, 'the expert touches it already');
});

test('a saved moment remembers what was asked', async () => {
  await tabletop.reset({ task: 'lift', seed: 4 });
  const sentence = tabletop.sentences().find((text) => text.startsWith('touch the '))!;
  tabletop.ask(sentence);
  for (let tick = 0; tick < 5; tick++) await tabletop.step(tabletop.expert());
  const saved = structuredClone(tabletop.save());
  const outcome = await play();
  const { state } = await tabletop.observe();
  await tabletop.reset({ task: 'press', seed: 4 });
  await tabletop.restore(saved);
  assert.equal((await tabletop.observe()).instruction, sentence);
  assert.equal(await play(), outcome);
  assert.equal(outcome, 'success');
  assert.deepEqual((await tabletop.observe()).state, state);
});
