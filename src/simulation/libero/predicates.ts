/**
 * @file LIBERO's predicates over the state of the world, with the original's meaning (libero/envs/predicates, object_states and
 * objects/site_object.py): also where it is odd.
 */

import { lookUp, VlaError } from '../../base/errors.ts';
import type { Proposition } from './task-model.ts';
import { parentOf } from './world.ts';
import type { LiberoWorld, WorldObject, WorldSite, WorldThing } from './world.ts';

/** How far apart, seen from above, the origins of an object and of what it is on may be, metres. */
const ON_OBJECT = 0.03;
/** How far above a region's top something on it may be, and how far it may have sunk in, metres. */
const ON_REGION: readonly [below: number, above: number] = [0.005, 0.1];
/** How far below a region something in it may be, metres. */
const IN_REGION_BELOW = 0.01;
/** Metres. */
const UP = 1;

type Predicate = (world: LiberoWorld, ...things: readonly WorldThing[]) => boolean;

/** What each predicate says, by its name in lower case. */
const PREDICATES: Readonly<Record<string, { readonly arity: readonly number[]; readonly holds: Predicate }>> = {
  true: { arity: [0, 1, 2], holds: () => true },
  false: { arity: [0, 1, 2], holds: () => false },
  on: { arity: [2], holds: (world, a, b) => (b!.kind === 'site' ? onRegion(world, a!, b) : onObject(world, a!, b!)) },
  in: { arity: [2], holds: (world, a, b) => (b!.kind === 'site' ? inRegion(world, a!, b) : inObject(world, a!, b!)) },
  up: { arity: [1], holds: (world, a) => world.position(a!)[2]! >= UP },
  open: { arity: [1], holds: (world, a) => someJoint(world, a!, isOpen) },
  close: { arity: [1], holds: (world, a) => everyJoint(world, a!, isClosed) },
  turnon: { arity: [1], holds: (world, a) => someJoint(world, a!, isOn) },
  turnoff: { arity: [1], holds: (world, a) => everyJoint(world, a!, isOff) },
};

/** Whether a proposition holds now. Call `world.moved()` after the simulation has moved. What LIBERO cannot evaluate is `unsupported`. */
export function holds(world: LiberoWorld, proposition: Proposition): boolean {
  const [name, ...names] = proposition;
  const { arity, holds: predicate } = lookUp('LIBERO: predicate', name!, PREDICATES);
  if (!arity.includes(names.length)) {
    throw new VlaError(
      'bad-data',
      `LIBERO: expected ${name} of ${arity.join(' or ')} things, got (${proposition.join(' ')}).`,
    );
  }
  return predicate(world, ...names.map((one) => world.thing(one)));
}

/** Whether all of a task's goal holds now. */
export function succeeds(world: LiberoWorld): boolean {
  return world.task.goal.every((proposition) => holds(world, proposition));
}

function onObject(world: LiberoWorld, upper: WorldThing, lower: WorldObject): boolean {
  const [a, b] = [world.position(object(upper)), world.position(lower)];
  const above = b[2]! <= a[2]!;
  return above && Math.hypot(b[0]! - a[0]!, b[1]! - a[1]!) < ON_OBJECT && world.touching(lower, upper as WorldObject);
}

/** In the region's frame the object's origin must lie over it; of a region of an object, that object must be touched as well. */
function onRegion(world: LiberoWorld, upper: WorldThing, region: WorldSite): boolean {
  const at = world.position(object(upper));
  const [centre, r] = [world.position(region), world.orientation(region)];
  const [x, y, z] = [at[0]! - centre[0]!, at[1]! - centre[1]!, at[2]! - centre[2]!];
  const [width, depth, height] = region.size;
  const up = r[6]! * x + r[7]! * y + r[8]! * z;
  if (!(height - ON_REGION[0] < up && up < height + ON_REGION[1])) return false;
  if (!(Math.abs(r[0]! * x + r[1]! * y + r[2]! * z) < width)) return false;
  if (!(Math.abs(r[3]! * x + r[4]! * y + r[5]! * z) < depth)) return false;
  const parent = parentOf(world, region);
  return parent === null || world.touching(parent, upper as WorldObject);
}

/** A box along the world's axes with the rotated half sizes as its own, the original's approximation. */
function inRegion(world: LiberoWorld, inner: WorldThing, region: WorldSite): boolean {
  const at = world.position(object(inner));
  const [centre, r] = [world.position(region), world.orientation(region)];
  return [0, 1, 2].every((k) => {
    const half = Math.abs(r[3 * k]! * region.size[0] + r[3 * k + 1]! * region.size[1] + r[3 * k + 2]! * region.size[2]);
    const low = centre[k]! - half - (k === 2 ? IN_REGION_BELOW : 0);
    return at[k]! > low && at[k]! < centre[k]! + half;
  });
}

/** What is not touched does not hold the object; whether something touched holds it, the original cannot say of an object without region. */
function inObject(world: LiberoWorld, inner: WorldThing, outer: WorldObject): boolean {
  if (!world.touching(outer, object(inner))) return false;
  throw new VlaError('unsupported', `LIBERO: expected a region to be in, got the object ${outer.name}.`);
}

type JointTest = (position: number, thing: WorldObject) => boolean;

function someJoint(world: LiberoWorld, thing: WorldThing, test: JointTest): boolean {
  const owner = articulated(world, thing);
  return world.jointPositions(thing).some((position) => test(position, owner));
}

function everyJoint(world: LiberoWorld, thing: WorldThing, test: JointTest): boolean {
  const owner = articulated(world, thing);
  return world.jointPositions(thing).every((position) => test(position, owner));
}

/** Whose joints they are. */
function articulated(world: LiberoWorld, thing: WorldThing): WorldObject {
  const owner = thing.kind === 'site' ? parentOf(world, thing) : thing;
  if (owner !== null) return owner;
  throw new VlaError('unsupported', `LIBERO: expected something with joints, got the region ${thing.name}.`);
}

/** Doors and drawers that open towards smaller numbers have their open range below the closed one. */
const isOpen: JointTest = (position, thing) => {
  const [open, close] = [range(thing, 'open'), range(thing, 'close')];
  return open.high <= close.low ? position < open.high : position > open.low;
};

const isClosed: JointTest = (position, thing) => {
  const [open, close] = [range(thing, 'open'), range(thing, 'close')];
  return open.high <= close.low ? position > close.low : position < close.high;
};

const isOn: JointTest = (position, thing) => position >= range(thing, 'turnOn').low;
const isOff: JointTest = (position, thing) => position < range(thing, 'turnOff').high;

function range(thing: WorldObject, what: 'open' | 'close' | 'turnOn' | 'turnOff'): { low: number; high: number } {
  const numbers = thing.articulation?.[what] ?? [];
  if (numbers.length > 0) return { low: Math.min(...numbers), high: Math.max(...numbers) };
  throw new VlaError('unsupported', `LIBERO: expected ${thing.className} to have a range for ${what}, got none.`);
}

function object(thing: WorldThing): WorldObject {
  if (thing.kind === 'object') return thing;
  throw new VlaError('unsupported', `LIBERO: expected an object to be somewhere, got the region ${thing.name}.`);
}

/** The sites that show a state which is on (a stove's burner glows), by id. */
export function glowingSites(world: LiberoWorld): Set<number> {
  const glowing = new Set<number>();
  for (const thing of Object.values(world.objects)) {
    const sites = Object.values(thing.stateSites);
    if (sites.length === 0 || !someJoint(world, thing, isOn)) continue;
    for (const { site } of sites) glowing.add(world.sim.id('site', site));
  }
  return glowing;
}
