/** @file Worlds that do not wait: without latency the plain closed loop bit for bit, with latency what the strategy promises. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { workerUrl } from '../../../base/worker-url.ts';
import type { FlatlandPolicyOptions } from '../../../../tests/flatland/flatland-policy.ts';
import { evaluate, type Evaluation } from '../../../benchmarks/evaluate.ts';
import type { EpisodeRecord } from '../../../benchmarks/result.ts';
import { latencyPlayer, type LatencyPlay } from './player.ts';

const EPISODES = 4;
/** Of flatland. */
const CONTROL_HZ = 20;

interface Choice {
  readonly conditions?: readonly string[];
  readonly policy?: Partial<FlatlandPolicyOptions>;
  readonly benchmark?: boolean;
}

function play(
  player: Partial<LatencyPlay> | null,
  { conditions = ['base'], policy, benchmark }: Choice = {},
): Promise<Evaluation> {
  const flatland = '../../../../tests/flatland/';
  return evaluate({
    environment: { module: workerUrl(import.meta.url, `${flatland}flatland`).href, options: { imageSize: 24 } },
    policy: {
      module: workerUrl(import.meta.url, `${flatland}flatland-policy`).href,
      options: { horizon: 4, noise: 0, fault: null, cameraName: null, ...policy },
    },
    ...(player === null
      ? {}
      : { player: latencyPlayer({ strategy: 'synchronous', execute: 2, latencyMs: 0, ...player }) }),
    tasks: ['touch'],
    conditions,
    episodes: EPISODES,
    firstSeed: 1_000_000_000,
    execute: 2,
    workers: 1,
    inferenceTimeoutMs: null,
    policyName: null,
    film: null,
    command: '',
    checkpoint: null,
    ...(benchmark === true
      ? {
          benchmark: {
            name: 'flatland',
            text: '',
            settings: {},
            conditions: ['base'],
            shard: null,
            failures: { onError: 'continue', attempts: 1, inARow: 99 },
            openLog: () => ({ finished: new Map(), add: () => undefined, addBroken: () => undefined }),
          },
        }
      : {}),
  });
}

const records = async (...how: Parameters<typeof play>): Promise<readonly EpisodeRecord[]> =>
  (await play(...how)).result.episodes;
const told = ({ outcome, length, actionsHash, inferences }: EpisodeRecord): unknown => ({
  outcome,
  length,
  actionsHash,
  inferences,
});

test('without latency it is the plain closed loop, bit for bit, also with noise and with actions beyond their range', async () => {
  for (const choice of [{}, { policy: { noise: 1.5 } }, { conditions: ['wind'] }] satisfies Choice[]) {
    const [plain, paced] = [await records(null, choice), await records({}, choice)];
    // A hash is of what is told, which the world clips anyway.
    const noisy = choice.policy !== undefined;
    const compared = (one: EpisodeRecord): unknown =>
      noisy ? { ...(told(one) as object), actionsHash: '' } : told(one);
    assert.deepEqual(paced.map(compared), plain.map(compared));
  }
  assert.deepEqual((await records({ execute: 'half' })).map(told), (await records(null)).map(told), 'half of four');
});

test('a robot that waits in a still world loses the periods of each inference, and nothing else', async () => {
  const plain = await records(null);
  for (const [latencyMs, periods] of [
    [20, 0],
    [100, 2],
    [130, 3],
  ] as const) {
    const late = await records({ latencyMs });
    for (const [i, { length, inferences, metrics, outcome }] of late.entries()) {
      assert.equal(outcome, 'success');
      assert.equal(length, plain[i]!.length + periods * inferences, `${latencyMs} ms`);
      assert.ok(Math.abs(metrics!['idle']! - (periods * inferences) / length) < 1e-9);
    }
  }
});

test('in a world that moves by itself, waiting costs successes', async () => {
  const [still, late] = [
    await records({}, { conditions: ['wind'] }),
    await records({ latencyMs: 300 }, { conditions: ['wind'] }),
  ];
  const successes = (list: readonly EpisodeRecord[]): number =>
    list.filter(({ outcome }) => outcome === 'success').length;
  assert.ok(successes(late) < successes(still), `${successes(late)} and ${successes(still)}`);
});

test('a robot that goes on while the next chunk is inferred waits less', async () => {
  const idle = (list: readonly EpisodeRecord[]): number => list.reduce((sum, one) => sum + one.metrics!['idle']!, 0);
  const waits = await records({ latencyMs: 50 });
  const goesOn = await records({ latencyMs: 50, strategy: 'naive-asynchronous' });
  assert.ok(idle(goesOn) < idle(waits) && idle(waits) > 0);
});

test('a measured latency is the time that the policy takes', async () => {
  const late = await records({ latencyMs: 'measured' }, { policy: { delayMs: 120 } });
  for (const { metrics, inferences, length, timing } of late) {
    assert.ok(timing.latencyMs.p50 >= 110);
    // At least two periods of 50 ms each time; more on a busy machine.
    assert.ok(metrics!['idle']! * length >= 2 * inferences - 1e-9);
  }
  assert.equal(CONTROL_HZ, 20);
});

test('what the policy does wrong is its own error, and breaks the episode', async () => {
  const { result } = await play({ latencyMs: 50 }, { policy: { fault: { kind: 'throw', at: 1 } }, benchmark: true });
  assert.equal(result.episodes.length, 0);
  assert.deepEqual(
    result.broken!.map(({ reason }) => /the model fell over/.test(reason)),
    [true, true, true, true],
  );
  await assert.rejects(play({ execute: 5 }), /--execute: expected at most 4 actions of a chunk, got 5/);
  await assert.rejects(
    play({}, { conditions: ['shuffled'] }),
    /--latency: expected episodes with their own instruction/,
  );
});
