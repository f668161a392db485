/** @file What each strategy asks, when, and where it puts the answer. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { ActionChunk } from '../../interfaces/action-chunk.ts';
import type { ContinuationKind, Policy } from '../../interfaces/policy.ts';
import { pointEmbodiment } from '../../../tests/real-time/point-robot.ts';
import { ChunkQueue } from '../chunk-queue.ts';
import type { Strategy, StrategyView, TickedObservation } from '../strategy.ts';
import {
  alignedAsynchronous,
  continued,
  futureState,
  lastActionAsState,
  naiveAsynchronous,
  synchronous,
  temporalEnsembling,
} from './index.ts';

const chunk = (base: number, horizon = 10): ActionChunk => ({
  horizon,
  dim: 1,
  data: Float32Array.from({ length: horizon }, (_, i) => base + i),
});
const seen = (tick: number): TickedObservation => ({ images: {}, state: Float32Array.of(50), instruction: '', tick });

function views(): { readonly queue: ChunkQueue; at(tick: number, latency?: number): StrategyView } {
  const queue = new ChunkQueue();
  return { queue, at: (tick, latency = 3) => ({ tick, queue, epoch: 0, latency, longest: 6 }) };
}

const policy = (continues?: Policy['continues']): Policy => ({
  name: 'p',
  embodiment: pointEmbodiment(10),
  ...(continues === undefined ? {} : { continues }),
  reset: () => {},
  infer: () => Promise.reject(new Error('not asked')),
  close: async () => {},
});

test('the paper’s timing: T_e actions, then the next Δt_c as a prefix, and a switch at index Δt_inf', () => {
  const strategy = alignedAsynchronous({ execute: 4, committed: 5 });
  const { queue, at } = views();
  queue.place(chunk(100), { epoch: 0, observed: 0, start: 0 }, 2);
  assert.equal(strategy.ask(seen(3), at(3)), null);
  const request = strategy.ask(seen(4), at(4))!;
  assert.equal(request.observation.tick, 4);
  assert.deepEqual([...request.continuation!.actions], [104, 105, 106, 107, 108]);
  assert.deepEqual([request.continuation!.count, request.continuation!.committed], [5, 5]);
  strategy.take(chunk(200), request, at(7));
  assert.equal(strategy.act(at(6))!.action[0], 106);
  assert.equal(strategy.act(at(7))!.action[0], 203);
  assert.equal(strategy.ask(seen(7), at(7)), null);
  assert.notEqual(strategy.ask(seen(8), at(8)), null);
});

test('Δt_c follows the latency estimate, up to what the policy takes and the chunk has left', () => {
  const strategy = alignedAsynchronous({ execute: 4 });
  const { queue, at } = views();
  queue.place(chunk(100), { epoch: 0, observed: 0, start: 0 }, 0);
  const committed = (tick: number, latency: number): number | undefined =>
    strategy.ask(seen(tick), at(tick, latency))!.continuation?.committed;
  assert.deepEqual([committed(4, 2), committed(4, 9), committed(8, 5), committed(4, 0)], [2, 6, 2, 1]);
  assert.equal(committed(10, 3), undefined);
});

test('continued: the policy is shown the whole rest of the chunk', () => {
  const strategy = continued({ execute: 1 });
  const { queue, at } = views();
  queue.place(chunk(100), { epoch: 0, observed: 0, start: 0 }, 0);
  const { continuation } = strategy.ask(seen(4), at(4, 2))!;
  assert.deepEqual([...continuation!.actions], [104, 105, 106, 107, 108, 109]);
  assert.deepEqual([continuation!.count, continuation!.committed], [6, 2]);
});

test('a chunk that took longer than its committed actions is discarded, unless the robot already waits', () => {
  for (const strategy of [alignedAsynchronous({ execute: 4 }), continued({ execute: 4 })]) {
    const { queue, at } = views();
    queue.place(chunk(100), { epoch: 0, observed: 0, start: 0 }, 0);
    const request = strategy.ask(seen(4), at(4, 2))!;
    strategy.take(chunk(200), request, at(7));
    assert.equal(strategy.act(at(7))!.action[0], 107);
    assert.equal(queue.counts.discarded, 1);
    // At tick 10 the old chunk has just ended: one tick of standstill parts them.
    strategy.take(chunk(300), request, at(10));
    assert.equal(strategy.act(at(10)), null);
    assert.equal(strategy.act(at(11))!.action[0], 307);
  }
});

test('policies that cannot continue, not so or not that far, are refused by name', () => {
  const refused = (strategy: Strategy, continues: Policy['continues'], latency: number, message: RegExp): void =>
    assert.throws(() => strategy.check(policy(continues), latency), { code: 'unsupported', message });
  const of = (kind: ContinuationKind, longest: number): Policy['continues'] => ({ kind, longest });
  const aligned = alignedAsynchronous({ execute: 4, committed: 6 });
  refused(aligned, undefined, 1, /aligned-asynchronous.*continues chunks.*one that cannot: "p"/);
  refused(aligned, of('guided', 10), 1, /does it as "guided"/);
  refused(aligned, of('prefix', 5), 1, /takes 6 committed actions.*at most 5/);
  refused(continued({ execute: 1 }), of('guided', 2), 3, /takes 3 committed actions.*at most 2/);
  aligned.check(policy(of('prefix', 6)), 1);
  for (const kind of ['prefix', 'guided', 'guided-forward'] as const) {
    continued({ execute: 1 }).check(policy(of(kind, 3)), 3);
  }
  for (const strategy of [synchronous({ execute: 1 }), naiveAsynchronous({ execute: 1 })]) strategy.check(policy(), 9);
});

test('future state: rolled forward by the committed actions, for the tick at which the chunk takes over', () => {
  const sum = (state: Float32Array, actions: Float32Array): Float32Array =>
    Float32Array.of(state[0]! + actions.reduce((total, action) => total + action, 0));
  const strategy = futureState({ execute: 4, predictState: sum });
  const { queue, at } = views();
  assert.equal(strategy.ask(seen(0), at(0))!.observation.tick, 0);
  queue.place(chunk(100), { epoch: 0, observed: 0, start: 0 }, 0);
  const request = strategy.ask(seen(4), at(4))!;
  assert.equal(request.observation.state[0], 50 + 104 + 105 + 106);
  assert.deepEqual([request.observation.tick, request.observed], [7, 4]);
  // It comes early: the running chunk goes on until its time.
  strategy.take(chunk(200), request, at(6));
  assert.deepEqual(
    [6, 7, 8].map((tick) => strategy.act(at(tick))!.action[0]),
    [106, 200, 201],
  );
  assert.equal(strategy.act(at(7))!.observed, 4);
  assert.deepEqual([...lastActionAsState(Float32Array.of(1, 2), Float32Array.of(3, 4, 5, 6), 2)], [5, 6]);
  assert.throws(() => lastActionAsState(Float32Array.of(1), Float32Array.of(3, 4), 1), { code: 'mismatch' });
});

test('temporal ensembling weighs as ACT does: e^(−m·i), the oldest first', () => {
  const strategy = temporalEnsembling({ every: 2, decay: 0.5, longestAge: 5 });
  const { queue, at } = views();
  strategy.take(chunk(0), strategy.ask(seen(0), at(0))!, at(1));
  assert.equal(strategy.ask(seen(1), at(1)), null);
  strategy.take(chunk(100), strategy.ask(seen(2), at(2))!, at(3));
  strategy.take(chunk(400), strategy.ask(seen(4), at(4))!, at(5));
  const weights = [1, Math.exp(-0.5), Math.exp(-1)];
  const expected = (5 * weights[0]! + 103 * weights[1]! + 401 * weights[2]!) / weights.reduce((a, b) => a + b);
  const { action, observed } = strategy.act(at(5))!;
  assert.ok(Math.abs(action[0]! - expected) < 1e-4);
  assert.equal(observed, 0);
  // The first prediction is too old one tick later.
  assert.equal(strategy.act(at(6))!.observed, 2);
  assert.equal(queue.all(6).length, 3);
});

test('a number of actions that means nothing is refused', () => {
  for (const make of [synchronous, naiveAsynchronous, continued, alignedAsynchronous]) {
    assert.throws(() => make({ execute: 0 }), { code: 'bad-argument' });
  }
  assert.throws(() => temporalEnsembling({ every: 1, decay: Number.NaN }), { code: 'bad-argument' });
});
