/** @file Pick and place: to a place, beside another thing, into or onto one. */

import type { Random } from '../../../base/random.ts';
import { gripYaws, passHeight, pickUp, putDown, symmetryOf } from '../motion.ts';
import type { RobotArm } from '../robot.ts';
import { CARRIERS, GRASPABLE, isClear, onGrid, outline, radians, within, type Place } from '../scene.ts';
import { drawTurn, SceneDraft, type Draft, type Template } from '../template.ts';
import { called, drawPace, drawVoice, inFull, instructionOf, introduction, SIDES, type Voice } from '../wording.ts';

/** Where the thing goes. */
interface Destination {
  readonly place: Place;
  readonly floor: number;
  readonly under: readonly number[];
  /** "at (42, 10) cm", "into the blue bowl". */
  readonly words: string;
  readonly sentences: readonly string[];
}

/** The template. */
export const pickAndPlace: Template = { name: 'pick-and-place', draw };

function draw(robot: RobotArm, random: Random): Draft | null {
  const scene = new SceneDraft(robot, random);
  const voice = drawVoice(random);
  const index = scene.add(GRASPABLE, drawTurn(random));
  if (index === null) return null;
  const kind = random.integer(3);
  const destination =
    kind === 0
      ? somewhere(scene, voice)
      : kind === 1
        ? beside(scene, voice, robot, random)
        : carried(scene, voice, random);
  if (destination === null) return null;
  const pass = passHeight(scene.objects);
  const avoid = scene.obstacle(voice);
  const object = scene.objects[index]!;
  const inline = random.uniform() < 0.5;
  const pace = drawPace(random);
  const { place, floor, under, words, sentences } = destination;
  return {
    objects: scene.objects,
    pace,
    instruction: instructionOf(
      [...(inline ? [] : [introduction(object, voice, random)]), ...sentences, ...avoid],
      command(inline ? inFull(object, voice) : called(object), words, random),
      pace,
      random,
    ),
    programs: gripYaws(object).map((yaw) => [
      ...pickUp(object, index, yaw, pass),
      ...putDown(object, index, place, yaw, pass, floor, under),
    ]),
    goals: [
      {
        object: index,
        position: [...place, floor + object.size[2] / 2],
        yaw: radians(object.turn),
        period: symmetryOf(object),
      },
    ],
  };
}

function command(thing: string, where: string, random: Random): string {
  const take = random.pick(['pick up', 'grab', 'take', 'lift', 'grasp']);
  const put = random.pick(['put it', 'place it', 'set it', 'lay it down', 'set it down']);
  const place = random.pick(['put', 'place', 'set', 'position']);
  return random.pick([
    `${take} ${thing} and ${put} ${where}`,
    `${place} ${thing} ${where}`,
    `${take} ${thing}, then ${put} ${where}`,
  ]);
}

function somewhere(scene: SceneDraft, voice: Voice): Destination | null {
  const place = scene.keep(outline(scene.objects[0]!));
  return place && { place, floor: 0, under: [], words: voice.at(place), sentences: [] };
}

function beside(scene: SceneDraft, voice: Voice, robot: RobotArm, random: Random): Destination | null {
  const anchor = scene.add(GRASPABLE, 0);
  if (anchor === null) return null;
  const thing = scene.objects[anchor]!;
  const { step, words } = random.pick(SIDES);
  const distance = onGrid(random.range(0.13, 0.25));
  const place: Place = [onGrid(thing.place[0] + step[0] * distance), onGrid(thing.place[1] + step[1] * distance)];
  const radius = outline(scene.objects[0]!);
  if (!within(robot, place) || !isClear(place, radius, scene.taken)) return null;
  scene.taken.push({ place, radius });
  return {
    place,
    floor: 0,
    under: [],
    words: `${voice.length(distance)} ${random.pick(words)} ${called(thing)}`,
    sentences: [introduction(thing, voice, random)],
  };
}

function carried(scene: SceneDraft, voice: Voice, random: Random): Destination | null {
  const { kind, floor, words } = random.pick(CARRIERS);
  const carrier = scene.add([kind], 0);
  if (carrier === null) return null;
  const thing = scene.objects[carrier]!;
  return {
    place: thing.place,
    floor,
    under: [carrier],
    words: `${words} ${called(thing)}`,
    sentences: [introduction(thing, voice, random)],
  };
}
