/** @file Rotate toward a viewpoint: a thing with a front is turned on its spot until it faces what the text names. */

import type { Random } from '../../../base/random.ts';
import { wrapAngle } from '../../../base/rotation.ts';
import { gripHeight, gripYawsFor, line, passHeight, pickUp, symmetryOf, type Motion } from '../motion.ts';
import type { RobotArm } from '../robot.ts';
import { FACING, GRASPABLE, radians, type Place, type SceneObject } from '../scene.ts';
import { SceneDraft, type Draft, type Template } from '../template.ts';
import {
  called,
  DIRECTIONS,
  directionWords,
  drawPace,
  drawVoice,
  inFull,
  instructionOf,
  introduction,
  type Voice,
} from '../wording.ts';

/** What the thing is to face, as a direction (radians) and in words. */
interface View {
  readonly direction: number;
  readonly words: string;
  readonly sentences: readonly string[];
}

/** So far it is lifted to be turned, metres. */
const LIFT = 0.02;
/** Less than this is no turn, radians. */
const LEAST_TURN = 0.3;

/** The template. */
export const rotateToView: Template = { name: 'rotate-to-view', draw };

function draw(robot: RobotArm, random: Random): Draft | null {
  const scene = new SceneDraft(robot, random);
  const voice = drawVoice(random);
  const facing = 30 * (random.integer(12) - 5);
  const index = scene.add(FACING, facing);
  if (index === null) return null;
  const object = scene.objects[index]!;
  const view = drawView(scene, object, voice, random);
  if (view === null) return null;
  const turnBy = wrapAngle(view.direction - radians(facing));
  if (Math.abs(turnBy) < LEAST_TURN) return null;
  const pass = passHeight(scene.objects);
  const avoid = scene.obstacle(voice);
  const inline = random.uniform() < 0.5;
  const pace = drawPace(random);
  const thing = inline ? inFull(object, voice) : called(object);
  const now = `its ${object.front} points ${directionWords(facing, voice, random)}`;
  const turn = random.pick(['turn', 'rotate']);
  return {
    objects: scene.objects,
    pace,
    instruction: instructionOf(
      [
        inline ? now.replace('its', `the ${object.noun}’s`) : `${introduction(object, voice, random)}; ${now}`,
        ...view.sentences,
        ...avoid,
      ],
      random
        .pick([
          `${turn} ${thing} so that its ${object.front} faces ${view.words}`,
          `${turn} ${thing} until its ${object.front} points to ${view.words}`,
          `make the ${object.front} of ${thing} face ${view.words}`,
        ])
        .replace('points to to', 'points to'),
      pace,
      random,
    ),
    programs: gripYawsFor(object, turnBy).map((yaw) => motions(object, index, yaw, turnBy, pass)),
    goals: [
      {
        object: index,
        position: [...object.place, object.size[2] / 2],
        yaw: view.direction,
        period: symmetryOf(object),
      },
    ],
  };
}

function drawView(scene: SceneDraft, object: SceneObject, voice: Voice, random: Random): View | null {
  const [x, y] = object.place;
  const kind = random.integer(4);
  if (kind === 0) {
    const words = random.pick(['the robot’s base', 'the base of the robot', 'the origin']);
    return { direction: Math.atan2(-y, -x), words, sentences: [] };
  }
  if (kind === 1) {
    const { degrees } = random.pick(DIRECTIONS);
    const sides: Readonly<Record<number, string>> = {
      0: 'the far side',
      90: 'the left side',
      180: 'the near side',
      [-90]: 'the right side',
    };
    return { direction: radians(degrees), words: sides[degrees]!, sentences: [] };
  }
  if (kind === 2) {
    const anchor = scene.add(GRASPABLE, 0);
    if (anchor === null) return null;
    const thing = scene.objects[anchor]!;
    const direction = Math.atan2(thing.place[1] - y, thing.place[0] - x);
    return { direction, words: called(thing), sentences: [introduction(thing, voice, random)] };
  }
  const point: Place | null = scene.keep(0);
  if (point === null) return null;
  return {
    direction: Math.atan2(point[1] - y, point[0] - x),
    words: `the point ${voice.at(point)}`,
    sentences: [],
  };
}

function motions(object: SceneObject, index: number, yaw: number, turnBy: number, pass: number): Motion[] {
  const [x, y] = object.place;
  const grip = gripHeight(object);
  return [
    ...pickUp(object, index, yaw, pass).slice(0, -1),
    line([x, y, grip + LIFT], yaw, [index]),
    line([x, y, grip + LIFT], yaw + turnBy, [index]),
    line([x, y, grip], yaw + turnBy, [index]),
    { kind: 'open' },
    line([x, y, pass], yaw + turnBy, [index]),
  ];
}
