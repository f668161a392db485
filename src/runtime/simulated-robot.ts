/** @file Any environment as a robot that moves by itself as time goes on, seen through sensors with rates, delays, jitter and losses. */

import { realWork, type Clock } from '../base/clock.ts';
import { VlaError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Environment, EpisodeSpec, ExpertEnvironment, Outcome } from '../interfaces/environment.ts';
import type { Image, Observation } from '../interfaces/observation.ts';
import type { Measurement, Robot } from '../interfaces/robot.ts';

/** For the gate before a simulated robot: sensors without noise repeat themselves for as long as the robot is blocked, and never freeze. */
export const NOISELESS = { camera: Infinity, state: Infinity } as const;

/** How a sensor measures. */
export interface SensorSetting {
  /** Measurements per second; default: the control rate. */
  readonly hz?: number;
  /** Seconds until a measurement is heard, and at most so many more, drawn; default 0. */
  readonly delay?: number;
  readonly jitter?: number;
  /** The share of measurements that are lost; default 0. */
  readonly loss?: number;
}

/** What the robot is made of. Without a hold action it must be told where to go (absolute targets), by the names of its state. */
export interface SimulatedRobotConfig {
  readonly environment: Environment;
  readonly clock: Clock;
  /** By camera, or `state`. */
  readonly sensors?: Readonly<Record<string, SensorSetting>>;
  /** For jitter and losses; default 0. */
  readonly seed?: number;
}

/** The world moves this share of a control period before the ticks of a loop that starts with the episode, so that these see what was done. */
const LEAD = 0.02;
const STATE = 'state';

interface Sensor {
  readonly name: string;
  readonly index: number;
  readonly hz: number;
  readonly delay: number;
  readonly jitter: number;
  readonly loss: number;
  measured: number;
}

/**
 * The robot of an environment. Every control period the world moves on by one step under the action that is in force, whether or not a new
 * one came: before the first, and after `stop`, the hold action. A robot that has none, because it is told where to go, is told to stay where
 * the episode began, or at its last target. `begin` starts an episode; the clock of the world starts there.
 */
export class SimulatedRobot implements Robot {
  readonly name: string;
  readonly embodiment: Embodiment;
  private readonly environment: Environment;
  private readonly clock: Clock;
  private readonly sensors: readonly Sensor[];
  private readonly seed: number;
  private readonly standstill: Standstill;
  private inForce: Float32Array;
  private hear: ((measurement: Measurement) => void) | null = null;
  private anchor = 0;
  private steps = 0;
  private episodes = 0;
  private longest = Infinity;
  private current: Outcome | null = null;
  private look: Observation | null = null;
  private handed = new Set<string>();
  private hand: [number, number, number][] = [];
  private life = new AbortController();
  private turning: Promise<void> = Promise.resolve();
  private readonly watchers = new Set<(outcome: Outcome) => void>();

  constructor({ environment, clock, sensors = {}, seed = 0 }: SimulatedRobotConfig) {
    const { embodiment } = environment;
    this.name = `simulated ${environment.name}`;
    this.embodiment = embodiment;
    this.environment = environment;
    this.clock = clock;
    this.seed = seed;
    this.standstill = standstillOf(environment);
    this.inForce = new Float32Array(embodiment.action.names.length);
    this.sensors = sensorsOf(embodiment, sensors);
  }

  /** How the episode stands; null before the first. */
  get outcome(): Outcome | null {
    return this.current;
  }

  /** Where the hand was after each step of the episode, metres; empty where the environment does not say. */
  get path(): readonly (readonly [number, number, number])[] {
    return this.hand;
  }

