/**
 * @file An SO-100 or SO-101 arm as a Robot, in Node and in browsers. It refuses servos that do not hold the given calibration, holds where it
 * is when it is connected, and takes goals inside the calibrated ranges only. A link that was lost stays lost until it is connected anew.
 */

import { systemClock, type Clock } from '../../base/clock.ts';
import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Measurement, Robot } from '../../interfaces/robot.ts';
import type { Camera } from '../cameras/camera.ts';
import { FeetechBus, type BusOptions } from '../feetech/bus.ts';
import { alarmsOf } from '../feetech/packet.ts';
import type { SerialPort } from '../serial/serial-port.ts';
import { jointLimits, jointTicks, jointValue, type ArmCalibration } from './calibration.ts';
import { checkCalibration, checkServos } from './configure.ts';
import { IDS, JOINTS, so101Embodiment, type JointUnit } from './joints.ts';

/** How an arm is opened. */
export interface So101Options {
  readonly calibration: ArmCalibration;
  /** Opens the line; called by `connect`. */
  openPort(): Promise<SerialPort>;
  /** What its numbers mean; default degrees, as in LeRobot. */
  readonly unit?: JointUnit;
  readonly cameras?: readonly Camera[];
  /** Control rate, hertz; default 30, as LeRobot records. The joints are measured as often. */
  readonly controlHz?: number;
  /** Most torque, 0.05 to 1 of what a servo has: of the joints, and of the gripper; default 1 and 0.5. */
  readonly torque?: number;
  readonly gripperTorque?: number;
  /** Whether the motors are limp after `close`; default false: a lifted arm would fall. */
  readonly limpAtEnd?: boolean;
  readonly clock?: Clock;
  readonly bus?: Pick<BusOptions, 'timeoutMs' | 'tries'>;
}

/** Acceleration, units of 100 ticks/s²: the servo's own ramps out of the way, as in LeRobot. */
const ACCELERATION = 254;
const LEAST_TORQUE = 0.05;
/** Alarms that end the run: the servo protects itself from then on, or does not know where it is. */
const FATAL = new Set(['position sensor', 'temperature', 'current', 'overload']);

/** The arm; nothing is opened before `connect`. */
export function createSo101(options: So101Options): Robot {
  return new So101(options);
}

class So101 implements Robot {
  readonly name = 'so101';
  readonly embodiment: Embodiment;
  private readonly options: So101Options;
  private readonly unit: JointUnit;
  private readonly clock: Clock;
  private readonly torqueLimits: readonly number[];
  private bus: FeetechBus | null = null;
  private measuring: Promise<void> = Promise.resolve();
  private ended = new AbortController();
  private failure: Error | null = null;
  /** Where it was told to be, ticks. */
  private goals: readonly number[] = [];

  constructor(options: So101Options) {
    const { calibration, unit = 'degrees', cameras = [], controlHz = 30, torque = 1, gripperTorque = 0.5 } = options;
    [this.options, this.unit, this.clock] = [options, unit, options.clock ?? systemClock];
    for (const [name, value] of Object.entries({ torque, gripperTorque })) {
      if (value >= LEAST_TORQUE && value <= 1) continue;
      throw new VlaError('bad-argument', `so101: ${name}: expected ${LEAST_TORQUE} to 1, got ${value}.`);
    }
    this.torqueLimits = JOINTS.map((name) => Math.round(1000 * (name === 'gripper' ? gripperTorque : torque)));
    this.embodiment = so101Embodiment({
      unit,
      ...jointLimits(unit, calibration),
      cameras: cameras.map(({ name, width, height }) => ({ name, width, height })),
      controlHz,
    });
  }

