/**
 * @file The wire between a dead-man switch, wherever it is read, and the gate's thread: a counter in shared memory, so that nothing but a living
 * switch lets the robot move, and no message can be late.
 */

import type { Gate } from '../gate.ts';
import type { SafetyGate } from './safety-gate.ts';

/** A dead-man switch, as the gate's thread knows it. Survives structured cloning, with shared memory. */
export interface DeadManWire {
  /** The robot moves for so long after the last press that was told. */
  readonly seconds: number;
  /** One 32-bit counter of presses. */
  readonly presses: SharedArrayBuffer;
}

/** A wire for a switch. */
export function deadManWire(seconds: number): DeadManWire {
  return { seconds, presses: new SharedArrayBuffer(4) };
}

/** Tells the gate at the wire's other end that the switch is held now. */
export function press({ presses }: DeadManWire): void {
  Atomics.add(new Int32Array(presses), 0, 1);
}

/** `gate`, enabled by the presses on its wire: each is heard at the next tick. */
export function enabledGate(gate: SafetyGate, { seconds, presses }: DeadManWire, now: () => number): Gate {
  const count = new Int32Array(presses);
  let heard = Atomics.load(count, 0);
  let asked = -Infinity;
  return {
    name: gate.name,
    embodiment: gate.embodiment,
    connect: (hear) => gate.connect(hear),
    reset: () => gate.reset(),
    pass(wanted, at) {
      const [before, presses] = [heard, Atomics.load(count, 0)];
      const time = now();
      // Behind a pause as long as the window, nobody knows when the press was.
      if (presses !== before && time - asked < seconds) gate.enable();
      [heard, asked] = [presses, time];
      return gate.pass(wanted, at);
    },
    stop: (reason) => gate.stop(reason),
    close: () => gate.close(),
  };
}
