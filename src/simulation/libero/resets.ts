/**
 * @file Where an episode's reset puts fixtures and objects, drawn as LIBERO draws it: numpy's generator, the samplers of robosuite
 * (utils/placement_samplers.py) and LIBERO (envs/regions), their order (envs/bddl_base_domain.py), their rejections and their oddities.
 * A published initial state then overwrites the objects' places, but not the fixtures'.
 */

import { lookUp, VlaError } from '../../base/errors.ts';
import type { NumpyRandom } from './numpy-random.ts';
import { robosuiteMatrix } from './robosuite-rotation.ts';
import type { LiberoObject, LiberoTask, Placement } from './task-model.ts';

type Point = readonly [x: number, y: number, z: number];
type Quaternion = readonly [number, number, number, number];

/** Where one object was put. */
export interface Placed {
  /** Metres. */
  readonly position: Point;
  /** As MuJoCo gets it (w, x, y, z). LIBERO draws many as (x, y, z, w) and hands them over so. */
  readonly quaternion: Quaternion;
}

/** What a reset draws. */
export interface Reset {
  /** By name of object or fixture, in the order in which they were placed. */
  readonly places: Readonly<Record<string, Placed>>;
  /** Positions of joints that begin open, closed, on or off, metres or radians. */
  readonly joints: Readonly<Record<string, number>>;
}

/**
 * Where a region is before fixtures are placed, world frame, metres, when these joints are set: LIBERO asks the simulation, with the fixtures
 * still where the model has them.
 */
export type SiteLookup = (site: string, joints: Readonly<Record<string, number>>) => Point;

/** What a sampler does its own way. */
interface SamplerKind {
  /** Keeps the whole radius of the object inside the region. */
  readonly inside: boolean;
  /** Rejects places where the object would touch one that was placed before. */
  readonly apart: boolean;
  /** LIBERO's own samplers write the real part last and turn about several axes; robosuite's writes it first. */
  readonly realLast: boolean;
}

const KINDS: Readonly<Record<string, SamplerKind>> = {
  MultiRegionRandomSampler: { inside: false, apart: false, realLast: false },
  TableRegionSampler: { inside: true, apart: true, realLast: true },
  Libero100TableRegionSampler: { inside: false, apart: true, realLast: true },
  SiteRegionRandomSampler: { inside: true, apart: true, realLast: true },
  InSiteRegionRandomSampler: { inside: false, apart: true, realLast: true },
  ObjectBasedSampler: { inside: false, apart: false, realLast: true },
};

/** Numbers that one object may reject before the whole reset begins again. */
const RETRIES = 5000;
/** Degrees of freedom whose start gets noise of size zero: drawn all the same. */
const NOISY_JOINTS = 7;
/** Resets that fail before we say that the task cannot be placed. */
const MOST_RESETS = 100;

/** The resets of one task in one process of the original, from `numpy.random.seed` on. */
export class Resets {
  private readonly task: LiberoTask;
  private readonly random: NumpyRandom;
  private readonly site: SiteLookup;
  /** Each reset loads the model again and adds its samplers of joints to those that are there (object_property_initializers). */
  private loads = 1;

  constructor(task: LiberoTask, random: NumpyRandom, site: SiteLookup) {
    this.task = task;
    this.random = random;
    this.site = site;
  }

  /** The next reset, with the original's retries. A task whose objects find no place is `bad-data`. */
  next(): Reset {
    for (let attempt = 0; attempt < MOST_RESETS; attempt++) {
      const reset = this.attempt();
      if (reset !== null) return reset;
    }
    throw new VlaError(
      'bad-data',
      `LIBERO: expected the objects of ${this.task.name} to find places, they found none.`,
    );
  }

  private attempt(): Reset | null {
    this.loads++;
    for (let joint = 0; joint < NOISY_JOINTS; joint++) this.random.normal();
    const joints = this.drawJoints();
    const places = new Map<string, Placed>();
    const region = this.task.placements.filter(({ sampler }) => sampler in REGION_SAMPLERS);
    for (const placement of region) {
      for (const name of placement.objects) {
        const [x, y, z] = placement.reference;
        if (!this.place(places, name, placement, [x, y, z + placement.zOffset])) return null;
      }
    }
    for (const { name, ...where } of conditionals(this.task)) {
      const base = this.base(places, where, joints);
      if (!this.place(places, name, where, base)) return null;
    }
    return { places: Object.fromEntries(places), joints };
  }

