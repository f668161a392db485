/** @file What a base is asked to do in a room: go to a landmark, stop at a side of one, or one after the other. */

import type { Random } from '../../base/random.ts';
import { drawUntil } from '../tabletop/draw.ts';
import type { Phrasings } from '../tabletop/task.ts';
import { apartBy, distanceTo, type Point } from './planar.ts';
import { BASE_RADIUS, drawRoom, isFree, LANDMARK_RADIUS, landmarkName, outline, wayThrough } from './room.ts';
import type { Landmark, Room } from './room.ts';

/** Sides of a landmark as it is seen from the start, with the direction in the frame whose x points from the start to it. */
export const SIDES = [
  { name: 'left of', direction: [0, 1] },
  { name: 'right of', direction: [0, -1] },
  { name: 'in front of', direction: [-1, 0] },
] as const;

/** What an episode is about. */
export interface Errand {
  readonly room: Room;
  /** Index of the landmark that the instruction ends at. */
  readonly target: number;
  /** Index of the landmark to visit before; null: none. */
  readonly first: number | null;
  /** Index into `SIDES`; null: any side. */
  readonly side: number | null;
}

/** A task of the rooms. */
export interface RoomTask {
  readonly name: string;
  /** Longest episode, waypoints. */
  readonly maxSteps: number;
  /** `{object}`: the landmark at the end; `{first}`: the one before; `{side}`: "left of" and so on. */
  readonly phrasings: Phrasings;
  readonly visitsFirst: boolean;
  readonly choosesSide: boolean;
}

/** All tasks of the rooms, the simplest first. */
export const ROOM_TASKS: readonly RoomTask[] = [
  {
    name: 'go-to',
    maxSteps: 50,
    phrasings: {
      train: [
        'go to the {object}',
        'drive to the {object}',
        'move to the {object} and stop',
        'please drive to the {object}',
      ],
      heldOut: ['please go to the {object}', 'drive to the {object} and stop'],
    },
    visitsFirst: false,
    choosesSide: false,
  },
  {
    name: 'stop-beside',
    maxSteps: 60,
    phrasings: {
      train: [
        'stop {side} the {object}',
        'go to the {object} and stop {side} it',
        'move to the place {side} the {object}',
        'please stop {side} the {object}',
      ],
      heldOut: ['go to the place {side} the {object}', 'please move to the {object} and stop {side} it'],
    },
    visitsFirst: false,
    choosesSide: true,
  },
  {
    name: 'visit',
    maxSteps: 90,
    phrasings: {
      train: [
        'go to the {first}, then stop {side} the {object}',
        'drive to the {first}, then go {side} the {object}',
        'first go to the {first}, then stop {side} the {object}',
        'please drive to the {first}, then stop {side} the {object}',
      ],
      heldOut: [
        'please go to the {first}, then go {side} the {object}',
        'first drive to the {first}, then stop {side} the {object}',
      ],
    },
    visitsFirst: true,
    choosesSide: true,
  },
];

/** Words for what the base does, for supervision. */
export const ROOM_SUBTASKS = ['go to the first', 'go to the goal', 'stop'] as const;

/** A goal is reached within this distance, metres; R2R and RxR use 3 m in whole houses. */
export const GOAL_RADIUS = 0.4;
/** Room between the base and the landmark at a place beside it, metres. */
const BESIDE = 0.35;
/** How near the base's middle comes to the outline of a landmark that it was sent to, metres. */
const ARRIVED = BASE_RADIUS + 0.2;

/** The place at a side of a landmark, as seen from the start; metres. */
export function placeBeside({ start }: Room, { x, y, shape }: Landmark, side: number): Point {
  const [ahead, left] = SIDES[side]!.direction;
  const length = apartBy([x, y], [start.x, start.y]);
  const [ex, ey] = [(x - start.x) / length, (y - start.y) / length];
  const reach = LANDMARK_RADIUS[shape] + BASE_RADIUS + BESIDE;
  return [x + reach * (ahead * ex - left * ey), y + reach * (ahead * ey + left * ex)];
}

/** Metres that the base at `point` is away from where landmark `index` is done with: any of its sides, or the one asked for. */
export function distanceToGoal(room: Room, index: number, side: number | null, point: Point): number {
  const landmark = room.landmarks[index]!;
  if (side === null) return Math.max(0, distanceTo(outline(landmark), point) - ARRIVED);
  return apartBy(point, placeBeside(room, landmark, side));
}

/** The place that the expert makes for: the side asked for, or the nearest free place around the landmark. */
export function goalPlace(room: Room, index: number, side: number | null, from: Point): Point {
  const landmark = room.landmarks[index]!;
  if (side !== null) return placeBeside(room, landmark, side);
  const reach = LANDMARK_RADIUS[landmark.shape] * (landmark.shape === 'box' ? Math.SQRT2 : 1) + ARRIVED;
  const around = Array.from({ length: 12 }, (_, i): Point => {
    const angle = (i / 12) * 2 * Math.PI;
    return [landmark.x + reach * Math.cos(angle), landmark.y + reach * Math.sin(angle)];
  });
  const free = around.filter((point) => isFree(room, point, 0.1));
  return free.reduce((best, point) => (apartBy(point, from) < apartBy(best, from) ? point : best));
}

/** Draws a room and what is to be done there: every place that could be asked for can be reached, and they are apart. */
export function drawErrand({ visitsFirst, choosesSide }: RoomTask, random: Random): Errand {
  return drawUntil(
    () => {
      const room = drawRoom(random);
      const [target, other] = random.shuffle([...room.landmarks.keys()]);
      const side = random.integer(SIDES.length);
      return { room, target: target!, first: visitsFirst ? other! : null, side: choosesSide ? side : null };
    },
    ({ room }) => {
      const { landmarks, start } = room;
      const places = landmarks.map((landmark) => SIDES.map((_, side) => placeBeside(room, landmark, side)));
      return places.every((own, i) =>
        own.every(
          (place) =>
            isFree(room, place, 0.12) &&
            wayThrough(room, [start.x, start.y], place) !== null &&
            places.every((others, j) => j === i || others.every((one) => apartBy(one, place) > 2 * GOAL_RADIUS)),
        ),
      );
    },
  );
}

/** The landmarks that an instruction may name in place of the target. */
export function alternatives({ room, target, first }: Errand): number[] {
  return [...room.landmarks.keys()].filter((index) => index !== target && index !== first);
}

/** The sentence that names landmark `object` as the one to end at. */
export function roomInstruction(
  { phrasings }: RoomTask,
  { room, first, side }: Errand,
  object: number,
  phrasing: 'train' | 'held-out',
  random: Random,
): string {
  const name = (index: number): string => landmarkName(room.landmarks[index]!);
  return random
    .pick(phrasing === 'train' ? phrasings.train : phrasings.heldOut)
    .replace('{object}', name(object))
    .replace('{first}', first === null ? '' : name(first))
    .replace('{side}', side === null ? '' : SIDES[side]!.name);
}
