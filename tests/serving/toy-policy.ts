/** @file A small policy whose instruction says how it behaves: what tests of policy servers serve. Its actions tell episode, call and state. */

import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { VlaError } from '../../src/base/errors.ts';
import { checkObservation } from '../../src/interfaces/check-observation.ts';
import type { Convention } from '../../src/interfaces/convention.ts';
import type { Embodiment } from '../../src/interfaces/embodiment.ts';
import type { Policy } from '../../src/interfaces/policy.ts';

/** How it is opened. */
export interface ToyOptions {
  /** Before it is open. */
  readonly openMs?: number;
  readonly imageSize?: number;
  readonly cameras?: readonly string[];
  readonly horizon?: number;
  /** Cannot be opened. */
  readonly broken?: boolean;
  /** Its thread dies as it opens. */
  readonly stillborn?: boolean;
}

const convention: Convention = {
  rotation: 'none',
  frame: 'joint',
  gripper: 'none',
  reference: 'absolute',
  unit: 'si',
};

/** The robot that it is made for. */
export function toyEmbodiment({ imageSize = 8, cameras = ['front', 'wrist'] }: ToyOptions = {}): Embodiment {
  return {
    name: 'toy',
    cameras: cameras.map((name) => ({ name, width: imageSize, height: imageSize })),
    state: { names: ['a', 'b'], convention },
    action: { names: ['seed', 'call', 'state', 'pixels'], convention },
    controlHz: 10,
    holdAction: null,
  };
}

/** Instructions: `sleep MS` waits (and listens to its signal), `block MS` holds its thread, `die`, `fail`, `crash`, `nan`. */
export async function openPolicy(given: ToyOptions | null): Promise<Policy> {
  const options = given ?? {};
  if (options.stillborn === true) process.exit(7);
  await sleep(options.openMs ?? 0);
  if (options.broken === true)
    throw new VlaError('bad-data', 'toy: expected weights, got none.', { hint: 'Train it.' });
  const embodiment = toyEmbodiment(options);
  let [seed, call] = [0, 0];
  return {
    name: 'toy',
    embodiment,
    reset(episode) {
      [seed, call] = [episode.seed, 0];
    },
    async infer(observation, { signal } = {}) {
      checkObservation('toy', embodiment, observation);
      const [word, number] = observation.instruction.split(' ');
      if (word === 'sleep') await sleep(Number(number), undefined, signal === undefined ? {} : { signal });
      if (word === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(number));
      if (word === 'die') process.exit(3);
      if (word === 'fail')
        throw new VlaError('bad-argument', 'toy: expected another instruction.', { hint: 'Say please.' });
      if (word === 'crash') throw new TypeError('toy: secret of the server');
      const pixels = Object.values(observation.images).reduce((sum, { data }) => sum + data[data.length - 1]!, 0);
      const action = [seed, call++, word === 'nan' ? NaN : observation.state[1]!, pixels];
      const horizon = options.horizon ?? 2;
      return { horizon, dim: 4, data: Float32Array.from({ length: 4 * horizon }, (_, i) => action[i % 4]!) };
    },
    async close() {},
  };
}
