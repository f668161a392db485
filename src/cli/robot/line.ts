/** @file The line that a robot command talks over: a serial device, or an arm that exists only in numbers. */

import { InvalidArgumentError, type Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { FeetechBus } from '../../drivers/feetech/bus.ts';
import { openSimulatedPort } from '../../drivers/feetech/simulated-port.ts';
import type { SimulatedServos } from '../../drivers/feetech/simulated-servos.ts';
import { openSerialPort } from '../../drivers/serial/node-serial.ts';
import { handReach, simulatedArm } from '../../drivers/so-101/simulated-arm.ts';

/** Instead of a device: servos that exist only in numbers. */
export const SIMULATED = 'simulated';

/** The options of `lineOptions`. */
export interface LineOptions {
  readonly port: string;
  readonly timeout: number;
}

/** Adds the options that every command with servos has. */
export function lineOptions(command: Command): Command {
  return command
    .requiredOption(
      '--port <device>',
      `the serial device (vlakit robot ports), or "${SIMULATED}" for an arm of numbers`,
    )
    .option('--timeout <ms>', 'how long a servo may take to answer', milliseconds, 30);
}

/** Runs `work` with the servos, and closes the line behind it. */
export async function withBus<T>(
  { port, timeout }: LineOptions,
  work: (bus: FeetechBus) => Promise<T>,
  simulated: () => SimulatedServos = simulatedArm,
): Promise<T> {
  const line = port === SIMULATED ? openSimulatedPort(simulated(), systemClock) : await openSerialPort(port);
  const bus = new FeetechBus(line, { timeoutMs: timeout });
  try {
    return await work(bus);
  } finally {
    await bus.close();
  }
}

/** Milliseconds between the hand's moves, and the part of its way there and back that each is. */
const HAND_MS = 10;
const HAND_STEP = 0.005;

/** A new simulated arm that a hand moves through all its ranges, again and again, once `begin` is called. */
export function handledArm(): { readonly servos: SimulatedServos; begin(): void; end(): void } {
  const servos = simulatedArm({ calibrated: false });
  let timer: NodeJS.Timeout | undefined;
  return {
    servos,
    begin() {
      let way = 0;
      const middle = servos.servos.map(({ shaft }) => shaft);
      timer = setInterval(() => {
        const wave = Math.sin(2 * Math.PI * (way += HAND_STEP));
        for (const [i, servo] of servos.servos.entries()) {
          const [low, high] = handReach(i);
          const end = wave > 0 ? high : low;
          // The hand pushes against the ends.
          servo.shaft = middle[i]! + (end - middle[i]!) * Math.min(1, 1.2 * Math.abs(wave));
        }
      }, HAND_MS);
    },
    end: () => clearInterval(timer),
  };
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (value >= 1 && value <= 10_000) return value;
  throw new InvalidArgumentError(`Expected 1 to 10000, got "${text}".`);
}
