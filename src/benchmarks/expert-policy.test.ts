/** @file The expert, and the pixel policy of the tests, keep the contract of policies. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { policyContract } from '../../tests/contracts/policy.ts';
import { openPolicy as openPixels } from '../../tests/flatland/flatland-policy.ts';
import { openEnvironment } from '../../tests/flatland/flatland.ts';
import { expertPolicy, openPolicy } from './expert-policy.ts';

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