  private drawJoints(): Record<string, number> {
    const joints: Record<string, number> = {};
    for (let load = 0; load < this.loads; load++) {
      for (const { names, low, high } of jointSamplers(this.task)) {
        const position = this.random.uniform(low, high);
        for (const name of names) joints[name] = position;
      }
    }
    return joints;
  }

  /** What x, y and z are relative to, with the sampler's own height. */
  private base(places: ReadonlyMap<string, Placed>, where: Conditional, joints: Record<string, number>): Point {
    const { reference, site, onTop, zOffset } = where;
    const at = places.get(reference);
    if (at === undefined) {
      throw new VlaError('bad-data', `LIBERO: expected ${reference} to be placed before what is on or in it.`);
    }
    const [x, y, z] = at.position;
    const top = onTop ? this.task.objects[reference]!.top[2] : 0;
    if (site === null) return [x, y, zOffset + (z + top)];
    const [sx, sy, sz] = turned(at.quaternion, this.site(site, joints));
    return [x + sx, y + sy, zOffset + (z + top) + sz];
  }

  /** Draws one object's place; false: none was free. */
  private place(places: Map<string, Placed>, name: string, where: Drawn, base: Point): boolean {
    const { random } = this;
    const object = lookUp('LIBERO: object to place', name, this.task.objects);
    const kind = lookUp('LIBERO: sampler', where.sampler, KINDS);
    const margin = kind.inside ? object.horizontalRadius : 0;
    for (let retry = 0; retry < RETRIES; retry++) {
      const choice = random.randint(where.x.length);
      const [x, y] = [where.x[choice]!, where.y[choice]!];
      const position: Point = [
        random.uniform(x[0] + margin, x[1] - margin) + base[0],
        random.uniform(y[0] + margin, y[1] - margin) + base[1],
        base[2] - object.bottom[2],
      ];
      if (kind.apart && this.overlaps(places, object, position)) continue;
      places.set(name, { position, quaternion: drawRotation(random, where, kind) });
      return true;
    }
    return false;
  }

  private overlaps(places: ReadonlyMap<string, Placed>, object: LiberoObject, position: Point): boolean {
    for (const [name, { position: at }] of places) {
      const other = this.task.objects[name]!;
      const distance = Math.sqrt((position[0] - at[0]) ** 2 + (position[1] - at[1]) ** 2);
      if (distance > other.horizontalRadius + object.horizontalRadius) continue;
      if (position[2] - at[2] <= other.top[2] - object.bottom[2]) return true;
    }
    return false;
  }
}

/** Samplers that a task lists; those on or in other things follow from its initial propositions. */
const REGION_SAMPLERS: Readonly<Record<string, true>> = {
  MultiRegionRandomSampler: true,
  TableRegionSampler: true,
  Libero100TableRegionSampler: true,
};

type Drawn = Pick<Placement, 'sampler' | 'x' | 'y' | 'rotation' | 'rotationAxis'>;

/** An object that is placed relative to another. */
interface Conditional extends Drawn {
  readonly reference: string;
  /** Null: relative to the reference's origin. */
  readonly site: string | null;
  /** Above the reference's top. */
  readonly onTop: boolean;
  readonly zOffset: number;
}

