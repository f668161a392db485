/** @file The contract of every Policy: chunks that fit the robot, repeatable noise, refusal of bad observations. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../../src/base/errors.ts';
import type { Observation } from '../../src/interfaces/observation.ts';
import type { Policy } from '../../src/interfaces/policy.ts';

/** What the suite needs to know of an implementation. */
export interface PolicySubject {
  /** Opens a fresh policy. */
  open(): Promise<Policy>;
  /** A good observation for its robot; a new object each time. */
  observation(): Promise<Observation>;
}

/** Registers the tests of the contract for one implementation. */
export function policyContract(name: string, subject: PolicySubject): void {
  const withPolicy = async (play: (policy: Policy) => Promise<void>): Promise<void> => {
    const policy = await subject.open();
    try {
      await play(policy);
    } finally {
      await policy.close();
    }
  };
  const infer = async (policy: Policy, seed: number): Promise<number[]> => {
    await policy.reset({ seed });
    return [...(await policy.infer(await subject.observation())).data];
  };

  test(`${name}: a chunk has finite actions of the robot's size`, () =>
    withPolicy(async (policy) => {
      assert.ok(policy.name.length > 0);
      await policy.reset({ seed: 1 });
      const { horizon, dim, data } = await policy.infer(await subject.observation());
      assert.ok(Number.isInteger(horizon) && horizon >= 1, `horizon ${horizon}`);
      assert.equal(dim, policy.embodiment.action.names.length);
      assert.equal(data.length, horizon * dim);
      assert.ok(data.every((value) => Number.isFinite(value)));
    }));

  test(`${name}: the same seed gives the same chunks, in any order and in another instance`, () =>
    withPolicy(async (policy) => {
      const first = await infer(policy, 11);
      await infer(policy, 12);
      assert.deepEqual(await infer(policy, 11), first);
      await withPolicy(async (twin) => assert.deepEqual(await infer(twin, 11), first));
    }));

  test(`${name}: an inference leaves the observation, and earlier chunks, as they were`, () =>
    withPolicy(async (policy) => {
      await policy.reset({ seed: 3 });
      const observation = await subject.observation();
      const chunk = await policy.infer(observation);
      const kept = [...chunk.data];
      await policy.infer(observation);
      assert.deepEqual(observation, await subject.observation());
      assert.deepEqual([...chunk.data], kept);
    }));

  test(`${name}: a bad observation is refused by a VlaError, and the next good one works`, () =>
    withPolicy(async (policy) => {
      const good = await infer(policy, 5);
      const camera = policy.embodiment.cameras[0]!.name;
      const spoil: Record<string, (observation: Observation) => Observation> = {
        'no camera': (observation) => {
          const { [camera]: _, ...images } = observation.images;
          return { ...observation, images };
        },
        'half an image': (observation) => {
          const image = observation.images[camera]!;
          const data = image.data.slice(0, image.data.length / 2);
          return { ...observation, images: { ...observation.images, [camera]: { ...image, data } } };
        },
        'a short state': (observation) => ({ ...observation, state: observation.state.slice(1) }),
        'NaN in the state': (observation) => ({
          ...observation,
          state: observation.state.map((value, i) => (i === 0 ? NaN : value)),
        }),
        'infinity in the state': (observation) => ({
          ...observation,
          state: observation.state.map((value, i) => (i === 0 ? Infinity : value)),
        }),
      };
      for (const [what, change] of Object.entries(spoil)) {
        const bad = change(await subject.observation());
        await assert.rejects(
          async () => policy.infer(bad),
          (error) => error instanceof VlaError && error.message.length > 10,
          what,
        );
      }
      assert.deepEqual(await infer(policy, 5), good);
    }));

  test(`${name}: close may be called twice`, async () => {
    const policy = await subject.open();
    await policy.close();
    await policy.close();
  });
}
