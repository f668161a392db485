/** @file A bus of simulated servos: exchanges, time limits, noise, losses, a servo that is missing, a line that is cut. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { inSimulatedTime } from '../../../tests/simulated-time.ts';
import { SimulatedClock } from '../../base/clock.ts';
import type { VlaError } from '../../base/errors.ts';
import { FeetechBus, type BusOptions } from './bus.ts';
import { openSimulatedPort, type SimulatedPort } from './simulated-port.ts';
import { SimulatedServos, type LineFaults } from './simulated-servos.ts';

const SHAFTS = [100, 700, 1300, 1900, 2500, 3100];
const IDS = [1, 2, 3, 4, 5, 6];

interface Line {
  readonly servos: SimulatedServos;
  readonly port: SimulatedPort;
  readonly bus: FeetechBus;
  readonly clock: SimulatedClock;
  /** Awaits in simulated time. */
  run<T>(work: Promise<T>): Promise<T>;
}

function line(faults: LineFaults = {}, options: BusOptions = {}, seed = 1): Line {
  const clock = new SimulatedClock();
  const servos = new SimulatedServos(SHAFTS, faults, seed);
  const port = openSimulatedPort(servos, clock);
  const bus = new FeetechBus(port, { clock, ...options });
  return { servos, port, bus, clock, run: (work) => inSimulatedTime(clock, work) };
}

const failure = (work: Promise<unknown>): Promise<VlaError> =>
  work.then(
    () => assert.fail('expected a failure'),
    (error: VlaError) => error,
  );

test('values are read and written, one by one and together', async () => {
  const { bus, run } = line();
  assert.deepEqual(await run(bus.scan()), IDS);
  assert.equal(await run(bus.read(3, 'model')), 777);
  assert.deepEqual(await run(bus.syncRead([6, 1, 4], 'presentPosition')), [3100, 100, 1900]);
  await run(bus.writeChecked(2, 'lock', 0));
  await run(bus.writeChecked(2, 'homingOffset', -300));
  assert.equal(await run(bus.read(2, 'presentPosition')), 1000);
  await run(bus.syncWrite(IDS, 'goalPosition', [1, 2, 3, 4, 5, 6]));
  assert.deepEqual(await run(bus.syncRead(IDS, 'goalPosition')), [1, 2, 3, 4, 5, 6]);
  assert.equal(bus.counters.failedTries, 0);
  assert.equal(bus.counters.noise, 0);
});

test('positions move towards the goal no faster than the servo can, and only with torque', async () => {
  const { bus, clock, run } = line();
  await run(bus.syncWrite([1], 'goalPosition', [2100]));
  await clock.advance(1);
  assert.equal(await run(bus.read(1, 'presentPosition')), 100);
  await run(bus.write(1, 'goalVelocity', 1000));
  await run(bus.write(1, 'torqueEnable', 1));
  const start = clock.now();
  await clock.advance(start + 1);
  const there = await run(bus.read(1, 'presentPosition'));
  assert.ok(Math.abs(there - 1100) < 20, `${there}`);
  await clock.advance(start + 3);
  assert.equal(await run(bus.read(1, 'presentPosition')), 2100);
});

test('exchanges that start at the same time wait for each other', async () => {
  const { bus, run } = line();
  const answers = await run(Promise.all(IDS.map((id) => bus.read(id, 'presentPosition'))));
  assert.deepEqual(answers, SHAFTS);
});

test('on a bad line, wrong numbers are never read: right ones after new tries, or an error', async () => {
  let [failures, tries] = [0, 0];
  for (let seed = 1; seed <= 12; seed++) {
    const { bus, run } = line({ noise: 0.3, loss: 0.05, flip: 0.05 }, { tries: 4 }, seed);
    for (let i = 0; i < 10; i++) {
      const got = await run(bus.syncRead(IDS, 'presentPosition').catch((error: VlaError) => error.code));
      if (got === 'io') failures++;
      else assert.deepEqual(got, SHAFTS, `seed ${seed}`);
    }
    tries += bus.counters.failedTries;
  }
  assert.ok(tries > 30, `${tries} failed tries: the line was not bad`);
  assert.ok(failures <= 1, `${failures} of 120 reads were given up`);
});

test('a servo that is missing is named, and the others are heard', async () => {
  const { servos, bus, clock, run } = line();
  servos.servos[3]!.missing = true;
  assert.deepEqual(await run(bus.scan()), [1, 2, 3, 5, 6]);
  assert.equal(await run(bus.ping(4)), false);
  assert.equal(await run(bus.ping(5)), true);
  const before = clock.now();
  const error = await run(failure(bus.syncRead(IDS, 'presentPosition')));
  assert.equal(error.code, 'io');
  assert.match(error.message, /got none of 4 in 3 tries/);
  assert.ok(clock.now() - before < 0.15, 'it took longer than three time limits');
  assert.deepEqual(await run(bus.syncRead([1, 6], 'presentPosition')), [100, 3100]);
});

test('an answer that comes too late is not taken for the next one', async () => {
  const { servos, bus, run } = line({}, { timeoutMs: 0.3, tries: 1 });
  // 500 µs until the answer begins.
  servos.servos[0]!.set('returnDelay', 250);
  servos.servos[1]!.set('returnDelay', 0);
  assert.equal((await run(failure(bus.read(1, 'presentPosition')))).code, 'io');
  assert.equal(await run(bus.read(2, 'presentPosition')), 700);
});

test('a line that is cut rejects with io, at once', async () => {
  const { port, bus, run } = line();
  await run(bus.ping(1));
  port.cut();
  for (const work of [() => bus.read(1, 'model'), () => bus.syncWrite([1], 'goalPosition', [1]), () => bus.ping(1)]) {
    assert.equal((await run(failure(work()))).code, 'io');
  }
});

test('a write that does not stay is found out', async () => {
  const { servos, bus, run } = line();
  await run(bus.write(1, 'homingOffset', 20));
  servos.servos[0]!.powerCycle();
  assert.equal(await run(bus.read(1, 'homingOffset')), 0, 'locked memory is lost without power');
  await run(bus.write(1, 'lock', 0));
  await run(bus.write(1, 'homingOffset', 20));
  servos.servos[0]!.powerCycle();
  assert.equal(await run(bus.read(1, 'homingOffset')), 20);
});

test('alarms of the last answer are kept', async () => {
  const { servos, bus, run } = line();
  servos.servos[4]!.error = 0x20;
  await run(bus.syncRead(IDS, 'presentPosition'));
  assert.equal(bus.alarms.get(5), 0x20);
  assert.equal(bus.alarms.get(4), 0);
});
