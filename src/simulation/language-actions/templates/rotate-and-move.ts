/** @file Rotate with repositioning: a thing is turned by an angle and put somewhere else. */

import type { Random } from '../../../base/random.ts';
import { gripYawsFor, passHeight, pickUp, putDown, symmetryOf } from '../motion.ts';
import type { RobotArm } from '../robot.ts';
import { FACING, GRASPABLE, outline, radians } from '../scene.ts';
import { drawTurn, SceneDraft, type Draft, type Template } from '../template.ts';
import { called, drawPace, drawVoice, inFull, instructionOf, introduction } from '../wording.ts';

const CORNERED = [...GRASPABLE, ...FACING].filter(({ round, front }) => !round && front === null);

/** The template. */
export const rotateAndMove: Template = { name: 'rotate-and-move', draw };

function draw(robot: RobotArm, random: Random): Draft | null {
  const scene = new SceneDraft(robot, random);
  const voice = drawVoice(random);
  const index = scene.add(CORNERED, drawTurn(random));
  if (index === null) return null;
  const place = scene.keep(outline(scene.objects[index]!));
  if (place === null) return null;
  const pass = passHeight(scene.objects);
  const avoid = scene.obstacle(voice);
  const object = scene.objects[index]!;
  const degrees = 15 * (2 + random.integer(9)) * (random.uniform() < 0.5 ? 1 : -1);
  const inline = random.uniform() < 0.5;
  const pace = drawPace(random);
  const thing = inline ? inFull(object, voice) : called(object);
  const angle = `${voice.angle(Math.abs(degrees))} ${degrees > 0 ? 'counter-clockwise' : 'clockwise'}`;
  const turn = random.pick(['turn', 'rotate', 'spin']);
  return {
    objects: scene.objects,
    pace,
    instruction: instructionOf(
      [...(inline ? [] : [introduction(object, voice, random)]), ...avoid],
      random.pick([
        `${turn} ${thing} by ${angle} and move it ${voice.to(place)}`,
        `pick up ${thing}, ${turn} it ${angle} and put it down ${voice.at(place)}`,
        `move ${thing} ${voice.to(place)}, ${turn === 'turn' ? 'turning' : 'rotating'} it ${angle} on the way`,
      ]),
      pace,
      random,
    ),
    programs: gripYawsFor(object, radians(degrees)).map((yaw) => [
      ...pickUp(object, index, yaw, pass),
      ...putDown(object, index, place, yaw + radians(degrees), pass),
    ]),
    goals: [
      {
        object: index,
        position: [...place, object.size[2] / 2],
        yaw: radians(object.turn + degrees),
        period: symmetryOf(object),
      },
    ],
  };
}
