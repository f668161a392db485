/**
 * @file The other robots of the mixtures: recipes that record their demonstrations (`vlakit record six-joint`), and as members of a
 * mixture with cameras, statistics and prompts of their own.
 */

import type { CameraConfig } from '../../src/codec/codec-config.ts';
import { WORLDS } from '../../src/simulation/worlds.ts';
import type { CodecRecipe, DatasetShare } from '../../src/training/recipe.ts';
import { recordingOf, WORLD_ACTIONS } from '../embodiments.ts';
import { quickstart } from '../quickstart.ts';
import type { Recipe } from '../recipe.ts';
import { MILD, tabletopModel } from '../tabletop-parts.ts';

const IMAGE_SIZE = 64;
/** Sizes of the padded vectors when a robot is trained for alone. */
const VECTOR_SIZE = 16;

/** A robot: its world, what it is taught, its cameras and how it is recorded. */
interface Robot {
  readonly world: string;
  readonly summary: string;
  readonly tasks: readonly string[];
  readonly episodes: number;
  readonly cameras: readonly (readonly [name: string, label: string, side: number])[];
  /** Actions of a chunk: about half a second, of a base on wheels four seconds. */
  readonly horizon: number;
}

const ROBOTS: readonly Robot[] = [
  {
    world: 'six-joint',
    summary: 'a 6-joint arm at the tabletop, told joint angles',
    tasks: ['touch', 'push', 'lift'],
    episodes: 600,
    cameras: [
      ['side', 'ego', IMAGE_SIZE],
      ['wrist', 'cam_right_wrist', IMAGE_SIZE / 2],
    ],
    horizon: 8,
  },
  {
    world: 'two-arms',
    summary: 'two arms at the tabletop, tasks that need both',
    tasks: WORLDS['two-arms']!.tasks,
    episodes: 450,
    cameras: [
      ['ego', 'ego', IMAGE_SIZE],
      ['left_wrist', 'cam_left_wrist', IMAGE_SIZE / 2],
      ['right_wrist', 'cam_right_wrist', IMAGE_SIZE / 2],
    ],
    horizon: 8,
  },
  {
    world: 'rooms',
    summary: 'a base on wheels in rooms of landmarks, told waypoints',
    tasks: WORLDS['rooms']!.tasks,
    episodes: 900,
    cameras: [['ego', 'ego', IMAGE_SIZE]],
    horizon: 8,
  },
];

const cameraOf = (name: string, label: string, side: number): CameraConfig => ({
  name,
  label,
  steps: side === IMAGE_SIZE ? [] : [{ kind: 'resize', width: side, height: side, filter: 'bilinear' }],
  width: side,
  height: side,
  patch: 4,
  merge: 2,
  temporal: 1,
  augmentation: MILD,
});

/** A recipe per robot: the quickstart's, in its world. */
export const robotRecipes: readonly Recipe[] = ROBOTS.map(
  ({ world, summary, tasks, episodes, cameras, horizon }): Recipe => {
    const model = tabletopModel(4, undefined, { actionDim: VECTOR_SIZE, stateDim: VECTOR_SIZE });
    return {
      ...quickstart,
      name: world,
      summary: `${summary}: record, train and measure`,
      record: { ...recordingOf(world, episodes, 1, IMAGE_SIZE), tasks, annotations: true },
      data: { ...quickstart.data, datasets: [{ ...quickstart.data.datasets[0]!, root: `data/${world}` }] },
      codec: {
        ...quickstart.codec,
        cameras: cameras.map((camera) => cameraOf(...camera)),
        reference: WORLD_ACTIONS[world]!.reference,
        stateSize: VECTOR_SIZE,
        actionSize: VECTOR_SIZE,
        horizon,
        instructionTokens: 32,
        supervision: [],
      },
      model: { ...model, config: { ...model.config, supervision: {} } },
      evaluation: { ...quickstart.evaluation!, tasks, conditions: ['base'], execute: horizon },
    };
  },
);

/** A robot's demonstrations as a member of a mixture; `codec` changes what its robot asks for. */
export function robotShare(world: string, samplesPerStep: number, codec: Partial<CodecRecipe> = {}): DatasetShare {
  const { cameras, horizon } = ROBOTS.find((robot) => robot.world === world)!;
  return {
    root: `data/${world}`,
    episodes: 'all',
    heldOut: [],
    samplesPerStep,
    own: {
      codec: {
        cameras: cameras.map((camera) => cameraOf(...camera)),
        horizon,
        reference: WORLD_ACTIONS[world]!.reference,
        supervision: [],
        instructionTokens: 32,
        ...codec,
      },
    },
  };
}
