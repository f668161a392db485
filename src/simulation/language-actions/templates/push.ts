/** @file Push: the closed hand goes down behind a thing and pushes it straight over the table. */

import type { Random } from '../../../base/random.ts';
import { gripHeight, line, passHeight, symmetryOf, type Motion } from '../motion.ts';
import { FINGER_RADIUS, type RobotArm } from '../robot.ts';
import { PUSHABLE, radians, type SceneObject } from '../scene.ts';
import { SceneDraft, type Draft, type Template } from '../template.ts';
import { called, drawPace, drawVoice, inFull, instructionOf, introduction } from '../wording.ts';
import { along, drawWay, type Way } from './straight.ts';

/** The hand goes down this far behind the place where it meets the thing, and leaves it by as much; metres. */
const BEHIND = 0.03;
const DEGREES = [0, 90, -90, 180, 30, -30, 45, -45, 60, -60, 120, -120];

/** The template. */
export const push: Template = { name: 'push', draw };

function draw(robot: RobotArm, random: Random): Draft | null {
  const scene = new SceneDraft(robot, random);
  const voice = drawVoice(random);
  const way = drawWay(scene, PUSHABLE, DEGREES, voice, robot, random);
  if (way === null) return null;
  const pass = passHeight(scene.objects);
  const avoid = scene.obstacle(voice);
  const object = scene.objects[way.object]!;
  const inline = random.uniform() < 0.5;
  const pace = drawPace(random);
  const verb = random.pick(['push', 'shove', 'slide', 'nudge', 'push away']);
  const thing = inline ? inFull(object, voice) : called(object);
  return {
    objects: scene.objects,
    pace,
    instruction: instructionOf(
      [...(inline ? [] : [introduction(object, voice, random)]), ...way.sentences, ...avoid],
      random.pick([
        `${verb === 'push away' ? 'push' : verb} ${thing} ${way.words} with the closed gripper`,
        `close the gripper and push ${thing} ${way.words}`,
        `move ${thing} ${way.words} by pushing it`,
      ]),
      pace,
      random,
    ),
    // The hand's x along the way; turned by half a turn its fingers do the same.
    programs: handYaws(way.direction).map((yaw) => motions(object, way, yaw, pass)),
    goals: [
      {
        object: way.object,
        position: [...way.goal, object.size[2] / 2],
        yaw: radians(object.turn),
        period: symmetryOf(object),
      },
    ],
  };
}

function motions(object: SceneObject, way: Way, yaw: number, pass: number): Motion[] {
  const half = halfAlong(object, way.direction);
  const height = gripHeight(object);
  const at = (distance: number): readonly [number, number] =>
    along(object.place, way.direction, distance - half - FINGER_RADIUS);
  const [start, contact, end] = [at(-BEHIND), at(0), at(way.distance)];
  const leave = at(way.distance - BEHIND);
  return [
    { kind: 'close', object: null },
    { kind: 'move', pose: { position: [...start, pass], yaw } },
    line([...start, height], yaw, []),
    line([...contact, height], yaw, [way.object]),
    line([...end, height], yaw, [way.object], way.object),
    line([...leave, height], yaw, [way.object]),
    line([...leave, pass], yaw, []),
    { kind: 'open' },
  ];
}

/** Half its size along a direction, which for cuboids is one of its axes. */
function halfAlong({ size, round, turn }: SceneObject, direction: number): number {
  if (round) return size[0] / 2;
  return Math.abs(Math.cos(direction - radians(turn))) > 0.5 ? size[0] / 2 : size[1] / 2;
}

/** The turns of the hand that lay its fingers across a direction, the smaller one first. */
export function handYaws(direction: number): number[] {
  const turned = direction > 0 ? direction - Math.PI : direction + Math.PI;
  return Math.abs(direction) <= Math.abs(turned) ? [direction, turned] : [turned, direction];
}
