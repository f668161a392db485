/** @file The foreseen state of the tabletop's hand against the simulator. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { openWorld } from '../../../simulation/worlds.ts';
import { handAhead } from './hand-ahead.ts';

/** Control periods: 400 ms. */
const AHEAD = 8;
const EPISODES = 4;

const rms = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

test('most of what the hand moves within 400 ms is foreseen from the actions, and its rotation does not flip', async () => {
  const environment = await openWorld({ world: 'tabletop', imageSize: 16 });
  const moved: number[] = [];
  const missed: number[] = [];
  const turned: number[] = [];
  for (let episode = 0; episode < EPISODES; episode++) {
    await environment.reset({ task: ['touch', 'lift'][episode % 2]!, seed: 40 + episode });
    const states: Float32Array[] = [];
    const actions: number[] = [];
    for (let outcome = 'running'; outcome === 'running';) {
      states.push((await environment.observe()).state);
      const action = environment.expert();
      actions.push(...action);
      outcome = await environment.step(action);
    }
    for (let t = 0; t + AHEAD < states.length; t++) {
      const [now, later] = [states[t]!, states[t + AHEAD]!];
      const foreseen = handAhead(now, Float32Array.from(actions.slice(7 * t, 7 * (t + AHEAD))), AHEAD);
      for (let d = 0; d < 3; d++) {
        moved.push(later[d]! - now[d]!);
        missed.push(later[d]! - foreseen[d]!);
        turned.push(foreseen[3 + d]! - now[3 + d]!);
      }
    }
  }
  await environment.close();
  assert.ok(rms(moved) > 0.02 && rms(missed) < rms(moved) / 2, `${rms(missed)} m of ${rms(moved)} m`);
  assert.ok(Math.max(...turned.map(Math.abs)) < Math.PI, `${Math.max(...turned)}`);
});

test('no actions change nothing, and what was handed in stays', () => {
  const state = Float32Array.of(0.5, 0.1, 0.2, 3, 0.4, 0.1, 0.04, -0.04);
  const before = state.slice();
  const ahead = handAhead(state, new Float32Array(0), 0);
  assert.ok(
    ahead.every((value, i) => Math.abs(value - before[i]!) < 1e-5),
    [...ahead].join(),
  );
  handAhead(state, Float32Array.of(1, 0, 0, 0.2, 0, 0, 1), 1);
  assert.deepEqual(state, before);
});
