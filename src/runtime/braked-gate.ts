/** @file A gate that, before it is closed, lets a moving robot come to a standstill within its limits. */

import type { Clock } from '../base/clock.ts';
import type { Gate, GateMoment, Passed } from './gate.ts';

/** Longer than any robot here brakes; then the safe stop ends it. */
const BRAKING_SECONDS = 2;

/**
 * `gate`, which is told to hold still at its own rate until what it tells the robot no longer changes, and closed then. Where a safe stop is in
 * force, or nothing was told yet, it is closed at once.
 */
export function brakedGate(gate: Gate, clock: Clock): Gate {
  const period = 1 / gate.embodiment.controlHz;
  let last: { readonly at: GateMoment; readonly passed: Passed } | null = null;
  let closing = false;
  const pass = async (wanted: Float32Array | null, at: GateMoment): Promise<Passed> => {
    const passed = await gate.pass(wanted, at);
    last = { at, passed };
    return passed;
  };
  const brake = async (): Promise<void> => {
    for (let ticks = Math.ceil(BRAKING_SECONDS / period); ticks > 0 && last !== null; ticks--) {
      const { at, passed: before } = last;
      if (before.source === 'stop') return;
      const due = at.time + period;
      await clock.sleepUntil(due);
      const moment: GateMoment = { time: clock.now(), tick: at.tick + 1, age: null, observation: null };
      const { source, action } = await pass(null, moment);
      if (source === 'hold' && before.source === 'hold' && same(action, before.action)) return;
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
        await brake().catch(() => undefined);
      }
      await gate.close();
    },
  };
}

function same(a: Float32Array, b: Float32Array): boolean {
  return a.every((value, i) => Math.abs(value - b[i]!) < 1e-6);
}
