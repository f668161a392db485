/**
 * @file A MuJoCo model and its data behind guards: live views, checked handles, exact snapshots, errors instead of aborts.
 * Each guard answers one trap of the bindings (3.14.0); sim.test.ts tests each guard, and says which traps it shows as they are.
 */

import type { ClassHandle, DoubleBuffer, MjData, MjModel } from '@mujoco/mujoco';
import { VlaError } from '../../base/errors.ts';
import { limitArena } from './arena.ts';
import { compile } from './compile.ts';
import type { DataField, FlagFields, ModelArrays, ModelCount } from './fields.ts';
import type { MujocoModule } from './module.ts';
import { idOf, readNames } from './names.ts';
import type { NameTable, ObjectKind } from './names.ts';

/** One touching pair of geoms. */
export interface Contact {
  readonly geom1: number;
  readonly geom2: number;
  /** Metres; negative = penetration. */
  readonly distance: number;
}

/** The full integration state of one simulation (mjSTATE_INTEGRATION), for `Sim.restore`. */
export interface SimState {
  readonly values: Float64Array;
}

/** A float64 array in the WASM heap that MuJoCo functions may write to. Owned by its `Sim`, freed by `Sim.close`. */
export interface OutBuffer {
  readonly length: number;
  /** A live view; fetch it again after a call that may have grown the heap. */
  view(): Float64Array;
}

type Rgb = readonly [number, number, number];

/** What a model says about how it is drawn. */
export interface Visual {
  /** Clip distances, metres. */
  readonly near: number;
  readonly far: number;
  /** Slices around and stacks along round shapes; quads along the sides of flat ones. */
  readonly slices: number;
  readonly stacks: number;
  readonly quads: number;
  /** The light in the camera, or null when it is off. */
  readonly headlight: { readonly ambient: Rgb; readonly diffuse: Rgb; readonly specular: Rgb } | null;
}

/** What a simulation is made with beside its XML. */
export interface SimOptions {
  /** Files that the model refers to: path → bytes. They are written to MuJoCo's in-memory file system. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Arena for models that ask by `nconmax`/`njmax`; default "64M". */
  readonly arena?: string;
}

/** The largest arena we let a model ask for, bytes; the WASM heap ends at 2 GB. */
const ARENA_LIMIT = 512 * 2 ** 20;
const HEAP_LIMIT = 1.75 * 2 ** 30;
/** mjtState bit field with everything that `mj_step` reads. */
const STATE_EVERYTHING = 16383;
/** Counters 3 to 5 of mjtWarning: BADQPOS, BADQVEL, BADQACC. */
const DIVERGENCES = ['a bad position', 'a bad velocity', 'a bad acceleration'] as const;
const FIRST_DIVERGENCE = 3;

/** One MuJoCo model with its data; closes itself against use after `close`. */
export class Sim {
  private readonly mujoco: MujocoModule;
  private handles: { model: MjModel; data: MjData } | null;
  private readonly names: NameTable;
  private readonly modelViews = new Map<string, Float64Array>();
  private readonly dataViews = new Map<string, Float64Array>();
  private readonly buffers: DoubleBuffer[] = [];
  private readonly state: OutBuffer;
  private expectedTime = 0;
  /** A reset by MuJoCo at time zero does not show in the clock: look at its counters once. */
  private fromZero = true;
  private readonly timestepValue: number;

  /** Compiles an MJCF text. A mistake in it is a `bad-data` error with MuJoCo's message (element, line). */
  static fromXml(mujoco: MujocoModule, xml: string, options: SimOptions = {}): Sim {
    const text = limitArena(xml, options.arena ?? '64M');
    const model = compile(mujoco, text, options.files ?? {});
    if (model.narena > ARENA_LIMIT) {
      const asked = Math.round(model.narena / 2 ** 20);
      model.delete();
      throw new VlaError('bad-data', `Sim: expected an arena of at most 512 MB, got ${asked} MB.`, {
        hint: 'Set <size memory="64M"/> in the model.',
      });
    }
    return new Sim(mujoco, model);
  }

  private constructor(mujoco: MujocoModule, model: MjModel) {
    this.mujoco = mujoco;
    const data = new mujoco.MjData(model);
    const heap = (data.qpos as Float64Array).buffer.byteLength;
    if (heap > HEAP_LIMIT) {
      data.delete();
      model.delete();
      throw new VlaError('unsupported', `Sim: expected less than 1.75 GB of simulator memory, got ${mega(heap)} MB.`, {
        hint: 'Close simulations that are no longer needed, or use more worker threads.',
      });
    }
    this.handles = { model, data };
    this.names = readNames(mujoco, model);
    this.timestepValue = model.opt.timestep;
    this.state = this.outBuffer(mujoco.mj_stateSize(model, STATE_EVERYTHING));
    this.forward();
  }

