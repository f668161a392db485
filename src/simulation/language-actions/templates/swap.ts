/** @file Swap: two things change places, by way of a free spot that the text names. */

import type { Random } from '../../../base/random.ts';
import { gripYaws, passHeight, pickUp, putDown, symmetryOf } from '../motion.ts';
import type { RobotArm } from '../robot.ts';
import { GRASPABLE, outline, radians } from '../scene.ts';
import { SceneDraft, type Draft, type Template } from '../template.ts';
import { called, drawPace, drawVoice, inFull, instructionOf, introduction } from '../wording.ts';

/** The template. */
export const swap: Template = { name: 'swap', draw };

function draw(robot: RobotArm, random: Random): Draft | null {
  const scene = new SceneDraft(robot, random);
  const voice = drawVoice(random);
  const [first, second] = [scene.add(GRASPABLE, 0), scene.add(GRASPABLE, 0)];
  if (first === null || second === null) return null;
  const [a, b] = [scene.objects[first]!, scene.objects[second]!];
  // Each stands where the other stood: both spots are as large as the larger one.
  const radius = Math.max(outline(a), outline(b));
  for (const { place } of [a, b]) scene.taken.push({ place, radius });
  const spot = scene.keep(radius);
  if (spot === null) return null;
  const pass = passHeight(scene.objects);
  const avoid = scene.obstacle(voice);
  const inline = random.uniform() < 0.5;
  const pace = drawPace(random);
  const [one, other] = inline ? [inFull(a, voice), inFull(b, voice)] : [called(a), called(b)];
  const by = random.pick([
    `first put ${called(a)} ${voice.at(spot)}`,
    `use the free spot ${voice.at(spot)} for ${called(a)} in between`,
    `set ${called(a)} aside ${voice.at(spot)} first`,
  ]);
  return {
    objects: scene.objects,
    pace,
    instruction: instructionOf(
      [...(inline ? [] : [introduction(a, voice, random), introduction(b, voice, random)]), ...avoid],
      `${random.pick([
        `swap ${one} and ${other}`,
        `exchange the positions of ${one} and ${other}`,
        `let ${one} and ${other} change places`,
        `switch ${one} with ${other}`,
      ])}; ${by}`,
      pace,
      random,
    ),
    programs: gripYaws(a)
      .slice(0, 2)
      .flatMap((yawA) =>
        gripYaws(b)
          .slice(0, 2)
          .map((yawB) => [
            ...pickUp(a, first, yawA, pass),
            ...putDown(a, first, spot, yawA, pass),
            ...pickUp(b, second, yawB, pass),
            ...putDown(b, second, a.place, yawB, pass),
            ...pickUp(a, first, yawA, pass, spot),
            ...putDown(a, first, b.place, yawA, pass),
          ]),
      ),
    goals: [
      { object: first, position: [...b.place, a.size[2] / 2], yaw: radians(a.turn), period: symmetryOf(a) },
      { object: second, position: [...a.place, b.size[2] / 2], yaw: radians(b.turn), period: symmetryOf(b) },
    ],
  };
}
