/** @file A real pixel policy for flatland: it finds the colour that the instruction names in the picture and goes there. */

import { setTimeout as sleep } from 'node:timers/promises';
import { VlaError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import { checkObservation } from '../../src/interfaces/check-observation.ts';
import type { Environment } from '../../src/interfaces/environment.ts';
import type { Image } from '../../src/interfaces/observation.ts';
import type { Policy } from '../../src/interfaces/policy.ts';
import { COLOURS, flatlandEmbodiment, towards } from './flatland.ts';

export interface FlatlandPolicyOptions {
  readonly horizon: number;
  /** Standard deviation of the noise on each action, drawn from the episode's noise seed. */
  readonly noise: number;
  /** A way to fail at the given inference of each episode; null: none. */
  readonly fault: null | {
    readonly kind: 'throw' | 'nan' | 'wrong-size' | 'hang' | 'block' | 'exit';
    readonly at: number;
  };
  /** The robot it claims to be made for; null: flatland's. */
  readonly cameraName: string | null;
  /** How long an inference takes at least; default 0. */
  readonly delayMs?: number;
}

/** The entry that a worker opens. */
export async function openPolicy(options: FlatlandPolicyOptions, environment: Environment): Promise<Policy> {
  const { horizon, noise, fault } = options;
  const embodiment = flatlandEmbodiment(environment.embodiment.cameras[0]!.width);
  const cameras = embodiment.cameras.map((camera) => ({ ...camera, name: options.cameraName ?? camera.name }));
  let random = new Random(0);
  let inferences = 0;
  return {
    name: 'pixels',
    embodiment: { ...embodiment, cameras },
    reset({ seed }) {
      random = new Random(seed);
      inferences = 0;
    },
    async infer(observation) {
      checkObservation('pixels', embodiment, observation);
      if (options.delayMs !== undefined) await sleep(options.delayMs);
      const faulty = fault !== null && inferences++ === fault.at ? fault.kind : null;
      if (faulty === 'throw') throw new Error('the model fell over');
      if (faulty === 'hang') await new Promise(() => {});
      if (faulty === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      if (faulty === 'exit') process.exit(7);
      const goal = findColour(observation.images['front']!, observation.instruction);
      const position = [...observation.state];
      const data = new Float32Array(horizon * 2);
      for (let h = 0; h < horizon; h++) {
        const action = goal === null ? Float32Array.of(0, 0) : towards(position, goal);
        for (let i = 0; i < 2; i++) {
          data[2 * h + i] = action[i]! + noise * random.normal();
          position[i]! += 0.1 * action[i]!;
        }
      }
      if (faulty === 'nan') data[3] = NaN;
      return faulty === 'wrong-size' ? { horizon, dim: 3, data } : { horizon, dim: 2, data };
    },
    close: async () => {},
  };
}

/** The middle of the pixels of the named colour, in world units; null when the colour is not to be seen. */
function findColour({ width, data }: Image, instruction: string): [number, number] | null {
  const name = Object.keys(COLOURS).find((colour) => instruction.includes(` ${colour} `));
  if (name === undefined) throw new VlaError('bad-argument', `pixels: no colour that I know in "${instruction}".`);
  const channel = Object.keys(COLOURS).indexOf(name);
  let [x, y, count] = [0, 0, 0];
  for (let i = 0; i < width * width; i++) {
    const rgb = [data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!];
    const others = rgb.filter((_, c) => c !== channel);
    if (rgb[channel]! < 150 || Math.max(...others) > 120) continue;
    x += ((i % width) + 0.5) / (width / 2) - 1;
    y += 1 - (Math.floor(i / width) + 0.5) / (width / 2);
    count++;
  }
  return count === 0 ? null : [x / count, y / count];
}
