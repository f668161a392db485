/** @file Limits out of a URDF (wiki.ros.org/urdf/XML/joint): positions, velocities, and the chain of joints to a tip. */

import type { XmlElement } from '@rgrove/parse-xml';
import { VlaError } from '../../../base/errors.ts';
import type { ChainLink, MotionLimits, Workspace } from '../../../interfaces/motion-limits.ts';
import { limitsFromJoints, type DescribedJoint, type DescriptionOptions } from './joint-limits.ts';
import { childElement, childElements, numbersOf, parseRobotXml } from './robot-xml.ts';

/** The box that the origin of a link must stay in, metres, in the frame of the robot's root link. */
export interface TipBox {
  readonly tip: string;
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
}

/**
 * Reads a URDF. Where a joint has a `safety_controller`, its soft limits count as well. `box` bounds where a link may be. Acceleration and jerk
 * follow from the options' ramp and are listed in `derived`. `where` names the file.
 */
export function limitsFromUrdf(
  text: string,
  options: DescriptionOptions & { readonly box?: TipBox },
  where: string,
): MotionLimits {
  const robot = parseRobotXml(text, 'robot', where);
  const joints = new Map<string, DescribedJoint>();
  for (const joint of childElements(robot, 'joint')) {
    const described = describe(joint, where);
    if (described !== null) joints.set(joint.attributes['name'] ?? '', described);
  }
  const workspaces = options.box === undefined ? [] : [workspace(robot, options.box, options, where)];
  return limitsFromJoints(joints, options, workspaces, where);
}

/** Null for joints that do not move along or about one axis. */
function describe(joint: XmlElement, where: string): DescribedJoint | null {
  const { type, name } = joint.attributes;
  if (type !== 'revolute' && type !== 'prismatic' && type !== 'continuous') return null;
  const at = `${where}: joint ${name}`;
  const limit = childElement(joint, 'limit')?.attributes ?? {};
  const soft = childElement(joint, 'safety_controller')?.attributes ?? {};
  const velocity = numbersOf(limit['velocity'], 1, at)?.[0] ?? null;
  if (type === 'continuous') return { position: null, velocity };
  // The format's own defaults are 0: a joint that states nothing cannot move.
  const low = Math.max(
    numbersOf(limit['lower'], 1, at)?.[0] ?? 0,
    numbersOf(soft['soft_lower_limit'], 1, at)?.[0] ?? -Infinity,
  );
  const high = Math.min(
    numbersOf(limit['upper'], 1, at)?.[0] ?? 0,
    numbersOf(soft['soft_upper_limit'], 1, at)?.[0] ?? Infinity,
  );
  return { position: [low, high], velocity };
}

function workspace(
  robot: XmlElement,
  { tip, low, high }: TipBox,
  options: DescriptionOptions,
  where: string,
): Workspace {
  const byChild = new Map(
    childElements(robot, 'joint').map((joint) => [childElement(joint, 'child')?.attributes['link'], joint]),
  );
  if (!byChild.has(tip)) {
    throw new VlaError('not-found', `${where}: expected a link "${tip}" at the end of a joint, got none.`, {
      hint: `Choose one of ${[...byChild.keys()].join(', ')}.`,
    });
  }
  const links: ChainLink[] = [];
  for (let link: string | undefined = tip; ;) {
    const joint = byChild.get(link);
    if (joint === undefined) break;
    links.unshift(chainLink(joint, options, where));
    link = childElement(joint, 'parent')?.attributes['link'];
    if (links.length > byChild.size) {
      throw new VlaError('bad-data', `${where}: expected a tree of links, got a circle at "${tip}".`);
    }
  }
  return { kind: 'chain', name: tip, low, high, links };
}

function chainLink(joint: XmlElement, { embodiment, joints = {} }: DescriptionOptions, where: string): ChainLink {
  const { name = '', type } = joint.attributes;
  const at = `${where}: joint ${name}`;
  const origin = childElement(joint, 'origin')?.attributes ?? {};
  const action = embodiment.action.names.find((each) => (joints[each] ?? each) === name) ?? null;
  if (action === null && type !== 'fixed') {
    throw new VlaError(
      'mismatch',
      `${at}: expected every joint before the tip to be fixed or in the action, got a ${type} one.`,
      {
        hint: 'A joint that something else moves leaves it unknown where the tip is; choose another tip.',
      },
    );
  }
  const raw = vector(childElement(joint, 'axis')?.attributes['xyz'], [1, 0, 0], at);
  const length = Math.hypot(...raw);
  return {
    action,
    joint: type === 'prismatic' ? 'prismatic' : 'revolute',
    position: vector(origin['xyz'], [0, 0, 0], at),
    rotation: vector(origin['rpy'], [0, 0, 0], at),
    axis: [raw[0] / length, raw[1] / length, raw[2] / length],
  };
}

type Triple = readonly [number, number, number];

function vector(text: string | undefined, fallback: Triple, where: string): Triple {
  const numbers = numbersOf(text, 3, where);
  return numbers === null ? fallback : [numbers[0]!, numbers[1]!, numbers[2]!];
}
