/** @file Serial lines in a browser, by the Web Serial API (https://wicg.github.io/serial): Chromium on a desktop. */

import { VlaError } from '../../base/errors.ts';
import { Inbox, type SerialPort } from './serial-port.ts';

/** What is used of a Web Serial port; a `SerialPort` of the browser is one. */
export interface WebSerialDevice {
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  open(options: { readonly baudRate: number }): Promise<void>;
  close(): Promise<void>;
}

/** Asks the user for a device; only in answer to a click. Rejects with `unsupported` where the browser has no Web Serial. */
export async function requestWebSerialDevice(): Promise<WebSerialDevice> {
  const { serial } = navigator as { serial?: { requestPort(): Promise<WebSerialDevice> } };
  if (serial === undefined) {
    throw new VlaError('unsupported', 'expected a browser with Web Serial, got one without.', {
      hint: 'Use Chrome or Edge on a desktop, on a page from https or localhost.',
    });
  }
  return serial.requestPort();
}

/** Opens a device of the browser. Rejects with `io`. */
export async function openWebSerial(
  device: WebSerialDevice,
  { baudRate = 1_000_000, name = 'serial device' }: { readonly baudRate?: number; readonly name?: string } = {},
): Promise<SerialPort> {
  const inbox = new Inbox(name);
  try {
    await device.open({ baudRate });
  } catch (cause) {
    throw new VlaError('io', `${name}: cannot open it: ${(cause as Error).message}.`, {
      cause,
      hint: 'Another page or program may have it open.',
    });
  }
  const writer = device.writable!.getWriter();
  const reading = readAll(device, inbox);
  return {
    name,
    async write(bytes) {
      inbox.requireOpen();
      try {
        await writer.write(bytes);
      } catch (cause) {
        inbox.fail(cause);
        inbox.requireOpen();
      }
    },
    read: (waitMs) => inbox.read(waitMs),
    async close() {
      inbox.fail('it was closed');
      await reading.cancel();
      writer.releaseLock();
      await device.close();
    },
  };
}

/** Reads until the device goes. A framing error ends a stream, and the device offers a new one; then reading goes on. */
function readAll(device: WebSerialDevice, inbox: Inbox): { cancel(): Promise<void> } {
  let reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  const state = { closing: false };
  const run = async (): Promise<void> => {
    while (device.readable !== null && !state.closing) {
      reader = device.readable.getReader();
      try {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) {
            inbox.fail('the device went');
            return;
          }
          inbox.push(value);
        }
      } catch (cause) {
        if (device.readable === null) inbox.fail(cause);
      } finally {
        reader.releaseLock();
      }
    }
    inbox.fail('the device went');
  };
  const running = run();
  return {
    async cancel() {
      state.closing = true;
      await reader?.cancel().catch(() => undefined);
      await running;
    },
  };
}
