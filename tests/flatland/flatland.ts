/** @file A tiny flat world for tests: a point among coloured dots, seen from above. Real, deterministic, microseconds per step. */

import { lookUp, VlaError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import type { Embodiment } from '../../src/interfaces/embodiment.ts';
import type { EpisodeSpec, ExpertEnvironment, Outcome } from '../../src/interfaces/environment.ts';

export const COLOURS = {
  red: [220, 40, 40],
  green: [40, 200, 60],
  blue: [50, 80, 230],
} as const;
type Colour = keyof typeof COLOURS;

/** Side of the square world; the point moves at most SPEED per tick. */
const SPEED = 0.1;
const RADIUS = 0.12;
const STAY_TICKS = 4;
const TASKS = { touch: 60, stay: 80 } as const;

export interface FlatlandOptions {
  /** Pixels of the square picture. */
  readonly imageSize: number;
  /** At this many resets, in total, the world breaks (for tests of failure); null: never. */
  readonly breakAtReset?: number;
}

const vector = (names: readonly string[], reference: 'absolute' | 'delta'): Embodiment['state'] => ({
  names,
  convention: {
    rotation: 'none',
    frame: 'world',
    gripper: 'none',
    reference,
    unit: reference === 'delta' ? 'normalised' : 'si',
  },
});

/** The point robot, seen by one camera. */
export function flatlandEmbodiment(imageSize: number): Embodiment {
  return {
    name: 'point',
    cameras: [{ name: 'front', width: imageSize, height: imageSize }],
    state: vector(['x', 'y'], 'absolute'),
    action: { ...vector(['dx', 'dy'], 'delta'), low: [-1, -1], high: [1, 1] },
    controlHz: 20,
    holdAction: [0, 0],
  };
}

/** Opens the world. Tasks: "touch" a dot, "stay" on it. Perturbations: "dim" light, "wind" that pushes to the left. */
export async function openEnvironment(options: FlatlandOptions): Promise<ExpertEnvironment> {
  const { imageSize } = options;
  let spec: EpisodeSpec | null = null;
  let position: [number, number] = [0, 0];
  let dots: { colour: Colour; at: [number, number] }[] = [];
  let ticks = 0;
  let stayed = 0;
  let resets = 0;
  let closed = false;
  let ended = false;

  const open = (): EpisodeSpec => {
    if (closed) throw new VlaError('bad-argument', 'flatland: expected an open world, got a closed one.');
    if (spec === null) throw new VlaError('bad-argument', 'flatland: expected a reset before anything else.');
    return spec;
  };
  const touched = (): number =>
    dots.findIndex(({ at }) => Math.hypot(at[0] - position[0], at[1] - position[1]) < RADIUS);
  const instruction = ({ task, phrasing, instructionTarget }: EpisodeSpec): string => {
    const { colour } = dots[instructionTarget === 'other' ? 1 : 0]!;
    const verb =
      phrasing === 'held-out' ? { touch: 'reach for', stay: 'rest on' } : { touch: 'touch', stay: 'stay on' };
    return `${lookUp('task', task, verb)} the ${colour} dot`;
  };

  const judge = (episode: EpisodeSpec): Outcome => {
    const dot = touched();
    if (dot > 0) return 'wrong';
    stayed = dot === 0 ? stayed + 1 : 0;
    if (stayed >= (episode.task === 'stay' ? STAY_TICKS : 1)) return 'success';
    if (Math.hypot(...position) > 2) return 'failure';
    return ticks >= TASKS[episode.task as keyof typeof TASKS] ? 'timeout' : 'running';
  };

  return {
    name: 'flatland',
    embodiment: flatlandEmbodiment(imageSize),
    tasks: Object.keys(TASKS),
    perturbations: ['dim', 'wind'],
    subtasks: ['go'],
    maxSteps: (task) => lookUp('task', task, TASKS),
    async reset(episode) {
      if (closed) throw new VlaError('bad-argument', 'flatland: expected an open world, got a closed one.');
      lookUp('task', episode.task, TASKS);
      if (episode.perturbation !== undefined) lookUp('perturbation', episode.perturbation, { dim: 1, wind: 1 });
      ended = false;
      if (++resets === options.breakAtReset) throw new Error('the world broke');
      const random = new Random(episode.seed, episode.task === 'touch' ? 1 : 2);
      const colours = random.shuffle(Object.keys(COLOURS) as Colour[]);
      const around = random.uniform() * 2 * Math.PI;
      spec = { ...episode };
      position = [random.range(-0.2, 0.2), random.range(-0.2, 0.2)];
      dots = colours.map((colour, i) => {
        const angle = around + (i * 2 * Math.PI) / colours.length;
        return { colour, at: [0.7 * Math.cos(angle), 0.7 * Math.sin(angle)] };
      });
      [ticks, stayed] = [0, 0];
    },
    async observe() {
      const episode = open();
      const light = episode.perturbation === 'dim' ? 0.25 : 1;
      const data = new Uint8Array(imageSize * imageSize * 3);
      for (let i = 0; i < imageSize * imageSize; i++) {
        const x = ((i % imageSize) + 0.5) / (imageSize / 2) - 1;
        const y = 1 - (Math.floor(i / imageSize) + 0.5) / (imageSize / 2);
        const near = (at: readonly [number, number]): boolean => Math.hypot(at[0] - x, at[1] - y) < RADIUS;
        const dot = dots.find(({ at }) => near(at));
        const colour = near(position) ? [240, 240, 240] : dot === undefined ? [30, 30, 30] : COLOURS[dot.colour];
        for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(colour[c]! * light);
      }
      return {
        images: { front: { width: imageSize, height: imageSize, data } },
        state: Float32Array.from(position),
        instruction: instruction(episode),
      };
    },
    async step(action): Promise<Outcome> {
      const episode = open();
      if (ended) throw new VlaError('bad-argument', 'flatland: expected a running episode, got one that ended.');
      if (action.length !== 2) throw new VlaError('bad-shape', `flatland: expected 2 numbers, got ${action.length}.`);
      const bad = Array.from(action).find((value) => !Number.isFinite(value));
      if (bad !== undefined) throw new VlaError('not-finite', `flatland: got ${bad} as action.`);
      for (let i = 0; i < 2; i++) position[i]! += SPEED * Math.min(1, Math.max(-1, action[i]!));
      if (episode.perturbation === 'wind') position[0] -= 0.8 * SPEED;
      ticks++;
      const outcome = judge(episode);
      ended = outcome !== 'running';
      return outcome;
    },
    expert() {
      open();
      return towards(position, dots[0]!.at);
    },
    privileged() {
      const { at } = dots[0]!;
      return {
        handPosition: [position[0]!, position[1]!, 0],
        targetPosition: [at[0], at[1], 0],
        targetHeading: null,
        goalPosition: null,
        targetBox: { front: null },
        goalBox: { front: null },
        subtask: 'go',
      };
    },
    async close() {
      closed = true;
    },
  };
}

/** The action that moves from one place to another at full speed, without passing it. */
export function towards(from: readonly number[], to: readonly number[]): Float32Array {
  const [dx, dy] = [to[0]! - from[0]!, to[1]! - from[1]!];
  const scale = 1 / Math.max(SPEED, Math.hypot(dx, dy));
  return Float32Array.of(dx * scale, dy * scale);
}
