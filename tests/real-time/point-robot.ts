/** @file A robot of one joint and one tiny camera for tests of real time: its state is the time at which it was measured. */

import type { Clock } from '../../src/base/clock.ts';
import type { Embodiment } from '../../src/interfaces/embodiment.ts';
import type { Measurement, Robot } from '../../src/interfaces/robot.ts';

const CONVENTION = { rotation: 'none', frame: 'joint', gripper: 'none', reference: 'absolute', unit: 'si' } as const;

/** State: when it was measured, s. Action: a position, the seed of the episode, the tick of the observation. */
export function pointEmbodiment(controlHz: number): Embodiment {
  return {
    name: 'point',
    cameras: [{ name: 'front', width: 1, height: 1 }],
    state: { names: ['time'], convention: CONVENTION },
    action: { names: ['position', 'seed', 'observed'], convention: CONVENTION },
    controlHz,
    holdAction: [0, -1, -1],
  };
}

/** How one sensor measures. */
export interface SensorPlan {
  readonly hz: number;
  /** Seconds until the n-th measurement is heard; null: it is lost. */
  delay(n: number): number | null;
}

/** What the robot was told. */
export interface PointRobot extends Robot {
  readonly told: { readonly time: number; readonly action: Float32Array }[];
}

/** A robot that measures by plan from `connect` on. */
export function pointRobot(
  clock: Clock,
  controlHz: number,
  sensors: { readonly state: SensorPlan; readonly front: SensorPlan },
): PointRobot {
  const over = new AbortController();
  const told: PointRobot['told'] = [];
  const hearLater = async (one: Measurement, at: number, hear: (one: Measurement) => void): Promise<void> => {
    await clock.sleepUntil(at);
    if (!over.signal.aborted) hear(one);
  };
  const measure = async (sensor: 'state' | 'front', hear: (one: Measurement) => void): Promise<void> => {
    const { hz, delay } = sensors[sensor];
    const start = clock.now();
    for (let n = 0; ; n++) {
      await clock.sleepUntil(start + n / hz, over.signal);
      const time = clock.now();
      const wait = delay(n);
      if (wait === null) continue;
      const pixel = Math.floor(time) % 256;
      const value =
        sensor === 'state' ? Float32Array.of(time) : { width: 1, height: 1, data: Uint8Array.of(pixel, pixel, pixel) };
      if (wait === 0) hear({ sensor, time, value });
      else void hearLater({ sensor, time, value }, time + wait, hear);
    }
  };
  return {
    name: 'point',
    embodiment: pointEmbodiment(controlHz),
    told,
    async connect(hear) {
      for (const sensor of ['state', 'front'] as const) void measure(sensor, hear).catch(() => undefined);
    },
    async actuate(action) {
      told.push({ time: clock.now(), action });
    },
    async stop() {},
    async close() {
      over.abort(new Error('closed'));
    },
  };
}

/** Measures `hz` times a second, heard at once. */
export function prompt(hz: number): SensorPlan {
  return { hz, delay: () => 0 };
}
