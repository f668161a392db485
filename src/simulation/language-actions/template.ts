/** @file What a task template is: it draws a scene, says in words what is to be done, and names the motions that do it. */

import type { Random } from '../../base/random.ts';
import type { Goal, Motion } from './motion.ts';
import type { RobotArm } from './robot.ts';
import { drawObject, drawPlace, OBSTACLE, outline, type Kind, type Place, type SceneObject } from './scene.ts';
import { inFull, type Pace, type Voice } from './wording.ts';

/** A drawn task. */
export interface Draft {
  readonly objects: readonly SceneObject[];
  readonly instruction: string;
  readonly pace: Pace;
  /** Motions that do it; the first that can be planned is taken. */
  readonly programs: readonly (readonly Motion[])[];
  readonly goals: readonly Goal[];
}

/** A family of tasks. */
export interface Template {
  /** As in `--templates`. */
  readonly name: string;
  /** null when the scene that was drawn has no room for the task; draw again. */
  draw(robot: RobotArm, random: Random): Draft | null;
}

/** A scene while it is being drawn: things, and places that must stay free. */
export class SceneDraft {
  readonly objects: SceneObject[] = [];
  readonly taken: { readonly place: Place; readonly radius: number }[] = [];
  private readonly robot: RobotArm;
  private readonly random: Random;

  constructor(robot: RobotArm, random: Random) {
    this.robot = robot;
    this.random = random;
  }

  /** Adds a thing at a free place (or at `place`); null when there is no room. Gives its index. */
  add(kinds: readonly Kind[], turn: number, place?: Place): number | null {
    const object = drawObject(kinds, place ?? [0, 0], turn, this.objects, this.random);
    const radius = outline(object);
    const at = place ?? drawPlace(this.robot, this.random, radius, this.taken);
    if (at === null) return null;
    this.taken.push({ place: at, radius });
    return this.objects.push({ ...object, place: at }) - 1;
  }

  /** Keeps a free place free; null when there is none. */
  keep(radius: number): Place | null {
    const place = drawPlace(this.robot, this.random, radius, this.taken);
    if (place !== null) this.taken.push({ place, radius });
    return place;
  }

  /** Perhaps something tall in the way; gives the sentence about it. Comes last: the other things are drawn without it. */
  obstacle(voice: Voice): string[] {
    if (this.random.uniform() >= OBSTACLE_SHARE) return [];
    const index = this.add([OBSTACLE], 0);
    if (index === null) return [];
    const words = this.random.pick(['avoid', 'keep clear of', 'do not touch', 'go around', 'mind']);
    return [`${words} ${inFull(this.objects[index]!, voice)}`];
  }
}

/** In this share of the scenes something tall stands on the table. */
const OBSTACLE_SHARE = 0.3;

/** A multiple of 15 degrees in [−90, 90]. */
export function drawTurn(random: Random): number {
  return 15 * (random.integer(13) - 6);
}