  /** Frees the WASM memory; calling it again does nothing. Every other method then throws instead of aborting. */
  close(): void {
    if (this.handles === null) return;
    for (const buffer of this.buffers) buffer.delete();
    this.handles.data.delete();
    this.handles.model.delete();
    this.handles = null;
  }

  get closed(): boolean {
    return this.handles === null;
  }

  /** Seconds of one physics step. */
  get timestep(): number {
    return this.timestepValue;
  }

  /** Seconds of simulated time. */
  get time(): number {
    return this.open().data.time;
  }

  /** The id of a named object; a miss suggests the nearest name. */
  id(kind: ObjectKind, name: string): number {
    return idOf(this.names, kind, name);
  }

  /** All names of a kind. */
  namesOf(kind: ObjectKind): string[] {
    return Object.keys(this.names[kind]);
  }

  count(what: ModelCount): number {
    return this.open().model[what];
  }

  /**
   * A live view of an mjModel array. Do not keep it over a call that may compile a model: views detach when the WASM heap grows; this
   * method then returns a fresh one (a cached lookup costs some 20 ns, a getter of the bindings 300).
   */
  model<K extends keyof ModelArrays>(field: K): ModelArrays[K] {
    return live(this.modelViews, this.open().model, field) as unknown as ModelArrays[K];
  }

  /** A live view of an mjData array; see `model`. */
  data(field: DataField): Float64Array {
    return live(this.dataViews, this.open().data, field);
  }

  /** An element of a boolean array, through the named accessor (the array getters throw in every release). */
  flag<K extends keyof FlagFields>(kind: K, id: number, field: FlagFields[K]): boolean {
    const accessor = this.open().model[kind](id) as unknown as ClassHandle & Record<string, unknown>;
    try {
      return Boolean(accessor[field]);
    } finally {
      accessor.delete();
    }
  }

  /** The headlight that follows each camera: whether it is on, and its mean ambient, diffuse and specular strength. */
  headlight(): { active: boolean; ambient: number; diffuse: number; specular: number } {
    const { headlight } = this.open().model.vis;
    const mean = (rgb: ArrayLike<number>): number => (rgb[0]! + rgb[1]! + rgb[2]!) / 3;
    return {
      active: headlight.active !== 0,
      ambient: mean(headlight.ambient as ArrayLike<number>),
      diffuse: mean(headlight.diffuse as ArrayLike<number>),
      specular: mean(headlight.specular as ArrayLike<number>),
    };
  }

  /** What the model says about drawing: clip distances in metres, how round things are tessellated, the headlight's colours. */
  visual(): Visual {
    const { stat, vis } = this.open().model;
    const { map, quality, headlight } = vis;
    const rgb = (value: unknown): Rgb => Array.from(value as ArrayLike<number>) as unknown as Rgb;
    return {
      near: map.znear * stat.extent,
      far: map.zfar * stat.extent,
      slices: quality.numslices,
      stacks: quality.numstacks,
      quads: quality.numquads,
      headlight:
        headlight.active === 0
          ? null
          : { ambient: rgb(headlight.ambient), diffuse: rgb(headlight.diffuse), specular: rgb(headlight.specular) },
    };
  }

  /** Back to the model's initial state; derived quantities are not yet computed (call `forward`). */
  reset(): void {
    const { model, data } = this.open();
    this.mujoco.mj_resetData(model, data);
    this.expectedTime = data.time;
    this.fromZero = true;
  }

  /** Recomputes positions, velocities, contacts and forces for the current state, without moving time. */
  forward(): void {
    const { model, data } = this.open();
    this.mujoco.mj_forward(model, data);
  }

  /**
   * The first half of a step: everything that depends on position and velocity. With `actAndIntegrate`, control can be computed from
   * fresh poses in between.
   */
  computePose(): void {
    const { model, data } = this.open();
    this.mujoco.mj_step1(model, data);
  }

  /** The second half of a step: actuation, constraint forces, integration by one timestep. */
  actAndIntegrate(): void {
    const { model, data } = this.open();
    this.mujoco.mj_step2(model, data);
    this.expectedTime += this.timestepValue;
  }

  /** Whole physics steps with constant control, then the divergence check. */
  step(count = 1): void {
    const { model, data } = this.open();
    for (let i = 0; i < count; i++) {
      this.mujoco.mj_step(model, data);
      this.expectedTime += this.timestepValue;
    }
    this.check();
  }

