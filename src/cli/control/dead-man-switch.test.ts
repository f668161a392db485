/** @file Dead-man switches: keys on a stream, the page over its socket, and a session of loop, real gate and simulated robot that obeys one. */

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { WebSocket } from 'ws';
import { WORLD_LIMITS } from '../../../recipes/motion-limits.ts';
import type { TickRecord } from '../../interfaces/tick-record.ts';
import { heldInPage, heldKey, type KeyStream } from './dead-man-switch.ts';
import { controlSession } from './session.ts';

/** A stream of keys in place of a terminal; `at` is its clock. */
class Keys extends PassThrough implements KeyStream {
  at = 0;
  raw: boolean | null = null;
  interrupts = 0;

  setRawMode(raw: boolean): void {
    this.raw = raw;
  }

  type(text: string, at: number): void {
    this.at = at;
    this.emit('data', Buffer.from(text));
  }

  readonly now = (): number => this.at;
  readonly interrupt = (): void => void this.interrupts++;
}

test('a key is held while it repeats: not at the first press, not by another key, not behind a pause', async () => {
  const keys = new Keys();
  const enabled: number[] = [];
  const held = await heldKey(keys, keys.now, keys.interrupt)(() => enabled.push(keys.at));
  assert.equal(keys.raw, true);
  keys.type(' ', 1);
  for (const at of [1.66, 1.69, 1.72]) keys.type(' ', at);
  for (const at of [1.75, 1.78]) keys.type('x', at);
  for (const at of [3, 4, 5]) keys.type(' ', at);
  // What waited while the process was busy counts once.
  keys.type('     ', 7);
  assert.deepEqual(enabled, [1.69, 1.72]);
  keys.type('\u0003', 8);
  assert.equal(keys.interrupts, 1);
  await held.close();
  assert.equal(keys.raw, false);
  for (const at of [9, 9.03, 9.06]) keys.type(' ', at);
  assert.deepEqual(enabled, [1.69, 1.72]);
});

const letters = (records: readonly TickRecord[]): string =>
  records.map(({ source }) => (source === 'chunk' ? 'c' : source === 'hold' ? '.' : 's')).join('');

test('the robot moves while the key is held, comes to rest when it is let go, and goes on when it is held again', async () => {
  const keys = new Keys();
  const records: TickRecord[] = [];
  const isHeld = (tick: number): boolean => tick === 4 || (tick >= 8 && tick < 12) || (tick >= 36 && tick < 40);
  await controlSession({
    robot: { kind: 'world', world: { world: 'six-joint', imageSize: 16 }, task: 'lift' },
    policy: { kind: 'expert' },
    limits: WORLD_LIMITS['six-joint']!,
    deadMan: heldKey(keys, keys.now, keys.interrupt),
    strategy: { name: 'naive-asynchronous', execute: 4 },
    instruction: null,
    latency: null,
    simulatedTime: true,
    seconds: 4.8,
    episodes: 1,
    seed: 1,
    recording: { mcap: null, dataset: null, live: null, about: {} },
    onTick(record) {
      records.push(record);
      // A key that is held is told at 10 Hz, too.
      if (isHeld(record.tick)) keys.type(' ', record.time);
    },
    onEpisode: () => undefined,
    onPlace: () => undefined,
    signal: new AbortController().signal,
  });
  // Two presses until it counts, heard at the next tick; 0.3 s are three ticks.
  assert.match(letters(records), /^\.{10}c{5,6}\.{22,23}c{5,6}\.+$/);
  const released = records.filter(({ tick }) => tick > 16 && tick < 36);
  assert.ok(released.every(({ interventions }) => interventions.includes('refused: nobody enables the robot')));
  assert.equal(keys.raw, false);
  const places = records.map(({ action }) => [...action.subarray(0, 6)]);
  const far = (a: number, b: number): number => Math.max(...places[a]!.map((at, i) => Math.abs(at - places[b]![i]!)));
  assert.ok(far(0, 9) < 1e-6, 'it stood until the key was held');
  assert.ok(far(9, 20) > 0.05, 'it moved');
  assert.ok(far(25, 36) < 1e-6, 'it stands after the key was let go');
  assert.ok(far(36, records.length - 1) > 0.01, 'it moves again');
});

test('in the page, space and button A hold it, and nothing else; a page that is gone holds nothing', async () => {
  let address = '';
  let enabled = 0;
  const waiting: (() => void)[] = [];
  const held = await heldInPage(
    0,
    (text) => void (address = text),
  )(() => {
    enabled++;
    for (const wake of waiting.splice(0)) wake();
  });
  const { host, origin, search } = new URL(address);
  const page = new WebSocket(`ws://${host}/session${search}`, { origin });
  await new Promise((resolve) => page.once('open', resolve));
  const tell = (keys: string[], buttons: number[]): void => page.send(JSON.stringify({ keys, axes: [], buttons }));
  for (const [keys, buttons] of [
    [[' '], []],
    [[], [0]],
  ] as const) {
    const enabledNow = new Promise<void>((resolve) => void waiting.push(resolve));
    tell([...keys], [...buttons]);
    await enabledNow;
    // The page takes silence for a hand that let go.
    await new Promise((resolve) => setTimeout(resolve, 400));
    const before = enabled;
    tell(['w'], [1]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(enabled, before);
  }
  page.terminate();
  await held.close();
});