  /** Calls `watcher` after every step, until the function that is returned is called. */
  watch(watcher: (outcome: Outcome) => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  /** Starts an episode now; returns what the human says. */
  async begin(spec: EpisodeSpec): Promise<string> {
    await this.halt();
    await this.real(this.environment.reset(spec));
    this.look = await this.real(this.environment.observe());
    [this.anchor, this.steps, this.current] = [this.clock.now(), 0, 'running'];
    this.inForce = this.standstill(this.look.state, null);
    this.longest = this.environment.maxSteps(spec.task);
    this.handed = new Set();
    this.hand = [];
    this.note();
    this.episodes++;
    for (const sensor of this.sensors) sensor.measured = 0;
    const { instruction } = this.look;
    if (this.hear !== null) this.start();
    return instruction;
  }

  async connect(hear: (measurement: Measurement) => void): Promise<void> {
    if (this.hear !== null) throw new VlaError('io', `${this.name}: expected to be connected once.`);
    this.hear = hear;
    if (this.current !== null) this.start();
  }

  async actuate(action: Float32Array): Promise<void> {
    if (this.hear === null) throw new VlaError('io', `${this.name}: expected a connected robot.`);
    this.inForce = action.slice();
  }

  async stop(): Promise<void> {
    // Before an episode there is nothing to stand still in.
    if (this.current !== null) this.inForce = this.standstill(new Float32Array(0), this.inForce);
  }

  async close(): Promise<void> {
    await this.halt();
    this.hear = null;
  }

  private start(): void {
    this.life = new AbortController();
    this.turning = this.turn(this.life.signal);
  }

  private async halt(): Promise<void> {
    this.life.abort();
    await this.turning;
  }

  /** One moment after the other; of what is due at one moment the world's step comes first. */
  private async turn(signal: AbortSignal): Promise<void> {
    const { controlHz } = this.embodiment;
    const due = ({ measured, hz }: Sensor): number => this.due(measured, hz);
    for (;;) {
      const time = Math.min(this.due(this.steps + 1, controlHz), ...this.sensors.map(due));
      await this.clock.sleepUntil(time, signal).catch(() => undefined);
      if (signal.aborted) return;
      if (this.due(this.steps + 1, controlHz) <= time) await this.step();
      for (const sensor of this.sensors) if (due(sensor) <= time) await this.measure(sensor, signal);
    }
  }

  /** When the n-th of `hz` events per second takes place: the first with the episode, the others a little ahead of the ticks. */
  private due(n: number, hz: number): number {
    return this.anchor + (n === 0 ? 0 : n / hz - LEAD / this.embodiment.controlHz);
  }

  private async step(): Promise<void> {
    this.steps++;
    if (this.current !== 'running') return;
    const outcome = await this.real(this.environment.step(this.inForce));
    this.look = null;
    this.handed.clear();
    this.current = outcome === 'running' && this.steps >= this.longest ? 'timeout' : outcome;
    this.note();
    for (const watcher of this.watchers) watcher(this.current);
  }

  private async measure(sensor: Sensor, signal: AbortSignal): Promise<void> {
    const { name, index, delay, jitter, loss } = sensor;
    const random = new Random(this.seed, this.episodes, index, sensor.measured++);
    const time = this.clock.now();
    if (random.uniform() < loss) return;
    this.look ??= await this.real(this.environment.observe());
    const value = this.valueOf(name, this.look);
    const wait = delay + jitter * random.uniform();
    if (wait === 0) return this.hear?.({ sensor: name, time, value });
    void this.hearLater({ sensor: name, time, value }, time + wait, signal);
  }

  private async hearLater(measurement: Measurement, at: number, signal: AbortSignal): Promise<void> {
    await this.clock.sleepUntil(at);
    if (!signal.aborted) this.hear?.(measurement);
  }

  /** What the sensor hands over, which its hearer owns: what was handed out already is copied. */
  private valueOf(name: string, { state, images }: Observation): Image | Float32Array {
    if (name === STATE) return state.slice();
    const image = images[name]!;
    if (this.handed.has(name)) return { ...image, data: image.data.slice() };
    this.handed.add(name);
    return image;
  }

  private note(): void {
    if (isPrivileged(this.environment)) this.hand.push([...this.environment.privileged().handPosition]);
  }

  private real<T>(work: Promise<T>): Promise<T> {
    return realWork(this.clock, work);
  }
}

/** The action that keeps a robot still: of its state, or, where something was told already, of that. */
type Standstill = (state: Float32Array, told: Float32Array | null) => Float32Array;

function standstillOf({ name, embodiment }: Environment): Standstill {
  const { holdAction, action, state } = embodiment;
  if (holdAction !== null) return () => Float32Array.from(holdAction);
  const places = action.names.map((axis) => state.names.indexOf(axis));
  if (action.convention.reference === 'absolute' && !places.includes(-1)) {
    return (measured, told) => told ?? Float32Array.from(places, (place) => measured[place]!);
  }
  throw new VlaError(
    'mismatch',
    `simulated robot: expected a hold action or targets by the names of the state, got holdAction null of "${name}".`,
    { hint: 'Declare in its embodiment which action keeps it still.' },
  );
}

function isPrivileged(environment: Environment): environment is ExpertEnvironment {
  return 'privileged' in environment && typeof environment.privileged === 'function';
}

function sensorsOf(embodiment: Embodiment, settings: Readonly<Record<string, SensorSetting>>): Sensor[] {
  const names = [STATE, ...embodiment.cameras.map(({ name }) => name)];
  const unknown = Object.keys(settings).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new VlaError('not-found', `simulated robot: expected sensors ${names.join(', ')}, got "${unknown}".`);
  }
  return names.map((name, index) => {
    const { hz = embodiment.controlHz, delay = 0, jitter = 0, loss = 0 } = settings[name] ?? {};
    if (!(hz > 0 && delay >= 0 && jitter >= 0 && loss >= 0 && loss <= 1)) {
      throw new VlaError(
        'bad-argument',
        `simulated robot: expected a rate above 0, delays of at least 0 and a loss of 0 to 1 of "${name}", ` +
          `got ${hz} Hz, ${delay} s, ${jitter} s and ${loss}.`,
      );
    }
    return { name, index, hz, delay, jitter, loss, measured: 0 };
  });
}
