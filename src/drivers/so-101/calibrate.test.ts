/** @file Calibrating a simulated arm that is moved by hand: found again, taken up again, and refused where it must be. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { inSimulatedTime } from '../../../tests/simulated-time.ts';
import { SimulatedClock } from '../../base/clock.ts';
import type { VlaError } from '../../base/errors.ts';
import { FeetechBus } from '../feetech/bus.ts';
import { openSimulatedPort } from '../feetech/simulated-port.ts';
import type { SimulatedServos } from '../feetech/simulated-servos.ts';
import { RangeWatch, calibrationFrom, homeArm, keepCalibration, resumeCalibration } from './calibrate.ts';
import { checkCalibration } from './configure.ts';
import { SIMULATED_CALIBRATION, handReach, simulatedArm } from './simulated-arm.ts';

interface Bench {
  readonly servos: SimulatedServos;
  readonly bus: FeetechBus;
  run<T>(work: Promise<T>): Promise<T>;
}

function bench(): Bench {
  const clock = new SimulatedClock();
  const servos = simulatedArm({ calibrated: false });
  // As it comes out of the box: it holds, and counts turns.
  for (const servo of servos.servos) {
    servo.set('torqueEnable', 1);
    servo.set('phase', 0x1c);
  }
  const bus = new FeetechBus(openSimulatedPort(servos, clock), { clock });
  return { servos, bus, run: (work) => inSimulatedTime(clock, work) };
}

/** Moves joints by hand from where they are to both ends, looking on the way. */
async function moveByHand({ servos, run }: Bench, watch: RangeWatch, joints: readonly number[]): Promise<void> {
  for (const joint of joints) {
    const servo = servos.servos[joint]!;
    for (const end of [...handReach(joint), servo.shaft]) {
      const from = servo.shaft;
      for (let part = 1; part <= 6; part++) {
        servo.shaft = from + ((end - from) * part) / 6;
        await run(watch.look());
      }
    }
  }
}

const failure = (work: Promise<unknown>): Promise<VlaError> =>
  work.then(
    () => assert.fail('expected a failure'),
    (error: VlaError) => error,
  );

test('a calibration finds the arm’s ranges, and the servos keep it without power', async () => {
  const made = bench();
  const { servos, bus, run } = made;
  const progress = await run(homeArm(bus));
  assert.ok(
    servos.servos.every((servo) => servo.get('torqueEnable') === 0),
    'it must be limp',
  );
  const watch = new RangeWatch(bus, progress);
  await moveByHand(made, watch, [0, 1, 2, 3, 5]);
  const calibration = calibrationFrom((await run(watch.look())).progress);
  assert.deepEqual(calibration, SIMULATED_CALIBRATION);
  await run(keepCalibration(bus, calibration));
  for (const servo of servos.servos) servo.powerCycle();
  await run(checkCalibration(bus, calibration));
  assert.equal(servos.servos[0]!.get('phase'), 0x0c);
  assert.equal(servos.servos[5]!.get('torqueLimit'), 500);
});

test('an interrupted calibration is taken up again', async () => {
  const made = bench();
  const first = new RangeWatch(made.bus, await made.run(homeArm(made.bus)));
  await moveByHand(made, first, [0, 1, 2]);
  const kept = JSON.parse(JSON.stringify((await made.run(first.look())).progress)) as Parameters<
    typeof resumeCalibration
  >[1];
  const second = new RangeWatch(made.bus, await made.run(resumeCalibration(made.bus, kept)));
  await moveByHand(made, second, [3, 5]);
  assert.deepEqual(calibrationFrom((await made.run(second.look())).progress), SIMULATED_CALIBRATION);
  await made.run(homeArm(made.bus));
  made.servos.servos[4]!.shaft += 60;
  await made.run(homeArm(made.bus));
  const error = await made.run(failure(resumeCalibration(made.bus, kept)));
  assert.equal(error.code, 'mismatch');
  assert.match(error.message, /wrist_roll/);
});

test('joints that were not moved are named', async () => {
  const made = bench();
  const watch = new RangeWatch(made.bus, await made.run(homeArm(made.bus)));
  await moveByHand(made, watch, [0, 1, 5]);
  const { progress } = await made.run(watch.look());
  assert.throws(
    () => calibrationFrom(progress),
    /elbow_flex: expected a range of at least.*wrist_flex: expected a range/,
  );
});

test('a joint that goes over its encoder’s end is refused at once', async () => {
  const made = bench();
  // Homed at one end of its motion instead of the middle.
  made.servos.servos[1]!.shaft = handReach(1)[0];
  const watch = new RangeWatch(made.bus, await made.run(homeArm(made.bus)));
  const error = await made.run(failure(moveByHand(made, watch, [1])));
  assert.equal(error.code, 'bad-data');
  assert.match(error.message, /shoulder_lift: went over the end of the encoder/);
});
