/** @file The driver over real lines: `serialport` on a pseudo-terminal, and the streams of Web Serial. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { pseudoTerminalMissing, withDevice } from '../../../tests/pseudo-terminal.ts';
import { machineSeconds, webSerialDevice } from '../../../tests/web-serial-device.ts';
import type { VlaError } from '../../base/errors.ts';
import type { Measurement } from '../../interfaces/robot.ts';
import { FeetechBus } from '../feetech/bus.ts';
import type { SimulatedServos } from '../feetech/simulated-servos.ts';
import { SIMULATED_CALIBRATION, simulatedArm } from '../so-101/simulated-arm.ts';
import { createSo101 } from '../so-101/so-101.ts';
import { openSerialPort } from './node-serial.ts';
import type { SerialPort } from './serial-port.ts';
import { openWebSerial } from './web-serial.ts';

/** The machine may be busy: an answer may take long here. */
const PATIENT = { timeoutMs: 2000, tries: 3 };
const answers = (servos: SimulatedServos, bytes: Uint8Array): Uint8Array[] =>
  servos.receive(bytes, machineSeconds()).map((answer) => answer.bytes);

/** Drives the arm over a port of the machine, end to end. */
async function driveArm(servos: SimulatedServos, openPort: () => Promise<SerialPort>): Promise<void> {
  const robot = createSo101({ calibration: SIMULATED_CALIBRATION, openPort, bus: PATIENT });
  const heard: Measurement[] = [];
  let reached: () => void = () => undefined;
  const there = new Promise<void>((resolve) => (reached = resolve));
  const wanted = [5, -5, 5, 5, 5, 20];
  await robot.connect((measurement) => {
    heard.push(measurement);
    const state = measurement.value as Float32Array;
    if (wanted.every((value, i) => Math.abs(value - state[i]!) < 0.2)) reached();
  });
  await robot.actuate(Float32Array.from(wanted));
  await there;
  await robot.close();
  assert.ok(heard.length > 1);
  assert.ok(servos.servos.every((servo) => servo.get('torqueEnable') === 1));
}

test('serialport: the arm is driven over a pseudo-terminal', { skip: pseudoTerminalMissing }, async () => {
  const servos = simulatedArm();
  await withDevice(
    (bytes) => answers(servos, bytes),
    (path) => driveArm(servos, () => openSerialPort(path, 115_200)),
  );
});

test('serialport: noise on the line is survived', { skip: pseudoTerminalMissing }, async () => {
  const servos = simulatedArm({ faults: { noise: 0.3 } });
  await withDevice(
    (bytes) => answers(servos, bytes),
    async (path) => {
      const bus = new FeetechBus(await openSerialPort(path, 115_200), PATIENT);
      for (let i = 0; i < 20; i++) {
        assert.deepEqual(await bus.syncRead([1, 2, 3, 4, 5, 6], 'presentPosition'), Array(6).fill(2047));
      }
      assert.ok(bus.counters.noise > 0);
      await bus.close();
      await assert.rejects(bus.ping(1), { code: 'io' });
    },
  );
});

test('serialport: a device that is not there is said so', async (t) => {
  const error = await openSerialPort('/dev/no-such-device').catch((error: VlaError) => error as VlaError & SerialPort);
  if ((error as VlaError).code === 'missing-package') return t.skip('serialport is not installed');
  assert.equal((error as VlaError).code, 'io');
  assert.match((error as VlaError).message, /no-such-device: cannot open it/);
});

test('Web Serial: the arm is driven by the same driver', async () => {
  const servos = simulatedArm();
  await driveArm(servos, () => openWebSerial(webSerialDevice(servos)));
});

test('Web Serial: a framing error is survived, an unplugged device is not', async () => {
  const device = webSerialDevice(simulatedArm());
  const bus = new FeetechBus(await openWebSerial(device), PATIENT);
  assert.equal(await bus.read(1, 'model'), 777);
  device.fail();
  assert.equal(await bus.read(2, 'model'), 777);
  device.unplug();
  await assert.rejects(bus.read(3, 'model'), { code: 'io' });
});
