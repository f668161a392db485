/** @file The robot of the control loop's benchmark: seven joints that measure themselves and go nowhere, one small camera, no motors to guard. */

import type { Clock } from '../src/base/clock.ts';
import type { Embodiment } from '../src/interfaces/embodiment.ts';
import type { Gate } from '../src/runtime/gate.ts';
import { naiveAsynchronous } from '../src/runtime/strategies/index.ts';
import type { ThreadParts } from '../src/runtime/thread/loop-worker.ts';

const JOINTS = ['1', '2', '3', '4', '5', '6', '7'];
const vector: Embodiment['state'] = {
  names: JOINTS,
  convention: { rotation: 'none', frame: 'joint', gripper: 'none', reference: 'absolute', unit: 'si' },
};

/** At 100 Hz, with one 224² camera. */
export const BENCH_EMBODIMENT: Embodiment = {
  name: 'bench',
  cameras: [{ name: 'front', width: 224, height: 224 }],
  state: vector,
  action: vector,
  controlHz: 100,
  holdAction: [0, 0, 0, 0, 0, 0, 0],
};

const CAMERA_HZ = 30;

/** The entry of the thread. */
export async function openRobot(_: unknown, clock: Clock): Promise<ThreadParts> {
  const timers: ReturnType<typeof setInterval>[] = [];
  const gate: Gate = {
    name: 'bench',
    embodiment: BENCH_EMBODIMENT,
    async connect(hear) {
      const { width, height } = BENCH_EMBODIMENT.cameras[0]!;
      const state = (): void => hear({ sensor: 'state', time: clock.now(), value: new Float32Array(JOINTS.length) });
      const front = (): void =>
        hear({
          sensor: 'front',
          time: clock.now(),
          value: { width, height, data: new Uint8Array(width * height * 3) },
        });
      state();
      front();
      timers.push(setInterval(state, 1000 / BENCH_EMBODIMENT.controlHz), setInterval(front, 1000 / CAMERA_HZ));
    },
    reset: () => {},
    async pass(wanted) {
      const action = wanted?.slice() ?? new Float32Array(JOINTS.length);
      return { action, source: wanted === null ? 'hold' : 'chunk', interventions: [] };
    },
    async stop() {},
    async close() {
      for (const timer of timers) clearInterval(timer);
    },
  };
  return { gate, strategy: naiveAsynchronous({ execute: 20 }) };
}
