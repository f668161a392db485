/** @file The scripted expert: from the goal's propositions and what holds now to the skill that is next. */

import { VlaError } from '../../../base/errors.ts';
import type { Vector3 } from '../../../base/rotation.ts';
import type { LiberoTask, Proposition } from '../task-model.ts';
import { carry } from './carry.ts';
import type { Place } from './place.ts';
import { handleOf, isAtHandle, openingOf, pullOpen, pushShut, withdraw } from './drawer.ts';
import { add, bounds, middle } from './geometry.ts';
import { isHeld } from './grasp.ts';
import { turnKnob } from './knob.ts';
import type { Plan, Subtask } from './plan.ts';
import type { Scene } from './scene.ts';
import { slide } from './slide.ts';
import { isSlid, subtasksOf } from './subtasks.ts';

/** A drawer is pulled this much wider than what goes into it, metres. */
const FURTHER = 0.006;
/** What goes into a drawer is narrower below: this share of its width is enough. */
const NARROWER = 0.8;

/** A proposition that the expert works at, and what it does for it. */
export interface Step {
  readonly proposition: Proposition;
  /** What it takes, in order. */
  readonly subtasks: readonly Subtask[];
  isDone(scene: Scene): boolean;
  plan(scene: Scene): Plan;
}

/** What the expert does now. Depends on the state alone. */
export function planFor(scene: Scene): Plan {
  const steps = stepsOf(scene);
  return steps[presentOf(scene, steps)]!.plan(scene);
}

/** Which step is next: the first that is not done, at the end the last. */
export function presentOf(scene: Scene, steps: readonly Step[]): number {
  const open = steps.findIndex((step) => !step.isDone(scene));
  return open < 0 ? steps.length - 1 : open;
}

/** The goal's propositions, each after what it needs first. */
export function stepsOf(scene: Scene): Step[] {
  return scene.task.goal.flatMap((proposition) => [
    ...preparations(scene, proposition),
    stepOf(scene.task, proposition),
  ]);
}

/** A drawer is opened wide enough before something is put into it. */
function preparations(scene: Scene, proposition: Proposition): Step[] {
  const [relation, object, place] = proposition;
  const region = place === undefined ? undefined : scene.task.sites[place];
  if (relation !== 'in' || region === undefined || region.joints.length === 0) return [];
  const step = stepOf(scene.task, ['open', place!]);
  return [
    {
      ...step,
      isDone: (now) =>
        isHeld(now, object!) ||
        now.holds(proposition) ||
        openingOf(now, place!) > openingFor(now, object!) + (isAtHandle(now, place!) ? FURTHER : 0),
      plan: (now) => opening(now, place!, openingFor(now, object!) + FURTHER),
    },
  ];
}

/** How far a drawer must be open for an object to go in, metres. */
function openingFor(scene: Scene, object: string): number {
  const { low, high } = bounds(scene.object(object));
  return NARROWER * Math.min(high[0] - low[0], high[1] - low[1]);
}

function opening(scene: Scene, region: string, wanted?: number): Plan {
  const target = scene.task.sites[region]!.parent!;
  return { ...pullOpen(scene, region, wanted), target, part: region, goal: null };
}

function stepOf(task: LiberoTask, proposition: Proposition): Step {
  const [relation, first, second] = proposition;
  const plan = (scene: Scene): Plan => {
    switch (relation) {
      case 'on':
      case 'in':
        return putting(scene, relation, first!, second!);
      case 'open':
        return opening(scene, first!);
      case 'close':
        return { ...pushShut(scene, first!), target: task.sites[first!]!.parent!, part: first!, goal: null };
      case 'turnon':
      case 'turnoff':
        return {
          ...turnKnob(scene, first!, relation === 'turnon' ? 1 : -1),
          target: first!,
          part: null,
          goal: null,
        };
      default:
        throw new VlaError(
          'unsupported',
          `LIBERO expert: expected a goal of its skills, got ${proposition.join(' ')}.`,
        );
    }
  };
  return { proposition, subtasks: subtasksOf(task, proposition), isDone: (scene) => isDone(scene, proposition), plan };
}

/** What was put somewhere is also let go of, unless that ends the episode. */
function isDone(scene: Scene, proposition: Proposition): boolean {
  const [relation, object] = proposition;
  const put = relation === 'on' || relation === 'in';
  return scene.holds(proposition) && !(put && isHeld(scene, object!));
}

function putting(scene: Scene, relation: string, object: string, place: string): Plan {
  const goal = { position: placeOf(scene, relation, place), name: place };
  const region = scene.task.sites[place];
  if (relation === 'in' && region?.joints.length) {
    const away = withdraw(scene, place);
    if (away !== null) return { ...away, target: scene.task.sites[place]!.parent!, part: place, goal: null };
  }
  const onto = [region === undefined ? place : (region.parent ?? '')];
  const slid = isSlid(scene.task, object, place);
  const reached = scene.holds([relation, object, place]);
  const to: Place = { position: goal.position, onto, reached, slid };
  return { ...(slid ? slide : carry)(scene, object, to), target: object, part: null, goal };
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
