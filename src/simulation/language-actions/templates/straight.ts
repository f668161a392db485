/** @file Straight ways over the table, as pushing and pulling share them: a direction, a distance and how both are said. */

import type { Random } from '../../../base/random.ts';
import type { RobotArm } from '../robot.ts';
import { GRASPABLE, isClear, onGrid, outline, radians, within, type Kind, type Place } from '../scene.ts';
import type { SceneDraft } from '../template.ts';
import { called, directionWords, introduction, type Voice } from '../wording.ts';

/** A straight way. */
export interface Way {
  /** Index of the thing that goes. */
  readonly object: number;
  /** Counter-clockwise from straight ahead, radians. */
  readonly direction: number;
  /** Metres. */
  readonly distance: number;
  readonly goal: Place;
  /** "by 12 cm to the left". */
  readonly words: string;
  readonly sentences: readonly string[];
}

/** Draws a thing of these kinds and where it is to go; null when there is no room. Cuboids go along an axis. */
export function drawWay(
  scene: SceneDraft,
  kinds: readonly Kind[],
  degrees: readonly number[],
  voice: Voice,
  robot: RobotArm,
  random: Random,
): Way | null {
  const object = scene.add(kinds, 0);
  if (object === null) return null;
  const thing = scene.objects[object]!;
  const radius = outline(thing);
  if (thing.round && random.uniform() < 0.3) return towards(scene, object, voice, robot, random);
  const fitting = degrees.filter((one) => thing.round || one % 90 === 0);
  const turn = random.pick(fitting);
  const direction = radians(turn);
  const distance = onGrid(random.range(0.06, 0.25));
  const goal = along(thing.place, direction, distance);
  if (!within(robot, goal)) return null;
  keepWay(scene, thing.place, direction, distance, radius);
  const words = `by ${voice.length(distance)} ${directionWords(turn, voice, random)}`;
  return { object, direction, distance, goal, words, sentences: [] };
}

/** Towards another thing, and how far. */
function towards(scene: SceneDraft, object: number, voice: Voice, robot: RobotArm, random: Random): Way | null {
  const anchor = scene.add(GRASPABLE, 0);
  if (anchor === null) return null;
  const [thing, other] = [scene.objects[object]!, scene.objects[anchor]!];
  const [dx, dy] = [other.place[0] - thing.place[0], other.place[1] - thing.place[1]];
  const direction = Math.atan2(dy, dx);
  const room = Math.hypot(dx, dy) - outline(thing) - outline(other) - 0.05;
  if (room < 0.06) return null;
  const distance = onGrid(random.range(0.06, Math.min(room, 0.25)));
  const goal = along(thing.place, direction, distance);
  if (
    !within(robot, goal) ||
    !isClear(goal, outline(thing), scene.taken.slice(0, object).concat(scene.taken.slice(object + 1)))
  ) {
    return null;
  }
  keepWay(scene, thing.place, direction, distance, outline(thing));
  return {
    object,
    direction,
    distance,
    goal,
    words: `by ${voice.length(distance)} ${random.pick(['towards', 'in the direction of'])} ${called(other)}`,
    sentences: [introduction(other, voice, random)],
  };
}

/** The place so far from another. */
export function along([x, y]: Place, direction: number, distance: number): Place {
  return [x + distance * Math.cos(direction), y + distance * Math.sin(direction)];
}

/** Nothing is put on the way afterwards. */
function keepWay(scene: SceneDraft, from: Place, direction: number, distance: number, radius: number): void {
  for (let way = 0; way <= distance; way += 0.03) scene.taken.push({ place: along(from, direction, way), radius });
}
