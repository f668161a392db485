/**
 * @file Limits out of an MJCF file (MuJoCo's XML): joint ranges and the control ranges of position servos, with default classes and angles in
 * degrees as the compiler reads them. Without MuJoCo, which the robot's side does not have.
 */

import type { XmlElement } from '@rgrove/parse-xml';
import { VlaError } from '../../../base/errors.ts';
import type { MotionLimits } from '../../../interfaces/motion-limits.ts';
import { limitsFromJoints, type DescribedJoint, type DescriptionOptions } from './joint-limits.ts';
import { childElement, childElements, numbersOf, parseRobotXml } from './robot-xml.ts';

type Attributes = Readonly<Record<string, string>>;
/** Class name → element name → attributes, inherited ones included. */
type Defaults = Map<string, Map<string, Attributes>>;

const MAIN = 'main';

/**
 * Reads an MJCF file. Velocities are the options' (the format has none); acceleration and jerk follow from the ramp and are listed in
 * `derived`. Files that include others are refused. `where` names the file.
 */
export function limitsFromMjcf(text: string, options: DescriptionOptions, where: string): MotionLimits {
  const root = parseRobotXml(text, 'mujoco', where);
  refuseIncludes(root, where);
  const defaults: Defaults = new Map();
  for (const element of childElements(root, 'default')) collectDefaults(element, new Map(), defaults, MAIN);
  const compilers = childElements(root, 'compiler').map(({ attributes }) => attributes);
  const compiler: Attributes = Object.assign({}, ...compilers) as Attributes;
  const reader = new Reader(defaults, compiler, where);
  for (const body of childElements(root, 'worldbody')) reader.body(body, MAIN);
  for (const group of childElements(root, 'actuator')) reader.actuators(group);
  return limitsFromJoints(reader.joints, options, [], where);
}

class Reader {
  readonly joints = new Map<string, DescribedJoint>();
  private readonly defaults: Defaults;
  private readonly degrees: boolean;
  private readonly autolimits: boolean;
  private readonly where: string;

  constructor(defaults: Defaults, compiler: Attributes, where: string) {
    this.defaults = defaults;
    this.degrees = compiler['angle'] !== 'radian';
    this.autolimits = compiler['autolimits'] !== 'false';
    this.where = where;
  }

  body(body: XmlElement, childClass: string): void {
    const inherited = body.attributes['childclass'] ?? childClass;
    for (const joint of childElements(body, 'joint')) this.joint(joint, inherited);
    for (const name of ['body', 'frame']) {
      for (const child of childElements(body, name)) this.body(child, inherited);
    }
  }

  actuators(group: XmlElement): void {
    for (const actuator of childElements(group, 'position')) {
      const attributes = this.resolve(actuator, MAIN);
      const joint = this.joints.get(attributes['joint'] ?? '');
      const at = `${this.where}: actuator ${attributes['name'] ?? ''}`;
      const range = numbersOf(attributes['ctrlrange'], 2, at);
      const geared = (attributes['gear'] ?? '1').trim().split(/\s+/)[0] !== '1';
      if (joint === undefined || range === null || geared || !this.isLimited(attributes['ctrllimited'])) continue;
      const [low, high] = joint.position ?? [-Infinity, Infinity];
      const position = [Math.max(low, range[0]!), Math.min(high, range[1]!)] as const;
      this.joints.set(attributes['joint']!, { ...joint, position });
    }
  }

  private joint(joint: XmlElement, childClass: string): void {
    const attributes = this.resolve(joint, childClass);
    const { name, type = 'hinge' } = attributes;
    if (name === undefined || (type !== 'hinge' && type !== 'slide')) return;
    const range = numbersOf(attributes['range'], 2, `${this.where}: joint ${name}`);
    const unit = type === 'hinge' && this.degrees ? Math.PI / 180 : 1;
    const limited = range !== null && this.isLimited(attributes['limited']);
    this.joints.set(name, { position: limited ? [range[0]! * unit, range[1]! * unit] : null, velocity: null });
  }

  /** `auto`, the default, limits what has a range, unless the compiler is told not to. */
  private isLimited(word: string | undefined): boolean {
    return word === 'true' || (word !== 'false' && this.autolimits);
  }

  private resolve({ name, attributes }: XmlElement, childClass: string): Attributes {
    const wanted = attributes['class'] ?? childClass;
    const found = this.defaults.get(wanted);
    if (found === undefined && wanted !== MAIN) {
      throw new VlaError('bad-data', `${this.where}: expected a default class "${wanted}", got none.`);
    }
    return { ...found?.get(name), ...attributes };
  }
}

/** A class holds what its parents hold, but for what it says itself. */
function collectDefaults(element: XmlElement, inherited: Map<string, Attributes>, all: Defaults, name: string): void {
  const own = new Map(inherited);
  for (const child of childElements(element)) {
    if (child.name !== 'default') own.set(child.name, { ...own.get(child.name), ...child.attributes });
  }
  all.set(element.attributes['class'] ?? name, own);
  if (name === MAIN) all.set(MAIN, own);
  for (const child of childElements(element, 'default')) collectDefaults(child, own, all, '');
}

function refuseIncludes(element: XmlElement, where: string): void {
  if (childElement(element, 'include') !== undefined) {
    throw new VlaError('unsupported', `${where}: expected one file, got one that includes others.`, {
      hint: 'Save the compiled model as one file (mj_saveLastXML), and read that.',
    });
  }
  for (const child of childElements(element)) refuseIncludes(child, where);
}
