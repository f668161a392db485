/** @file Pull: the hand takes hold of a thing and draws it straight over the table. */

import type { Random } from '../../../base/random.ts';
import { gripHeight, gripYaws, line, passHeight, pickUp, symmetryOf, type Motion } from '../motion.ts';
import type { RobotArm } from '../robot.ts';
import { GRASPABLE, radians, type SceneObject } from '../scene.ts';
import { SceneDraft, type Draft, type Template } from '../template.ts';
import { called, drawPace, drawVoice, inFull, instructionOf, introduction } from '../wording.ts';
import { drawWay, type Way } from './straight.ts';

/** Towards the robot and to the sides. */
const DEGREES = [180, 180, 90, -90, 120, -120, 135, -135, 150, -150];

/** The template. */
export const pull: Template = { name: 'pull', draw };

function draw(robot: RobotArm, random: Random): Draft | null {
  const scene = new SceneDraft(robot, random);
  const voice = drawVoice(random);
  const way = drawWay(scene, GRASPABLE, DEGREES, voice, robot, random);
  if (way === null) return null;
  const pass = passHeight(scene.objects);
  const avoid = scene.obstacle(voice);
  const object = scene.objects[way.object]!;
  const inline = random.uniform() < 0.5;
  const pace = drawPace(random);
  const thing = inline ? inFull(object, voice) : called(object);
  const verb = random.pick(['pull', 'drag', 'draw', 'tug']);
  return {
    objects: scene.objects,
    pace,
    instruction: instructionOf(
      [...(inline ? [] : [introduction(object, voice, random)]), ...way.sentences, ...avoid],
      random.pick([
        `${verb} ${thing} ${way.words}`,
        `take hold of ${thing} and ${verb} it ${way.words} over the table`,
        `grasp ${thing} and ${verb} it ${way.words} without lifting it`,
      ]),
      pace,
      random,
    ),
    programs: gripYaws(object).map((yaw) => motions(object, way, yaw, pass)),
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

function motions(object: SceneObject, { object: index, goal }: Way, yaw: number, pass: number): Motion[] {
  const grip = gripHeight(object);
  return [
    ...pickUp(object, index, yaw, pass).slice(0, -1),
    line([...goal, grip], yaw, [index]),
    { kind: 'open' },
    line([...goal, pass], yaw, [index]),
  ];
}