  /**
   * Throws `not-finite` when the simulation diverged. MuJoCo resets itself then and only counts it; a reset also shows as a clock that
   * jumped. A non-finite control is ignored without a word, so it is looked at as well.
   */
  check(): void {
    const { data } = this.open();
    const jumped = data.time !== this.expectedTime;
    const reasons = jumped || this.fromZero ? this.divergences() : [];
    this.fromZero = false;
    if (jumped || reasons.length > 0) {
      this.expectedTime = data.time;
      const got = reasons.length > 0 ? reasons.join(' and ') : 'a clock that jumped';
      throw new VlaError('not-finite', `Sim: expected finite positions and accelerations, got ${got}.`, {
        hint: 'MuJoCo has reset the simulation. Start a new episode; lower the timestep or the forces if it happens again.',
      });
    }
    const control = this.data('ctrl');
    for (let i = 0; i < control.length; i++) {
      if (!Number.isFinite(control[i]!)) {
        throw new VlaError('not-finite', `Sim: expected a finite control for actuator ${i}, got ${control[i]}.`);
      }
    }
  }

  /** What MuJoCo has counted since its last reset. */
  private divergences(): string[] {
    // The list is a member of the data object: deleting it aborts the module. Its elements are copies and must be deleted.
    const list = this.open().data.warning;
    return DIVERGENCES.filter((_, i) => {
      const counter = list.get(FIRST_DIVERGENCE + i)!;
      const seen = counter.number > 0;
      counter.delete();
      return seen;
    });
  }

  /** All contacts of the current pose. The list is copied out of the heap (some 50 µs for 20 contacts). */
  contacts(): Contact[] {
    const vector = this.open().data.contact;
    const out: Contact[] = [];
    for (let i = 0; i < vector.size(); i++) {
      const contact = vector.get(i);
      if (contact === undefined) continue;
      out.push({ geom1: contact.geom1, geom2: contact.geom2, distance: contact.dist });
      contact.delete();
    }
    vector.delete();
    return out;
  }

  /** The number of contacts, without copying them. */
  get contactCount(): number {
    return this.open().data.ncon;
  }

  /** A buffer for functions that write results; a JavaScript array would be ignored without a word. */
  outBuffer(length: number): OutBuffer {
    this.open();
    const buffer = new this.mujoco.DoubleBuffer(length);
    this.buffers.push(buffer);
    const out = {
      length,
      handle: buffer,
      view: (): Float64Array => {
        this.open();
        return buffer.GetView() as Float64Array;
      },
    };
    return out;
  }

  /** The site's Jacobian, row-major [3, nv] each, for translation and rotation. */
  siteJacobian(site: number, translation: OutBuffer, rotation: OutBuffer): void {
    const { model, data } = this.open();
    this.mujoco.mj_jacSite(
      model,
      data,
      this.handleOf(translation, 3 * model.nv),
      this.handleOf(rotation, 3 * model.nv),
      site,
    );
  }

  /** The dense mass matrix, row-major [nv, nv]. */
  massMatrix(out: OutBuffer): void {
    const { model, data } = this.open();
    this.mujoco.mj_fullM(model, data, this.handleOf(out, model.nv * model.nv));
  }

  /** Everything that the next step depends on. */
  save(): SimState {
    const { model, data } = this.open();
    this.mujoco.mj_getState(model, data, this.handleOf(this.state, this.state.length), STATE_EVERYTHING);
    return { values: this.state.view().slice() };
  }

  /** Back to a saved state of the same model; what follows repeats bit for bit. */
  restore(saved: SimState): void {
    const { model, data } = this.open();
    if (saved.values.length !== this.state.length) {
      throw new VlaError(
        'mismatch',
        `Sim.restore: expected ${this.state.length} numbers for this model, got ${saved.values.length}.`,
      );
    }
    const values = saved.values as unknown as number[];
    this.mujoco.mj_setState(model, data, values, STATE_EVERYTHING);
    this.mujoco.mj_forward(model, data);
    // forward() moved the solver's warm start: put the saved one back.
    this.mujoco.mj_setState(model, data, values, STATE_EVERYTHING);
    this.expectedTime = data.time;
  }

  private open(): { model: MjModel; data: MjData } {
    if (this.handles === null) {
      throw new VlaError('bad-argument', 'Sim: expected an open simulation, got one that was closed.', {
        hint: 'Make a new one with Sim.fromXml.',
      });
    }
    return this.handles;
  }

  private handleOf(buffer: OutBuffer, length: number): DoubleBuffer {
    const handle = (buffer as OutBuffer & { handle?: DoubleBuffer }).handle;
    if (handle === undefined || buffer.length !== length) {
      throw new VlaError(
        'bad-shape',
        `Sim: expected a buffer of ${length} numbers from outBuffer(), got ${buffer.length}.`,
      );
    }
    return handle;
  }
}

function live(cache: Map<string, Float64Array>, owner: MjModel | MjData, field: string): Float64Array {
  const cached = cache.get(field);
  if (cached !== undefined && cached.length > 0) return cached;
  const fresh = (owner as unknown as Record<string, Float64Array>)[field]!;
  cache.set(field, fresh);
  return fresh;
}

function mega(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