  async connect(hear: (measurement: Measurement) => void): Promise<void> {
    if (this.bus !== null)
      throw new VlaError('bad-argument', 'so101: expected to be connected once, got a second time.');
    const bus = new FeetechBus(await this.options.openPort(), { ...this.options.bus, clock: this.clock });
    try {
      await checkServos(bus);
      await checkCalibration(bus, this.options.calibration);
      await this.powerUp(bus);
    } catch (error) {
      await bus.close();
      throw error;
    }
    [this.bus, this.failure, this.ended] = [bus, null, new AbortController()];
    const { signal } = this.ended;
    this.measuring = this.measure(bus, hear, signal);
    try {
      for (const camera of this.options.cameras ?? []) {
        await camera.open(
          (value, time) => {
            if (!signal.aborted) hear({ sensor: camera.name, time, value });
          },
          (error) => (this.failure ??= error),
        );
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async actuate(action: Float32Array): Promise<void> {
    const bus = this.requireLink();
    if (action.length !== JOINTS.length) {
      throw new VlaError('bad-shape', `so101: expected an action of ${JOINTS.length} numbers, got ${action.length}.`);
    }
    const bad = action.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new VlaError('not-finite', `so101: ${JOINTS[bad]}: expected a finite number, got ${action[bad]}.`);
    const goals = JOINTS.map((name, i) => jointTicks(action[i]!, name, this.unit, this.options.calibration[name]));
    await this.guarded(bus.syncWrite(IDS, 'goalPosition', goals));
    this.goals = goals;
  }

  /** Holds where it is now, with torque: limp, it would fall. Where it cannot be asked, it holds the last goal. */
  async stop(): Promise<void> {
    const { bus } = this;
    if (bus === null) throw notConnected();
    const goals = await bus.syncRead(IDS, 'presentPosition').catch(() => this.goals);
    const inside = goals.map((at, i) => {
      const { range_min, range_max } = this.options.calibration[JOINTS[i]!];
      return Math.min(range_max, Math.max(range_min, at));
    });
    await bus.syncWrite(IDS, 'goalPosition', inside);
    this.goals = inside;
  }

  async close(): Promise<void> {
    const { bus } = this;
    if (bus === null) return;
    this.bus = null;
    this.ended.abort(new VlaError('interrupted', 'so101: closed.'));
    await this.measuring;
    for (const camera of this.options.cameras ?? []) await camera.close();
    try {
      if (this.options.limpAtEnd === true) for (const id of IDS) await bus.write(id, 'torqueEnable', 0);
    } finally {
      await bus.close();
    }
  }

  /** Torque on, with the goal where the joint is: nothing moves. */
  private async powerUp(bus: FeetechBus): Promise<void> {
    const now = await bus.syncRead(IDS, 'presentPosition');
    for (const [i, id] of IDS.entries()) {
      await bus.writeChecked(id, 'torqueLimit', this.torqueLimits[i]!);
      await bus.write(id, 'acceleration', ACCELERATION);
      await bus.write(id, 'goalVelocity', 0);
      await bus.writeChecked(id, 'goalPosition', now[i]!);
    }
    for (const id of IDS) await bus.writeChecked(id, 'torqueEnable', 1);
    this.goals = now;
    this.requireNoAlarm(bus);
  }

  /** Reads the joints at the control rate until the end; a read that fails after all tries loses the link. */
  private async measure(bus: FeetechBus, hear: (measurement: Measurement) => void, signal: AbortSignal): Promise<void> {
    const { calibration } = this.options;
    const period = 1 / this.embodiment.controlHz;
    let next = this.clock.now();
    while (!signal.aborted && this.failure === null) {
      try {
        const before = this.clock.now();
        const ticks = await bus.syncRead(IDS, 'presentPosition');
        const time = (before + this.clock.now()) / 2;
        this.requireNoAlarm(bus);
        const value = Float32Array.from(JOINTS, (name, i) => jointValue(ticks[i]!, name, this.unit, calibration[name]));
        if (!signal.aborted) hear({ sensor: 'state', time, value });
        next = Math.max(next + period, this.clock.now());
        await this.clock.sleepUntil(next, signal);
      } catch (error) {
        if (!signal.aborted) this.failure = error as Error;
      }
    }
  }

  private requireNoAlarm(bus: FeetechBus): void {
    for (const [i, id] of IDS.entries()) {
      const alarms = alarmsOf(bus.alarms.get(id) ?? 0).filter((alarm) => FATAL.has(alarm));
      if (alarms.length === 0) continue;
      throw new VlaError('io', `so101: ${JOINTS[i]} raises an alarm: ${alarms.join(', ')}.`, {
        hint: 'Let it cool down, look for what blocks it, switch it off and on, and connect again.',
      });
    }
  }

  private requireLink(): FeetechBus {
    if (this.bus === null) throw notConnected();
    if (this.failure !== null) {
      throw new VlaError('io', `so101: the link is down: ${this.failure.message}`, {
        cause: this.failure,
        hint: 'Connect again once it is repaired; servos that were without power have forgotten their goals.',
      });
    }
    return this.bus;
  }

  private async guarded(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.failure ??= error as Error;
      throw error;
    }
  }
}

function notConnected(): VlaError {
  return new VlaError('io', 'so101: expected a connected arm, got one that is not.', { hint: 'Call connect first.' });
}
