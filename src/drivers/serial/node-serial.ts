/** @file Serial lines in Node, by the optional package `serialport`, which brings its binaries along. Node only. */

import fs from 'node:fs';
import type * as Package from 'serialport';
import { VlaError } from '../../base/errors.ts';
import { loadOptional } from '../../base/optional.ts';
import { Inbox, type SerialPort } from './serial-port.ts';

/** A serial device of this machine. */
export interface SerialDevice {
  /** What to open, for example `/dev/ttyACM0` or `COM3`. */
  readonly path: string;
  /** What the system knows of the adapter behind it; empty when it knows nothing. */
  readonly description: string;
}

const library = (): Promise<typeof Package> =>
  loadOptional('serialport', 'A robot on a serial line', () => import('serialport'));

/** What Linux calls adapters on USB, and the pins of small boards. */
const DEVICES = /^tty(ACM|USB|AMA)\d+$/;

/** The serial devices of this machine. */
export async function listSerialDevices(): Promise<SerialDevice[]> {
  const { SerialPort: Port } = await library();
  let found: Awaited<ReturnType<typeof Port.list>>;
  try {
    found = await Port.list();
  } catch (cause) {
    // On Linux the list is udevadm's, which containers lack.
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    const names = fs.readdirSync('/dev').filter((name) => DEVICES.test(name));
    return names.sort().map((name) => ({ path: `/dev/${name}`, description: '' }));
  }
  return found.map(({ path, manufacturer, serialNumber, vendorId, productId }) => ({
    path,
    description: [
      manufacturer,
      vendorId === undefined ? undefined : `${vendorId}:${productId ?? '?'}`,
      serialNumber === undefined ? undefined : `serial number ${serialNumber}`,
    ]
      .filter((part) => part !== undefined)
      .join(', '),
  }));
}

/** Opens a device, 8 data bits, no parity, one stop bit; nobody else may have it open. Rejects with `io`. */
export async function openSerialPort(path: string, baudRate = 1_000_000): Promise<SerialPort> {
  const { SerialPort: Port } = await library();
  const port = new Port({ path, baudRate, autoOpen: false, lock: true });
  await settled(path, 'open', (done) => port.open(done));
  const inbox = new Inbox(path);
  let closing = false;
  port.on('data', (bytes: Uint8Array) => inbox.push(bytes));
  port.on('error', (error) => inbox.fail(error));
  port.on('close', (error?: Error | null) => inbox.fail(closing ? 'it was closed' : (error ?? 'the device went')));
  return {
    name: path,
    async write(bytes) {
      inbox.requireOpen();
      await settled(path, 'write to', (done) => port.write(bytes, done));
    },
    read: (waitMs) => inbox.read(waitMs),
    async close() {
      if (closing) return;
      closing = true;
      if (port.isOpen) await settled(path, 'close', (done) => port.close(done));
    },
  };
}

function settled(path: string, what: string, start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === undefined || error === null) return resolve();
      reject(
        new VlaError('io', `${path}: cannot ${what} it: ${error.message}.`, {
          cause: error,
          hint: 'vlakit robot ports lists the devices. On Linux your user must be in the group of the device (often dialout).',
        }),
      );
    });
  });
}
