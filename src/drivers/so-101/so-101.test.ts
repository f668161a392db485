/** @file The arm as a Robot, on simulated servos in simulated time. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { inSimulatedTime } from '../../../tests/simulated-time.ts';
import { SimulatedClock } from '../../base/clock.ts';
import type { VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type { Measurement, Robot } from '../../interfaces/robot.ts';
import type { Camera } from '../cameras/camera.ts';
import { openSimulatedPort, type SimulatedPort } from '../feetech/simulated-port.ts';
import type { LineFaults, SimulatedServos } from '../feetech/simulated-servos.ts';
import { SIMULATED_CALIBRATION, simulatedArm } from './simulated-arm.ts';
import { createSo101, type So101Options } from './so-101.ts';

interface Arm {
  readonly robot: Robot;
  readonly servos: SimulatedServos;
  readonly clock: SimulatedClock;
  readonly heard: Measurement[];
  port(): SimulatedPort;
  run<T>(work: Promise<T>): Promise<T>;
}

function arm(options: Partial<So101Options> = {}, faults: LineFaults = {}, seed = 1): Arm {
  const clock = new SimulatedClock();
  const servos = simulatedArm({ faults, seed });
  let port: SimulatedPort;
  const robot = createSo101({
    calibration: SIMULATED_CALIBRATION,
    openPort: async () => (port = openSimulatedPort(servos, clock)),
    clock,
    ...options,
  });
  return { robot, servos, clock, heard: [], port: () => port, run: (work) => inSimulatedTime(clock, work) };
}

async function connected(...given: Parameters<typeof arm>): Promise<Arm> {
  const made = arm(...given);
  await made.run(made.robot.connect((measurement) => made.heard.push(measurement)));
  return made;
}

const failure = (work: Promise<unknown>): Promise<VlaError> =>
  work.then(
    () => assert.fail('expected a failure'),
    (error: VlaError) => error,
  );
const shafts = ({ servos }: Arm): number[] => servos.servos.map(({ shaft }) => shaft);
const state = ({ heard }: Arm): number[] => [...(heard.at(-1)!.value as Float32Array)];

test('connecting moves nothing and holds; then the joints are measured at the control rate', async () => {
  const made = arm();
  const before = shafts(made);
  // Where it lies is not where the goals are.
  for (const servo of made.servos.servos) servo.set('goalPosition', 3000);
  await made.run(made.robot.connect((measurement) => made.heard.push(measurement)));
  const start = made.clock.now();
  await made.clock.advance(start + 2);
  assert.deepEqual(shafts(made), before);
  assert.ok(made.servos.servos.every((servo) => servo.get('torqueEnable') === 1));
  assert.deepEqual(
    made.servos.servos.map((servo) => servo.get('torqueLimit')),
    [1000, 1000, 1000, 1000, 1000, 500],
  );
  assert.ok(made.heard.length >= 59 && made.heard.length <= 63, `${made.heard.length} measurements in 2 s`);
  assert.deepEqual(made.heard[0]!.sensor, 'state');
  assert.ok(made.heard.every(({ time }, i) => i === 0 || time > made.heard[i - 1]!.time));
  await made.run(made.robot.close());
  assert.ok(
    made.servos.servos.every((servo) => servo.get('torqueEnable') === 1),
    'it would fall',
  );
});

test('goals are reached in the joints’ numbers, in degrees and in percent', async () => {
  for (const unit of ['degrees', 'percent'] as const) {
    const made = await connected({ unit });
    const wanted = [20, -30.5, 11, 40, -60, 75];
    await made.run(made.robot.actuate(Float32Array.from(wanted)));
    await made.clock.advance(made.clock.now() + 2);
    for (const [i, value] of state(made).entries()) {
      // A tick is 0.09 degrees, and at most 0.17 percent of these ranges.
      assert.ok(Math.abs(value - wanted[i]!) < 0.18, `${unit} ${i}: ${value}, expected ${wanted[i]}`);
    }
    await made.run(made.robot.close());
  }
});

test('no action ever puts a goal outside the calibrated ranges', async () => {
  const made = await connected();
  const random = new Random(5);
  for (let i = 0; i < 60; i++) {
    const action = Float32Array.from({ length: 6 }, () => random.normal() * 10 ** (1 + random.integer(6)));
    await made.run(made.robot.actuate(action));
    for (const [j, servo] of made.servos.servos.entries()) {
      const { range_min, range_max } = Object.values(SIMULATED_CALIBRATION)[j]!;
      const goal = servo.get('goalPosition');
      assert.ok(goal >= range_min && goal <= range_max, `${goal}`);
    }
  }
  const goals = made.servos.servos.map((servo) => servo.get('goalPosition'));
  for (const bad of [NaN, Infinity, -Infinity]) {
    const action = new Float32Array(6);
    action[3] = bad;
    const error = await made.run(failure(made.robot.actuate(action)));
    assert.equal(error.code, 'not-finite');
    assert.match(error.message, /wrist_flex/);
  }
  assert.equal((await made.run(failure(made.robot.actuate(new Float32Array(5))))).code, 'bad-shape');
  assert.deepEqual(
    made.servos.servos.map((servo) => servo.get('goalPosition')),
    goals,
  );
  await made.run(made.robot.close());
});

test('a stop in the middle of a motion holds where it is then', async () => {
  const made = await connected();
  await made.run(made.robot.actuate(Float32Array.of(100, 0, 0, 0, 0, 0)));
  await made.clock.advance(made.clock.now() + 0.1);
  await made.run(made.robot.stop());
  const [at] = state(made);
  await made.clock.advance(made.clock.now() + 2);
  const [later] = state(made);
  assert.ok(later! < 60 && Math.abs(later! - at!) < 15, `stopped at ${at}, then ${later}`);
  assert.equal(made.servos.servos[0]!.get('torqueEnable'), 1);
  await made.run(made.robot.close());
});

test('another arm’s calibration, a missing servo and another model are refused before there is torque', async () => {
  const other = arm();
  other.servos.servos[2]!.set('homingOffset', 5);
  const mismatch = await other.run(failure(other.robot.connect(() => undefined)));
  assert.equal(mismatch.code, 'mismatch');
  assert.match(mismatch.message, /elbow_flex homingOffset: expected -217, got 5/);
  const missing = arm();
  missing.servos.servos[5]!.missing = true;
  assert.match(
    (await missing.run(failure(missing.robot.connect(() => undefined)))).message,
    /gripper: expected a servo/,
  );
  const model = arm();
  model.servos.servos[0]!.set('model', 2825);
  assert.equal((await model.run(failure(model.robot.connect(() => undefined)))).code, 'mismatch');
  for (const { servos } of [other, missing, model]) {
    assert.ok(servos.servos.every((servo) => servo.get('torqueEnable') === 0));
  }
  assert.throws(() => arm({ torque: 1.5 }), /torque: expected 0.05 to 1/);
});

test('a bad line costs nothing; a line that is cut is down for good', async () => {
  const made = await connected({ bus: { tries: 6 } }, { noise: 0.2, loss: 0.02, flip: 0.02 }, 7);
  const wanted = Float32Array.of(10, 20, -20, 5, 0, 50);
  await made.run(made.robot.actuate(wanted));
  await made.clock.advance(made.clock.now() + 3);
  for (const [i, value] of state(made).entries()) assert.ok(Math.abs(value - wanted[i]!) < 0.2);
  made.port().cut();
  await made.clock.advance(made.clock.now() + 0.2);
  const count = made.heard.length;
  for (const call of [() => made.robot.actuate(wanted), () => made.robot.stop()]) {
    assert.equal((await made.run(failure(call()))).code, 'io');
  }
  await made.clock.advance(made.clock.now() + 1);
  assert.equal(made.heard.length, count, 'nothing is heard of a link that is down');
});

test('an overloaded joint ends the run, but can still be stopped', async () => {
  const made = await connected();
  made.servos.servos[1]!.error = 0x20;
  await made.clock.advance(made.clock.now() + 0.1);
  const error = await made.run(failure(made.robot.actuate(new Float32Array(6))));
  assert.equal(error.code, 'io');
  assert.match(error.message, /shoulder_lift raises an alarm: overload/);
  await made.run(made.robot.stop());
  await made.run(made.robot.close());
});

test('cameras are heard beside the joints; one that fails ends the run, one that cannot be opened the connecting', async () => {
  const image = { width: 2, height: 1, data: new Uint8Array(6) };
  let fail: (error: Error) => void = () => undefined;
  const camera: Camera = {
    name: 'front',
    width: 2,
    height: 1,
    async open(hear, failed) {
      fail = failed;
      hear(image, 0.5);
    },
    close: async () => undefined,
  };
  const made = await connected({ cameras: [camera] });
  assert.deepEqual(made.robot.embodiment.cameras, [{ name: 'front', width: 2, height: 1 }]);
  assert.deepEqual(
    made.heard.find(({ sensor }) => sensor === 'front'),
    { sensor: 'front', time: 0.5, value: image },
  );
  fail(new Error('unplugged'));
  assert.match((await made.run(failure(made.robot.actuate(new Float32Array(6))))).message, /link is down: unplugged/);
  await made.run(made.robot.close());
  const broken = arm({ cameras: [{ ...camera, open: () => Promise.reject(new Error('no such camera')) }] });
  const error = await broken.run(failure(broken.robot.connect(() => undefined)));
  assert.equal(error.message, 'no such camera');
  assert.equal((await broken.run(failure(broken.robot.actuate(new Float32Array(6))))).code, 'io');
});

test('it is limp at the end where that is asked for', async () => {
  const made = await connected({ limpAtEnd: true });
  await made.run(made.robot.close());
  assert.ok(made.servos.servos.every((servo) => servo.get('torqueEnable') === 0));
  assert.equal((await made.run(failure(made.robot.actuate(new Float32Array(6))))).code, 'io');
});

test('the embodiment says what the numbers mean', () => {
  const { embodiment } = arm({ unit: 'percent' }).robot;
  assert.equal(embodiment.holdAction, null);
  assert.deepEqual(embodiment.action.names.slice(0, 2), ['shoulder_pan.pos', 'shoulder_lift.pos']);
  assert.deepEqual(embodiment.action.convention, {
    rotation: 'none',
    frame: 'joint',
    gripper: 'close-zero-open-hundred',
    reference: 'absolute',
    unit: 'percent',
  });
  assert.deepEqual([embodiment.action.low![0], embodiment.action.high![0]], [-100, 100]);
  const degrees = arm().robot.embodiment.action;
  assert.ok(Math.abs(degrees.high![0]! - (1355 * 360) / 4095) < 1e-9, `${degrees.high![0]}`);
});
