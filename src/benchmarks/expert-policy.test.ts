/** @file The expert, and the pixel policy of the tests, keep the contract of policies. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { policyContract } from '../../tests/contracts/policy.ts';
import { openPolicy as openPixels } from '../../tests/flatland/flatland-policy.ts';
import { openEnvironment } from '../../tests/flatland/flatland.ts';
import { evaluate } from './evaluate.ts';
import { expert, expertPolicy, openPolicy } from './expert-policy.ts';
import { builtInWorld } from './built-in-world.ts';

const world = await openEnvironment({ imageSize: 24 });
await world.reset({ task: 'touch', seed: 4 });

policyContract('expert', { open: async () => expertPolicy(world), observation: () => world.observe() });
policyContract('pixels', {
  open: () => openPixels({ horizon: 3, noise: 0.1, fault: null, cameraName: null }, world),
  observation: () => world.observe(),
});

test('an environment without an expert is refused', async () => {
  const { expert: _, ...plain } = world;
  await assert.rejects(openPolicy(null, plain), /expected an environment with an expert, got "flatland"/);
});

test('the expert solves the tabletop, with the same numbers from one worker and from two', async () => {
  const play = async (workers: number): Promise<unknown> => {
    const { result } = await evaluate({
      environment: builtInWorld({ imageSize: 16 }),
      policy: expert(),
      tasks: ['touch', 'lift'],
      conditions: ['base'],
      episodes: 2,
      firstSeed: 1_000_000_000,
      execute: 1,
      workers,
      inferenceTimeoutMs: null,
      policyName: null,
      film: null,
      command: 'test',
      checkpoint: null,
    });
    return result.episodes.map(({ task, seed, outcome, length, instruction }) => [
      task,
      seed,
      outcome,
      length,
      instruction,
    ]);
  };
  const [one, two] = [(await play(1)) as string[][], await play(2)];
  assert.deepEqual(two, one);
  assert.deepEqual(
    one.map(([, , outcome]) => outcome),
    Array<string>(4).fill('success'),
  );
});
