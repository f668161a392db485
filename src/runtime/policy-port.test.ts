/** @file A policy through a message port: chunks, errors, aborts. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../base/errors.ts';
import type { InferenceOptions, Policy } from '../interfaces/policy.ts';
import type { Observation } from '../interfaces/observation.ts';
import { pointEmbodiment } from '../../tests/real-time/point-robot.ts';
import { openPortPolicy, servePolicy, type Port } from './policy-port.ts';

const OBSERVATION: Observation = {
  images: { front: { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) } },
  state: Float32Array.of(0.5),
  instruction: 'go',
  tick: 4,
};

interface Asked {
  readonly observation: Observation;
  readonly options: InferenceOptions | undefined;
}

async function pair(
  infer: Policy['infer'],
): Promise<{ readonly policy: Policy; readonly asked: Asked[]; readonly seeds: number[] }> {
  const { port1, port2 } = new MessageChannel();
  const asked: Asked[] = [];
  const seeds: number[] = [];
  servePolicy(
    {
      name: 'far',
      embodiment: pointEmbodiment(10),
      continues: { kind: 'prefix', longest: 3 },
      reset: ({ seed }) => void seeds.push(seed),
      infer(observation, options) {
        asked.push({ observation, options });
        return infer(observation, options);
      },
      close: async () => {},
    },
    port1 as unknown as Port,
  );
  return { policy: await openPortPolicy(port2 as unknown as Port), asked, seeds };
}

test('a policy at the other end of a port is the same policy', async () => {
  const chunk = { horizon: 1, dim: 3, data: Float32Array.of(1, 2, 3), progress: 0.5 };
  const { policy, asked, seeds } = await pair(async () => chunk);
  assert.deepEqual(
    [policy.name, policy.embodiment, policy.continues],
    ['far', pointEmbodiment(10), { kind: 'prefix', longest: 3 }],
  );
  await policy.reset({ seed: 9 });
  const continuation = { actions: Float32Array.of(4, 5, 6), count: 1, committed: 1 };
  assert.deepEqual(await policy.infer(OBSERVATION, { continuation }), chunk);
  await policy.infer(OBSERVATION);
  assert.deepEqual(seeds, [9]);
  assert.deepEqual(asked[0]!.observation, OBSERVATION);
  assert.deepEqual(asked[0]!.options!.continuation, continuation);
  assert.equal(asked[1]!.options!.continuation, undefined);
  await policy.close();
});

test('errors keep their code and hint', async () => {
  const { policy } = await pair(async () => {
    throw new VlaError('not-finite', 'a NaN', { hint: 'Look at the sensor.' });
  });
  await assert.rejects(policy.infer(OBSERVATION), {
    code: 'not-finite',
    message: 'a NaN',
    hint: 'Look at the sensor.',
  });
  await policy.close();
});

test('an aborted inference ends at once here, and is aborted there', async () => {
  const { policy, asked } = await pair(() => new Promise(() => {}));
  const controller = new AbortController();
  const inference = policy.infer(OBSERVATION, { signal: controller.signal });
  controller.abort(new Error('no longer wanted'));
  await assert.rejects(inference, /no longer wanted/);
  await policy.reset({ seed: 1 });
  assert.equal(asked[0]!.options!.signal!.aborted, true);
  await assert.rejects(policy.infer(OBSERVATION, { signal: controller.signal }), /no longer wanted/);
  await policy.close();
});
