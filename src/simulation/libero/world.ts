/** @file A LIBERO task as it is now: poses, joints and touching by LIBERO's names of objects and regions. */

import { lookUp, VlaError } from '../../base/errors.ts';
import type { Sim } from '../mujoco/sim.ts';
import type { LiberoObject, LiberoSite, LiberoTask } from './task-model.ts';

/** An object or a fixture and where MuJoCo keeps it. */
export interface WorldObject extends LiberoObject {
  readonly kind: 'object';
  readonly name: string;
  /** The root body's id. */
  readonly id: number;
  /** Where its joints are in `qpos`; a free joint has seven numbers from there. */
  readonly jointAddresses: readonly number[];
}

/** A region and where MuJoCo keeps it. */
export interface WorldSite extends LiberoSite {
  readonly kind: 'site';
  readonly name: string;
  /** The site's id. */
  readonly id: number;
  readonly jointAddresses: readonly number[];
}

/** What a proposition may speak about. */
export type WorldThing = WorldObject | WorldSite;

/** Reads a compiled task. Views are live: what they show changes with the simulation. */
export class LiberoWorld {
  readonly task: LiberoTask;
  readonly sim: Sim;
  readonly objects: Readonly<Record<string, WorldObject>>;
  readonly sites: Readonly<Record<string, WorldSite>>;
  /** Per geom: the number of the object that it counts for, in the order of `objects`; −1: none. */
  private readonly owner: Int16Array;
  private readonly numbers: ReadonlyMap<string, number>;
  /** Pairs of touching objects; null: not read since the simulation moved. */
  private pairs: Set<number> | null = null;

  constructor(task: LiberoTask, sim: Sim) {
    this.task = task;
    this.sim = sim;
    const addresses = sim.model('jnt_qposadr');
    const jointAddresses = (joints: readonly string[]): number[] =>
      joints.map((joint) => addresses[sim.id('joint', joint)]!);
    this.objects = mapped(task.objects, (object, name) => ({
      ...object,
      kind: 'object',
      name,
      id: sim.id('body', object.rootBody),
      jointAddresses: jointAddresses(object.joints),
    }));
    this.sites = mapped(task.sites, (site, name) => ({
      ...site,
      kind: 'site',
      name,
      id: sim.id('site', name),
      jointAddresses: jointAddresses(site.joints),
    }));
    this.numbers = new Map(Object.keys(this.objects).map((name, i) => [name, i]));
    this.owner = new Int16Array(sim.count('ngeom')).fill(-1);
    // A geom that is only seen cannot touch, and is not in the physics model.
    const there = new Set(sim.namesOf('geom'));
    for (const { contactGeoms, name } of Object.values(this.objects)) {
      for (const geom of contactGeoms) {
        if (there.has(geom)) this.owner[sim.id('geom', geom)] = this.numbers.get(name)!;
      }
    }
  }

  /** The object, fixture or region of this name; a miss is `not-found`. */
  thing(name: string): WorldThing {
    return this.objects[name] ?? this.sites[name] ?? lookUp('LIBERO: name', name, { ...this.objects, ...this.sites });
  }

  object(name: string): WorldObject {
    return this.objects[name] ?? lookUp('LIBERO: object', name, this.objects);
  }

  /** Where an object's root body or a region's centre is, metres [3]; a live view. */
  position(thing: WorldThing): Float64Array {
    const all = this.sim.data(thing.kind === 'object' ? 'xpos' : 'site_xpos');
    return all.subarray(3 * thing.id, 3 * thing.id + 3);
  }

  /** Row-major [3 × 3]; a live view. */
  orientation(thing: WorldThing): Float64Array {
    const all = this.sim.data(thing.kind === 'object' ? 'xmat' : 'site_xmat');
    return all.subarray(9 * thing.id, 9 * thing.id + 9);
  }

  /** The joints of a thing, metres or radians, in the order of `joints`; of a free joint its x. */
  jointPositions({ jointAddresses }: WorldThing): number[] {
    const positions = this.sim.data('qpos');
    return jointAddresses.map((address) => positions[address]!);
  }

  /** The position of a joint of the model, metres or radians. */
  joint(name: string): number {
    return this.sim.data('qpos')[this.sim.model('jnt_qposadr')[this.sim.id('joint', name)]!]!;
  }

  /** Whether contact geoms of two objects touch. Contacts are read once per moment: call `moved` when the simulation has moved. */
  touching(a: WorldObject, b: WorldObject): boolean {
    this.pairs ??= this.readPairs();
    return this.pairs.has(this.pair(this.numbers.get(a.name)!, this.numbers.get(b.name)!));
  }

  /** The simulation has moved: what was read of contacts is old. */
  moved(): void {
    this.pairs = null;
  }

  private readPairs(): Set<number> {
    const pairs = new Set<number>();
    for (const { geom1, geom2 } of this.sim.contacts()) {
      const [a, b] = [this.owner[geom1]!, this.owner[geom2]!];
      if (a >= 0 && b >= 0) pairs.add(this.pair(a, b));
    }
    return pairs;
  }

  private pair(a: number, b: number): number {
    return Math.min(a, b) * this.numbers.size + Math.max(a, b);
  }
}

/** The object that a region belongs to; a region of the table or floor has none. */
export function parentOf(world: LiberoWorld, site: WorldSite): WorldObject | null {
  if (site.parent === null) return null;
  const parent = world.objects[site.parent];
  if (parent !== undefined) return parent;
  throw new VlaError('bad-data', `LIBERO: expected region ${site.name} to belong to an object, got "${site.parent}".`);
}

function mapped<T, U>(table: Readonly<Record<string, T>>, change: (value: T, name: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, change(value, name)]));
}
