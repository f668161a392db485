/** @file A serial line that ends at simulated servos, in the time of any clock. */

import type { Clock } from '../../base/clock.ts';
import { VlaError } from '../../base/errors.ts';
import type { SerialPort } from '../serial/serial-port.ts';
import type { SimulatedServos } from './simulated-servos.ts';

/** The line, which can be cut. */
export interface SimulatedPort extends SerialPort {
  /** Pulls the cable. */
  cut(): void;
}

/** Opens a line to `servos`; answers arrive when their time has come on `clock`. */
export function openSimulatedPort(servos: SimulatedServos, clock: Clock): SimulatedPort {
  const name = 'simulated servos';
  const coming: { readonly time: number; readonly bytes: Uint8Array }[] = [];
  let open = true;
  const requireOpen = (): void => {
    if (!open) throw new VlaError('io', `${name}: expected an open serial line, got one that was cut or closed.`);
  };
  const arrived = (): Uint8Array => {
    const bytes: number[] = [];
    while (coming.length > 0 && coming[0]!.time <= clock.now()) bytes.push(...coming.shift()!.bytes);
    return Uint8Array.from(bytes);
  };
  return {
    name,
    cut: () => void (open = false),
    async write(bytes) {
      requireOpen();
      const now = clock.now();
      for (const answer of servos.receive(bytes, now)) coming.push({ time: now + answer.delay, bytes: answer.bytes });
    },
    async read(waitMs) {
      const end = clock.now() + waitMs / 1000;
      for (;;) {
        requireOpen();
        const bytes = arrived();
        if (bytes.length > 0 || clock.now() >= end) return bytes;
        await clock.sleepUntil(Math.min(end, coming[0]?.time ?? end));
      }
    },
    async close() {
      open = false;
    },
  };
}
