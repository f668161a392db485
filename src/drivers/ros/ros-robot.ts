/**
 * @file A robot of a ROS 2 graph, by rosbridge: joint states and images in, trajectories, plain numbers or twists out, as a mapping says.
 * Nothing that is not finite is passed on, in either direction. A connection that was lost stays lost until it is connected anew.
 */

import { systemClock, type Clock } from '../../base/clock.ts';
import { VlaError } from '../../base/errors.ts';
import type { CameraSpec, Embodiment } from '../../interfaces/embodiment.ts';
import type { Image } from '../../interfaces/observation.ts';
import type { Measurement, Robot } from '../../interfaces/robot.ts';
import { mappedNames, type ActionTarget, type RosMapping, type StateSource } from './mapping.ts';
import {
  base64Bytes,
  float64MultiArray,
  jointTrajectory,
  parseMessage,
  rawImage,
  stampSeconds,
  twist,
} from './messages.ts';
import { Rosbridge, type OpenRosSocket } from './rosbridge.ts';
import { StampClock } from './stamp-clock.ts';

/** How a robot of a ROS graph is opened. */
export interface RosRobotOptions {
  readonly embodiment: Embodiment;
  /** As `parseMapping` gives it for this embodiment. */
  readonly mapping: RosMapping;
  /** `ws://127.0.0.1:9090` */
  readonly url: string;
  readonly openSocket: OpenRosSocket;
  /** Decodes JPEG and PNG; needed for cameras of type CompressedImage. */
  decodeImage?(bytes: Uint8Array): Promise<Image>;
  /** How long `connect` waits for a first message of every topic; default 5. */
  readonly waitSeconds?: number;
  readonly clock?: Clock;
}

/** The robot; nothing is opened before `connect`. Throws `bad-argument` where compressed images could not be decoded. */
export function createRosRobot(options: RosRobotOptions): Robot {
  return new RosRobot(options);
}

class RosRobot implements Robot {
  readonly name: string;
  readonly embodiment: Embodiment;
  private readonly options: RosRobotOptions;
  private readonly clock: Clock;
  private bridge: Rosbridge | null = null;
  private failure: VlaError | null = null;
  /** The newest numbers of the state, and when each was measured; NaN before. */
  private readonly state: Float32Array;
  private readonly times: Float64Array;

  constructor(options: RosRobotOptions) {
    const { embodiment, mapping, decodeImage, clock = systemClock } = options;
    [this.options, this.embodiment, this.clock, this.name] = [options, embodiment, clock, embodiment.name];
    this.state = new Float32Array(embodiment.state.names.length).fill(NaN);
    this.times = new Float64Array(embodiment.state.names.length).fill(NaN);
    const compressed = Object.values(mapping.cameras).some(({ type }) => type === 'sensor_msgs/msg/CompressedImage');
    if (compressed && decodeImage === undefined) {
      throw new VlaError('bad-argument', `${this.name}: expected decodeImage for compressed images, got none.`);
    }
  }

