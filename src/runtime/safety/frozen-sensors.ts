/** @file Notices sensors that say the very same, byte for byte, although the robot moves. */

import type { Observation } from '../../interfaces/observation.ts';

/** How long a sensor may repeat itself while the robot moves, seconds. */
export interface FrozenBounds {
  readonly camera: number;
  readonly state: number;
}

interface Watched {
  last: Uint8Array;
  since: number;
  /** How far the robot was told to go since then, in largest steps. */
  way: number;
}

/** Told to go less than this many largest steps, a robot may look as before. */
const NOTICEABLE = 1;
/** However slow the loop, fewer repetitions say nothing. */
const FEWEST_TICKS = 3;

/** Compares what is seen, tick by tick. A sensor that was frozen counts as alive again with its first new byte. */
export class FrozenSensors {
  private readonly bounds: FrozenBounds;
  private readonly period: number;
  private readonly watched = new Map<string, Watched>();

  /** `period` in seconds. */
  constructor(bounds: FrozenBounds, period: number) {
    this.bounds = bounds;
    this.period = period;
  }

  /**
   * What is wrong at `now`: which sensors are frozen. Where none has changed, the robot may as well be blocked: nothing that is seen tells.
   * `pace`: the largest step since the last call, as a share of the largest that is allowed.
   */
  check(observation: Observation, now: number, pace: number): string[] {
    const { state } = observation;
    const bytes = new Uint8Array(state.buffer, state.byteOffset, state.byteLength);
    const frozen = this.isFrozen('state', bytes, this.bounds.state, now, pace) ? ['state'] : [];
    for (const [name, { data }] of Object.entries(observation.images)) {
      if (this.isFrozen(`camera ${name}`, data, this.bounds.camera, now, pace)) frozen.push(`camera ${name}`);
    }
    const since = Math.min(...frozen.map((sensor) => this.watched.get(sensor)!.since));
    const all = [...this.watched.values()].every((one) => one.since <= since + this.period);
    if (frozen.length === 0 || !all) return frozen.map((sensor) => `${sensor} is frozen`);
    return [`nothing seen has changed: the robot is blocked, or frozen: ${frozen.join(', ')}`];
  }

  /** Forgets everything: another look at it has been taken. */
  restart(): void {
    this.watched.clear();
  }

  private isFrozen(sensor: string, bytes: Uint8Array, bound: number, now: number, pace: number): boolean {
    const known = this.watched.get(sensor);
    if (known === undefined || !sameBytes(known.last, bytes)) {
      this.watched.set(sensor, { last: bytes.slice(), since: now, way: 0 });
      return false;
    }
    known.way += pace;
    // A clock that went back would make it young again for long.
    known.since = Math.min(known.since, now);
    return known.way >= NOTICEABLE && now - known.since > Math.max(bound, FEWEST_TICKS * this.period);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
