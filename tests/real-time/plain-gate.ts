/** @file A gate without safety, for tests of what is in front of it: it passes on what is wanted, or the hold action. */

import type { Gate, GateMoment } from '../../src/runtime/gate.ts';
import type { Robot } from '../../src/interfaces/robot.ts';

/** A plain gate with all that it was asked. */
export interface PlainGate extends Gate {
  readonly calls: { readonly wanted: Float32Array | null; readonly at: GateMoment }[];
  readonly stops: string[];
  readonly closed: boolean;
}

/** The gate of `robot`. */
export function plainGate(robot: Robot): PlainGate {
  const calls: PlainGate['calls'] = [];
  const stops: string[] = [];
  let closed = false;
  return {
    name: robot.name,
    embodiment: robot.embodiment,
    calls,
    stops,
    get closed() {
      return closed;
    },
    connect: (hear) => robot.connect(hear),
    reset: () => {},
    async pass(wanted, at) {
      calls.push({ wanted, at });
      const action = wanted?.slice() ?? Float32Array.from(robot.embodiment.holdAction!);
      await robot.actuate(action);
      return { action, source: wanted === null ? 'hold' : (at.from ?? 'chunk'), interventions: [] };
    },
    async stop(reason) {
      stops.push(reason);
      await robot.stop();
    },
    async close() {
      closed = true;
      await robot.close();
    },
  };
}