/** In the order in which they are drawn: on regions of things, in regions of things, on things. */
function conditionals(task: LiberoTask): (Conditional & { name: string })[] {
  const [onSites, inSites, onObjects]: (Conditional & { name: string })[][] = [[], [], []];
  for (const [predicate, name, place] of task.init) {
    const object = task.objects[name!];
    if (object === undefined || place === undefined) continue;
    const turn = { rotation: object.rotation, rotationAxis: object.rotationAxis };
    const region = task.sites[place];
    const movable = task.objects[place] !== undefined && !task.objects[place].fixture;
    if (predicate === 'on' && movable) {
      const at = {
        x: [[0, 0]] as const,
        y: [[0, 0]] as const,
        reference: place,
        site: null,
        onTop: true,
        zOffset: 0.01,
      };
      onObjects!.push({ name: name!, sampler: 'ObjectBasedSampler', ...at, ...turn });
    } else if (region?.parent != null && predicate === 'in') {
      const at = { x: [[0, 0]] as const, y: [[0, 0]] as const, reference: region.parent, site: place, onTop: false };
      inSites!.push({ name: name!, sampler: 'InSiteRegionRandomSampler', ...at, zOffset: 0, ...turn });
    } else if (region?.parent != null && predicate === 'on') {
      const [x, y] = [region.size[0] / 2, region.size[1] / 2];
      const at = { x: [[-x, x]] as const, y: [[-y, y]] as const, reference: region.parent, site: place, onTop: true };
      onSites!.push({ name: name!, sampler: 'SiteRegionRandomSampler', ...at, zOffset: 0, ...turn });
    }
  }
  return [...onSites!, ...inSites!, ...onObjects!];
}

const RANGES = { open: 'open', close: 'close', turnon: 'turnOn', turnoff: 'turnOff' } as const;

/** Which joints begin where, in the order of the initial propositions. */
function jointSamplers(task: LiberoTask): { names: readonly string[]; low: number; high: number }[] {
  return task.init.flatMap(([predicate, name]) => {
    const what = RANGES[predicate as keyof typeof RANGES];
    if (what === undefined || name === undefined) return [];
    const region = task.sites[name];
    const owner = task.objects[region === undefined ? name : (region.parent ?? '')];
    const [low, high] = owner?.articulation?.[what] ?? [];
    if (low === undefined || high === undefined) {
      throw new VlaError('bad-data', `LIBERO: expected ${name} to have a range for ${what}, got none.`);
    }
    return [{ names: (region ?? owner!).joints, low, high }];
  });
}

function drawRotation(random: NumpyRandom, { rotation, rotationAxis }: Drawn, { realLast }: SamplerKind): Quaternion {
  if (Array.isArray(rotation)) {
    const angle = random.uniform(Math.min(...(rotation as number[])), Math.max(...(rotation as number[])));
    return about(rotationAxis, angle, realLast);
  }
  let turn: Quaternion = [0, 0, 0, 1];
  for (const [axis, range] of Object.entries(rotation)) {
    const angle = random.uniform(Math.min(...range), Math.max(...range));
    turn = single(multiply(about(axis, angle, true), turn));
  }
  return turn;
}

function about(axis: string | null, angle: number, realLast: boolean): Quaternion {
  const [real, imaginary] = [Math.cos(angle / 2), Math.sin(angle / 2)];
  const at = ['x', 'y', 'z'].indexOf(axis ?? '');
  if (at < 0) throw new VlaError('bad-data', `LIBERO: expected a rotation about x, y or z, got ${axis}.`);
  const parts = [0, 1, 2].map((k) => (k === at ? imaginary : 0));
  return (realLast ? [...parts, real] : [real, ...parts]) as unknown as Quaternion;
}

/** The product a·b of quaternions with the real part last. */
function multiply(a: Quaternion, b: Quaternion): Quaternion {
  const [x1, y1, z1, w1] = a;
  const [x0, y0, z0, w0] = b;
  return [
    x1 * w0 + y1 * z0 - z1 * y0 + w1 * x0,
    -x1 * z0 + y1 * w0 + z1 * x0 + w1 * y0,
    x1 * y0 - y1 * x0 + z1 * w0 + w1 * z0,
    -x1 * x0 - y1 * y0 - z1 * z0 + w1 * w0,
  ];
}

/** Robosuite's products of quaternions are 32-bit floats. */
function single(quaternion: Quaternion): Quaternion {
  return quaternion.map(Math.fround) as unknown as Quaternion;
}

/** A point turned by a quaternion (w, x, y, z). */
function turned(quaternion: Quaternion, [x, y, z]: Point): Point {
  const m = robosuiteMatrix(quaternion);
  return [m[0] * x + m[1] * y + m[2] * z, m[3] * x + m[4] * y + m[5] * z, m[6] * x + m[7] * y + m[8] * z];
}
