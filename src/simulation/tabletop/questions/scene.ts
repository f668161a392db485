/** @file What the first camera (of the tabletop: front) sees of a world, in words, places and boxes: what questions are made of. */

import type { Vector3 } from '../../../base/rotation.ts';
import { cameraOf } from '../../rendering/camera.ts';
import { isAround, isHeld } from '../grasp.ts';
import { objectName, type PlacedMark } from '../layout.ts';
import { markName } from '../narration.ts';
import { paintedGeoms } from '../objects.ts';
import type { Box, Look, Views } from '../views.ts';
import type { TableRobot } from '../robot-model.ts';
import type { World } from '../world.ts';

/** A thing on the table, or a mark. */
export interface SceneThing {
  /** "red cube", "blue pad", "dark zone". */
  readonly name: string;
  readonly colour: string;
  readonly noun: string;
  readonly isMark: boolean;
  /** The centre (of a drawer: its knob), metres, base frame. */
  readonly position: Vector3;
  /** The place on the table as the camera sees it: to its right and away from it, metres; the origin is the robot's. */
  readonly place: readonly [right: number, away: number];
  /** Fractions of the image, as if nothing hid it; of a drawer the coloured parts. Null where nothing of it is seen. */
  readonly box: Box | null;
  /** `clear`: the box is what a person would draw. */
  readonly view: 'clear' | 'partly' | 'hidden';
}

/** A scene at one instant. */
export interface SeenScene {
  readonly things: readonly SceneThing[];
  readonly gripper: {
    /** Between the pads, metres; open is 0.08. */
    readonly gap: number;
    /** The name of the thing that the fingers are closed on; null when there is none. */
    readonly holds: string | null;
    /** Whether a thing is between the fingers, closed on it or not. */
    readonly isAround: boolean;
  };
}

/** A side of the visible part may lie so far inside the box: in samples, or as a share of the box's side. */
const INSET_SAMPLES = 2;
const INSET_SHARE = 0.15;
/** Of the samples in the box at least this share shows the thing, and at least so many do. A box turned by 45 degrees fills 0.45. */
const LEAST_SHARE = 0.3;
const LEAST_SAMPLES = 16;

/** Looks at the world; `views` has drawn it as it is now. */
export function seenScene(world: World<TableRobot>, views: Views): SeenScene {
  const { sim, layout, robot } = world;
  const camera = world.model.cameras[0]!.name;
  const toPlace = groundAxes(cameraOf(sim, sim.id('camera', camera)).orientation);
  const thing = (
    words: Pick<SceneThing, 'name' | 'colour' | 'noun' | 'isMark'>,
    position: Vector3,
    geoms: readonly string[],
  ): SceneThing => {
    const look = views.look(world, geoms, camera);
    const view = look === null ? 'hidden' : isClear(look) ? 'clear' : 'partly';
    return { ...words, position, place: toPlace(position), box: look?.box ?? null, view };
  };
  const objects = layout.objects.map((object, i) =>
    thing(
      { name: objectName(object), colour: object.colour, noun: object.shape, isMark: false },
      world.position(i),
      paintedGeoms(object.shape, `object${i}`),
    ),
  );
  const marks = layout.marks.map((mark, i) => thing(markWords(mark), [mark.x, mark.y, 0], [`mark${i}`]));
  const held = layout.objects.findIndex((_, i) => isHeld(world, i));
  return {
    things: [...objects, ...marks],
    gripper: {
      gap: robot.handAt(world.position(layout.target)).gap(),
      holds: objects[held]?.name ?? null,
      isAround: layout.objects.some((_, i) => isAround(world, i)),
    },
  };
}

function markWords(mark: PlacedMark): Pick<SceneThing, 'name' | 'colour' | 'noun' | 'isMark'> {
  const name = markName(mark);
  const [colour, noun] = name.split(' ') as [string, string];
  return { name, colour, noun, isMark: true };
}

/** From a place to how far it lies to the right in the picture, and away from the camera, along the table. */
function groundAxes(r: Float64Array): (position: Vector3) => [right: number, away: number] {
  const right = unit(r[0]!, r[3]!);
  // The camera looks along −z of its frame.
  const away = unit(-r[2]!, -r[5]!);
  return ([x, y]) => [right[0] * x + right[1] * y, away[0] * x + away[1] * y];
}

function unit(x: number, y: number): [number, number] {
  const length = Math.hypot(x, y);
  return [x / length, y / length];
}

function isClear({ box, seen, samples, sample }: Look): boolean {
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  if (samples < LEAST_SAMPLES || samples < (LEAST_SHARE * width * height) / sample ** 2) return false;
  return box.every((side, k) => {
    const allowed = Math.max(INSET_SAMPLES * sample, INSET_SHARE * (k % 2 === 0 ? width : height));
    return Math.abs(side - seen[k]!) <= allowed;
  });
}
