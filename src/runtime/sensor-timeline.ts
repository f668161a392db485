/**
 * @file Sensors of different rates and delays on one timeline: for an instant, the nearest measurement of each (Xiaomi-Robotics-0, section
 * 2.3), unless one of them is too old.
 */

import { VlaError } from '../base/errors.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Image, Observation } from '../interfaces/observation.ts';
import type { Measurement } from '../interfaces/robot.ts';

/** How measurements become observations. */
export interface TimelineOptions {
  /**
   * The oldest measurement that counts, seconds before the instant that is asked for: one bound for all sensors, or one per sensor
   * (cameras by name, `state`), those left out at `DEFAULT_STALENESS`.
   */
  readonly staleness?: number | Readonly<Record<string, number>>;
  /**
   * Seconds by which observations lie behind now, so that slow sensors have spoken about the instant that all are asked for; default 0,
   * the newest of each.
   */
  readonly lag?: number;
  /** Measurements kept of each sensor, at most; default 32. */
  readonly kept?: number;
}

/** Seconds: a camera at 10 Hz may miss twice. */
export const DEFAULT_STALENESS = 0.3;

const KEPT = 32;
const STATE = 'state';

/** A sensor that has nothing fresh. `age`: of its nearest measurement, seconds; null where it never spoke. */
export interface StaleSensor {
  readonly sensor: string;
  readonly age: number | null;
}

/** What is seen at an instant. */
export interface Resampled {
  /** Null while one of the sensors is stale. */
  readonly observation: Observation | null;
  /** The sensors that have nothing fresh; empty where there is an observation. */
  readonly stale: readonly StaleSensor[];
}

interface Track {
  readonly sensor: string;
  readonly staleness: number;
  /** In the order of hearing, which delays may make another one than that of the times. */
  heard: Measurement[];
}

/** Hears measurements, and tells what was seen at an instant. Memory is bounded: `kept` measurements per sensor. */
export class SensorTimeline {
  private readonly embodiment: Embodiment;
  private readonly tracks: ReadonlyMap<string, Track>;
  private readonly lag: number;
  private readonly kept: number;
  private since = -Infinity;
  private refusedCount = 0;
  private refusal: string | null = null;

  constructor(embodiment: Embodiment, options: TimelineOptions = {}) {
    const { staleness = DEFAULT_STALENESS, lag = 0, kept = KEPT } = options;
    this.embodiment = embodiment;
    this.lag = positive('lag', lag, 0);
    this.kept = positive('kept measurements', kept, 1);
    const sensors = [STATE, ...embodiment.cameras.map(({ name }) => name)];
    if (typeof staleness === 'object') checkNames(sensors, staleness);
    const bound = (sensor: string): number =>
      typeof staleness === 'number' ? staleness : (staleness[sensor] ?? DEFAULT_STALENESS);
    this.tracks = new Map(
      sensors.map((sensor) => [
        sensor,
        { sensor, staleness: positive(`staleness of "${sensor}"`, bound(sensor), 0), heard: [] },
      ]),
    );
  }

  /** Measurements that do not fit the robot (unknown sensor, wrong size, NaN), which were not taken. */
  get refused(): number {
    return this.refusedCount;
  }

  /** Why the last of them was refused; null where none was. */
  get lastRefusal(): string | null {
    return this.refusal;
  }

  /** Takes a measurement, in any order of times. */
  hear(measurement: Measurement): void {
    const refusal = this.misfit(measurement);
    if (refusal !== null) {
      this.refusedCount++;
      this.refusal = refusal;
      return;
    }
    if (measurement.time < this.since) return;
    const { heard } = this.tracks.get(measurement.sensor)!;
    heard.push(measurement);
    if (heard.length > this.kept) heard.shift();
  }

  /** Forgets everything that was measured before `time`, also what of it is heard later: a new episode began. */
  forget(time: number): void {
    this.since = time;
    for (const track of this.tracks.values())
      track.heard = track.heard.filter((measurement) => measurement.time >= time);
  }

  /** What was seen `lag` before `now` (seconds); `words` complete the observation. Instants must not go back. */
  at(now: number, words: { readonly instruction: string; readonly tick: number }): Resampled {
    const instant = now - this.lag;
    const images: Record<string, Image> = {};
    const stale: StaleSensor[] = [];
    let state: Float32Array | null = null;
    for (const track of this.tracks.values()) {
      const measurement = nearest(track.heard, instant);
      const age = measurement === null ? null : Math.abs(instant - measurement.time);
      if (measurement === null || age === null || age > track.staleness) stale.push({ sensor: track.sensor, age });
      else if (track.sensor === STATE) state = Float32Array.from(measurement.value as Float32Array);
      else images[track.sensor] = measurement.value as Image;
      // What is too old now stays too old; the last one stays to say how old.
      const oldest = instant - track.staleness;
      if (track.heard.length > 1) track.heard = track.heard.filter((one) => one === measurement || one.time >= oldest);
    }
    return { observation: stale.length > 0 || state === null ? null : { images, state, ...words }, stale };
  }

  private misfit({ sensor, time, value }: Measurement): string | null {
    if (!this.tracks.has(sensor)) return `unknown sensor "${sensor}"`;
    if (!Number.isFinite(time)) return `"${sensor}" was measured at ${time}`;
    if (sensor === STATE) {
      const { names } = this.embodiment.state;
      if (!(value instanceof Float32Array)) return `"${sensor}" is an image`;
      if (value.length !== names.length) return `"${sensor}" has ${value.length} values, not ${names.length}`;
      const bad = value.findIndex((one) => !Number.isFinite(one));
      return bad < 0 ? null : `"${names[bad]}" in "${sensor}" is ${value[bad]}`;
    }
    if (value instanceof Float32Array) return `"${sensor}" is not an image`;
    const { width, height, data } = value;
    if (width > 0 && height > 0 && data.length === width * height * 3) return null;
    return `"${sensor}" has ${data.length} bytes, not ${width} × ${height} × 3`;
  }
}

/** The measurement that is nearest to `instant`; of two equally near ones the later. */
function nearest(heard: readonly Measurement[], instant: number): Measurement | null {
  let best: Measurement | null = null;
  for (const measurement of heard) {
    const [far, bestFar] = [
      Math.abs(measurement.time - instant),
      best === null ? Infinity : Math.abs(best.time - instant),
    ];
    if (far < bestFar || (far === bestFar && best !== null && measurement.time > best.time)) best = measurement;
  }
  return best;
}

function positive(what: string, value: number, least: number): number {
  if (value >= least) return value;
  throw new VlaError('bad-argument', `sensor timeline: expected ${what} of at least ${least}, got ${value}.`);
}

function checkNames(sensors: readonly string[], bounds: Readonly<Record<string, number>>): void {
  const unknown = Object.keys(bounds).find((name) => !sensors.includes(name));
  if (unknown === undefined) return;
  throw new VlaError(
    'not-found',
    `sensor timeline: expected bounds for ${sensors.join(', ')}, got one for "${unknown}".`,
    { hint: 'Name the cameras of the embodiment, or "state".' },
  );
}

/** The sensors as a sentence: `wrist is 0.41 s old, state never spoke`. */
export function staleText(stale: readonly StaleSensor[]): string {
  return stale
    .map(({ sensor, age }) => (age === null ? `${sensor} never spoke` : `${sensor} is ${age.toFixed(2)} s old`))
    .join(', ');
}
