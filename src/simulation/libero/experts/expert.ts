/** @file The scripted expert: from the goal's propositions and what holds now to the skill that is next. */

import { VlaError } from '../../../base/errors.ts';
import type { Vector3 } from '../../../base/rotation.ts';
import type { Proposition } from '../task-model.ts';
import { carry } from './carry.ts';
import type { Place } from './carry.ts';
import { handleOf, isAtHandle, openingOf, pullOpen, withdraw } from './drawer.ts';
import { add, bounds, middle } from './geometry.ts';
import { isHeld } from './grasp.ts';
import { turnKnob } from './knob.ts';
import type { Move, Plan } from './plan.ts';
import type { Scene } from './scene.ts';
import { slide } from './slide.ts';

/** A drawer is pulled this much wider than what goes into it, metres. */
const FURTHER = 0.012;

/** A proposition that the expert works at, and what it does for it. */
export interface Step {
  readonly proposition: Proposition;
  isDone(scene: Scene): boolean;
  plan(scene: Scene): Plan;
}

/** What the expert does now. Depends on the state alone. */
export function planFor(scene: Scene): Plan {
  const steps = stepsOf(scene);
  const present = steps.find((step) => !step.isDone(scene)) ?? steps.at(-1)!;
  return present.plan(scene);
}

/** The goal's propositions, each after what it needs first. */
export function stepsOf(scene: Scene): Step[] {
  return scene.task.goal.flatMap((proposition) => [...preparations(scene, proposition), stepOf(proposition)]);
}

/** A drawer is opened wide enough before something is put into it. */
function preparations(scene: Scene, [relation, object, place]: Proposition): Step[] {
  const region = place === undefined ? undefined : scene.task.sites[place];
  if (relation !== 'in' || region === undefined || region.joints.length === 0) return [];
  const step = stepOf(['open', place!]);
  return [{ ...step, isDone: (now) => isHeld(now, object!) || isWideFor(now, object!, place!) }];
}

/** Whether the object goes through what is open of a drawer; the hand that pulls it goes on a little further than that. */
function isWideFor(scene: Scene, object: string, place: string): boolean {
  const { low, high } = bounds(scene.object(object));
  const width = Math.min(high[0] - low[0], high[1] - low[1]);
  return openingOf(scene, place) > width + (isAtHandle(scene, place) ? FURTHER : 0);
}

function stepOf(proposition: Proposition): Step {
  const [relation, first, second] = proposition;
  const plan = (scene: Scene): Plan => {
    switch (relation) {
      case 'on':
      case 'in':
        return putting(scene, relation, first!, second!);
      case 'open':
        return about(scene, first!, pullOpen(scene, first!));
      case 'turnon':
      case 'turnoff':
        return about(scene, first!, turnKnob(scene, first!, relation === 'turnon' ? 1 : -1));
      default:
        throw new VlaError(
          'unsupported',
          `LIBERO expert: expected a goal of its skills, got ${proposition.join(' ')}.`,
        );
    }
  };
  return { proposition, isDone: (scene) => scene.holds(proposition), plan };
}

function putting(scene: Scene, relation: string, object: string, place: string): Plan {
  const goal = { position: placeOf(scene, relation, place), name: place };
  const region = scene.task.sites[place];
  if (relation === 'in' && region?.joints.length) {
    const away = withdraw(scene, place);
    if (away !== null) return { ...away, target: object, goal };
  }
  if (region !== undefined && region.parent === null && scene.task.objects[object]!.className === 'Plate') {
    return { ...slide(scene, object, goal.position), target: object, goal };
  }
  const onto = [region === undefined ? place : (region.parent ?? '')];
  const to: Place = { position: goal.position, onto };
  return { ...carry(scene, object, to), target: object, goal };
}

/** Where the lowest point of what is put there comes to rest. */
function placeOf(scene: Scene, relation: string, place: string): Vector3 {
  if (scene.task.sites[place] === undefined) return scene.object(place).position;
  const site = scene.site(place);
  const { low, high } = bounds(site);
  const centre = scene.task.sites[place]!.joints.length > 0 ? openPart(scene, place) : middle(site);
  return [centre[0], centre[1], relation === 'in' ? low[2] + 0.01 : high[2]];
}

/** The middle of the part of a drawer's region that is out of the cabinet. */
function openPart(scene: Scene, place: string): Vector3 {
  const site = scene.site(place);
  const { outward } = handleOf(scene, place);
  const { low, high } = bounds(site);
  const half = (Math.abs(outward[0]) * (high[0] - low[0]) + Math.abs(outward[1]) * (high[1] - low[1])) / 2;
  return add(middle(site), outward, Math.max(0, half - openingOf(scene, place) / 2));
}

function about(scene: Scene, name: string, move: Move): Plan {
  return { ...move, target: scene.task.sites[name]?.parent ?? name, goal: null };
}
