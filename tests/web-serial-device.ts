/** @file A device as Web Serial hands it out, with servos that exist only in numbers behind it; in Node and in browsers. */

import type { SimulatedServos } from '../src/drivers/feetech/simulated-servos.ts';
import type { WebSerialDevice } from '../src/drivers/serial/web-serial.ts';

/** The device, which can break. */
export interface SimulatedDevice extends WebSerialDevice {
  /** Breaks its stream as a framing error does: it offers a new one. */
  fail(): void;
  unplug(): void;
}

/** The seconds of the machine's clock. */
export const machineSeconds = (): number => performance.now() / 1000;

/** A device with these servos, in real time. */
export function webSerialDevice(servos: SimulatedServos): SimulatedDevice {
  let source: ReadableStreamDefaultController<Uint8Array>;
  let [readable, writable]: [ReadableStream<Uint8Array> | null, WritableStream<Uint8Array> | null] = [null, null];
  const read = (): ReadableStream<Uint8Array> =>
    new ReadableStream<Uint8Array>({ start: (controller) => void (source = controller) });
  return {
    get readable() {
      return readable;
    },
    get writable() {
      return writable;
    },
    async open() {
      readable = read();
      writable = new WritableStream({
        write: (bytes) => servos.receive(bytes, machineSeconds()).forEach((answer) => source.enqueue(answer.bytes)),
      });
    },
    async close() {
      [readable, writable] = [null, null];
    },
    fail() {
      const broken = source;
      readable = read();
      broken.error(new Error('framing error'));
    },
    unplug() {
      readable = null;
      source.error(new Error('the device has been lost'));
    },
  };
}