  async connect(hear: (measurement: Measurement) => void): Promise<void> {
    if (this.bridge !== null) throw new VlaError('bad-argument', `${this.name}: expected to be connected once.`);
    const { mapping, url, openSocket, waitSeconds = 5 } = this.options;
    this.failure = null;
    this.state.fill(NaN);
    const bridge = await Rosbridge.connect(url, openSocket, waitSeconds);
    this.bridge = bridge;
    const silent = new Set<string>();
    let spoken: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (spoken = resolve));
    const listen = (topic: string, type: string, read: (message: unknown) => Promise<void> | void): void => {
      silent.add(topic);
      bridge.subscribe({ topic, type }, (message) => {
        void this.attempt(async () => {
          await read(message);
          if (silent.delete(topic) && silent.size === 0) spoken();
        });
      });
    };
    const stamps = new StampClock();
    for (const [i, source] of mapping.state.entries()) {
      listen(source.topic, source.type, (message) => {
        this.readState(source, message, stamps);
        if (i === 0) this.tellState(bridge, hear);
      });
    }
    for (const [name, { topic, type }] of Object.entries(mapping.cameras)) {
      const camera = this.embodiment.cameras.find((one) => one.name === name)!;
      listen(topic, type, async (message) => {
        const { time, image } = await this.readImage(type, message, topic, stamps);
        requireSize(image, camera, topic);
        if (this.bridge === bridge) hear({ sensor: name, time, value: image });
      });
    }
    for (const { topic, type } of mapping.action) bridge.advertise({ topic, type });
    await this.within(waitSeconds, first, silent);
  }

  async actuate(action: Float32Array): Promise<void> {
    const bridge = this.requireLink();
    const { names } = this.embodiment.action;
    if (action.length !== names.length) {
      throw new VlaError(
        'bad-shape',
        `${this.name}: expected an action of ${names.length} numbers, got ${action.length}.`,
      );
    }
    const bad = action.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new VlaError('not-finite', `${this.name}: ${names[bad]}: expected a finite number, got ${action[bad]}.`);
    for (const target of this.options.mapping.action) this.tell(bridge, target, (name) => action[names.indexOf(name)]!);
  }

  /** Stands still as the mapping says: velocities of 0, positions as they were measured last. */
  async stop(): Promise<void> {
    const { bridge } = this;
    if (bridge === null) throw notConnected(this.name);
    const { names } = this.embodiment.state;
    const failed: string[] = [];
    for (const target of this.options.mapping.action) {
      const value = (name: string): number => (target.stop === 'zero' ? 0 : this.state[names.indexOf(name)]!);
      if (mappedNames(target).every((name) => Number.isFinite(value(name)))) this.tell(bridge, target, value);
      else failed.push(target.topic);
    }
    if (failed.length > 0)
      throw new VlaError('io', `${this.name}: where ${failed.join(', ')} should stop was never measured.`);
  }

  async close(): Promise<void> {
    this.bridge?.close();
    this.bridge = null;
  }

  private tell(bridge: Rosbridge, target: ActionTarget, valueOf: (name: string) => number): void {
    const numbers = mappedNames(target).map((name) => valueOf(name) * target.factor);
    switch (target.type) {
      case 'trajectory_msgs/msg/JointTrajectory':
        return bridge.publish(target.topic, jointTrajectory(Object.values(target.values), numbers, target.seconds));
      case 'std_msgs/msg/Float64MultiArray':
        return bridge.publish(target.topic, float64MultiArray(numbers));
      case 'geometry_msgs/msg/Twist': {
        const parts = Object.values(target.values).map((part, i) => [part, numbers[i]!]);
        return bridge.publish(target.topic, twist(Object.fromEntries(parts) as Parameters<typeof twist>[0]));
      }
      default:
        return target satisfies never;
    }
  }

  private readState(source: StateSource, message: unknown, stamps: StampClock): void {
    const { names } = this.embodiment.state;
    const now = this.clock.now();
    const put = (name: string, value: number | undefined, time: number): void => {
      const i = names.indexOf(name);
      if (value === undefined)
        throw new VlaError('bad-data', `${source.topic}: expected a value for ${name}, got none.`);
      [this.state[i], this.times[i]] = [value * source.factor, time];
    };
    if (source.type === 'std_msgs/msg/Float64MultiArray') {
      const { data } = parseMessage(source.type, message, source.topic);
      for (const [i, name] of source.values.entries()) put(name, data[i], now);
      return;
    }
    const joints = parseMessage(source.type, message, source.topic);
    const time = stamps.time(stampSeconds(joints), now);
    // A topic may speak of some joints at a time: those that are not in this message stay as they are.
    for (const [name, joint] of Object.entries(source.values)) {
      const at = joints.name.indexOf(joint);
      if (at >= 0) put(name, joints[source.field][at], time);
    }
  }

  /** The whole state, once every number is known; as old as its oldest number. */
  private tellState(bridge: Rosbridge, hear: (measurement: Measurement) => void): void {
    if (this.bridge !== bridge || !this.state.every(Number.isFinite)) return;
    hear({ sensor: 'state', time: Math.min(...this.times), value: this.state.slice() });
  }

  private async readImage(
    type: RosMapping['cameras'][string]['type'],
    message: unknown,
    topic: string,
    stamps: StampClock,
  ): Promise<{ time: number; image: Image }> {
    const now = this.clock.now();
    if (type === 'sensor_msgs/msg/Image') {
      const parsed = parseMessage(type, message, topic);
      return { time: stamps.time(stampSeconds(parsed), now), image: rawImage(parsed, topic) };
    }
    const parsed = parseMessage(type, message, topic);
    const image = await this.options.decodeImage!(base64Bytes(parsed.data, topic));
    return { time: stamps.time(stampSeconds(parsed), now), image };
  }

  /** A message that cannot be read ends the run: numbers that mean something else must not move anything. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failure ??= error as VlaError;
    }
  }

  private async within(seconds: number, first: Promise<void>, silent: ReadonlySet<string>): Promise<void> {
    const end = this.clock.now() + seconds;
    const wait = { done: false };
    void first.then(() => (wait.done = true));
    while (!wait.done) {
      const trouble = this.failure ?? this.trouble(silent, this.clock.now() >= end);
      if (trouble !== null) {
        await this.close();
        throw trouble;
      }
      await this.clock.sleepUntil(this.clock.now() + 0.02);
    }
  }

  private trouble(silent: ReadonlySet<string>, late: boolean): VlaError | null {
    const { complaint } = this.bridge!;
    if (complaint !== null) return new VlaError('io', `${this.name}: rosbridge refuses: ${complaint}`);
    try {
      this.bridge!.requireOpen();
    } catch (error) {
      return error as VlaError;
    }
    if (!late) return null;
    return new VlaError('io', `${this.name}: expected messages of ${[...silent].join(', ')}, got none.`, {
      hint: 'ros2 topic hz shows who speaks; compare the mapping’s topics and types.',
    });
  }

  private requireLink(): Rosbridge {
    if (this.bridge === null) throw notConnected(this.name);
    if (this.failure !== null) {
      throw new VlaError('io', `${this.name}: the link is down: ${this.failure.message}`, { cause: this.failure });
    }
    this.bridge.requireOpen();
    return this.bridge;
  }
}

function requireSize({ width, height }: Image, camera: CameraSpec, topic: string): void {
  if (width === camera.width && height === camera.height) return;
  throw new VlaError(
    'mismatch',
    `${topic}: expected ${camera.width} × ${camera.height} pixels, got ${width} × ${height}.`,
    { hint: `Correct the size of camera ${camera.name} in the embodiment.` },
  );
}

function notConnected(name: string): VlaError {
  return new VlaError('io', `${name}: expected a connected robot, got one that is not.`, {
    hint: 'Call connect first.',
  });
}
