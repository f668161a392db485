/** @file A gate that, before it is closed, lets a moving robot come to a standstill within its limits. */

import type { Clock } from '../base/clock.ts';
import type { Gate, GateMoment, Passed } from './gate.ts';

/** Longer than any robot here brakes; then the safe stop ends it. */
const BRAKING_SECONDS = 2;

/** The last tick. */
interface Told {
  readonly at: GateMoment;
  readonly passed: Passed;
}

/**
 * `gate`, which is told to hold still at its own rate until what it tells the robot no longer changes, and closed then. Where a safe stop is in
 * force, or nothing was told yet, it is closed at once.
 */
export function brakedGate(gate: Gate, clock: Clock): Gate {
  const period = 1 / gate.embodiment.controlHz;
  let last: Told | null = null;
  let closing = false;
  const pass = async (wanted: Float32Array | null, at: GateMoment): Promise<Passed> => {
    const passed = await gate.pass(wanted, at);
    last = { at, passed };
    return passed;
  };
  const brake = async (before: Told): Promise<void> => {
    let { at, passed } = before;
    for (let ticks = Math.ceil(BRAKING_SECONDS / period); ticks > 0 && passed.source !== 'stop'; ticks--) {
      await clock.sleepUntil(at.time + period);
      const next: GateMoment = { time: clock.now(), tick: at.tick + 1, age: null, observation: null };
      const told = await gate.pass(null, next);
      const rests = told.source === 'hold' && passed.source === 'hold' && same(told.action, passed.action);
      if (rests) return;
      [at, passed] = [next, told];
    }
  };
  return {
    name: gate.name,
    embodiment: gate.embodiment,
    connect: (hear) => gate.connect(hear),
    reset: () => gate.reset(),
    pass,
    stop: (reason) => gate.stop(reason),
    async close() {
      if (!closing) {
        closing = true;
        // A robot that cannot be told anything is stopped.
        if (last !== null) await brake(last).catch(() => undefined);
      }
      await gate.close();
    },
  };
}

function same(a: Float32Array, b: Float32Array): boolean {
  return a.every((value, i) => Math.abs(value - b[i]!) < 1e-6);
}
