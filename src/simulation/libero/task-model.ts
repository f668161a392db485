/** @file A LIBERO task after composition: what MuJoCo compiles, and what LIBERO's rules need to know beside it. */

type Numbers = readonly number[];
type Point = readonly [x: number, y: number, z: number];
type Range = readonly [low: number, high: number];
type Axis = 'x' | 'y' | 'z';
/** Radians about one axis, or about each of several in turn. */
type Rotation = Range | Readonly<Partial<Record<Axis, Range>>>;

/** One proposition of a BDDL file in lower case, for example ["on", "akita_black_bowl_1", "plate_1"]. */
export type Proposition = readonly string[];

/** Joint positions from which on a part counts as open, closed, on or off; empty: it never does. */
export interface Articulation {
  readonly open: Numbers;
  readonly close: Numbers;
  readonly turnOn: Numbers;
  readonly turnOff: Numbers;
}

/** A movable object or a fixture. Names are those of the composed model. */
export interface LiberoObject {
  /** LIBERO's class in CamelCase, for example "FlatStove". */
  readonly className: string;
  readonly rootBody: string;
  readonly joints: readonly string[];
  /** The geoms whose touching counts as touching the object. */
  readonly contactGeoms: readonly string[];
  /** Placed by the body's pose in the model, not by a free joint. */
  readonly fixture: boolean;
  readonly articulation: Articulation | null;
  /** Sites that show a state, by LIBERO's word for it: the site, and whether it is visible at first. */
  readonly stateSites: Readonly<Record<string, { readonly site: string; readonly visible: boolean }>>;
  /** Radians about `rotationAxis`, uniformly drawn where a region says nothing. */
  readonly rotation: Rotation;
  readonly rotationAxis: Axis | null;
  /** Offsets of the object's lowest and highest point from its origin, metres. */
  readonly bottom: Point;
  readonly top: Point;
  /** Metres. */
  readonly horizontalRadius: number;
  /** w, x, y, z, before the drawn rotation; null: none. */
  readonly initialQuaternion: Numbers | null;
}

/** A region: a site of the model that things are put on or in. */
export interface LiberoSite {
  /** The object that it belongs to; null: the table or the floor. */
  readonly parent: string | null;
  readonly joints: readonly string[];
  /** Half sizes, metres. */
  readonly size: Point;
}

/** Where objects are put when an episode begins, before an initial state is set. */
export interface Placement {
  readonly name: string;
  /** robosuite's or LIBERO's sampler, which says in which order numbers are drawn. */
  readonly sampler: string;
  readonly objects: readonly string[];
  /** One range per region, metres, relative to `reference`. */
  readonly x: readonly Range[];
  readonly y: readonly Range[];
  readonly zOffset: number;
  readonly reference: Point;
  /** Radians about `rotationAxis`. */
  readonly rotation: Rotation;
  readonly rotationAxis: Axis | null;
}

/** A composed task. */
export interface LiberoTask {
  /** For example "libero_spatial". */
  readonly suite: string;
  /** The BDDL file's name without its ending. */
  readonly name: string;
  /** The instruction, as the BDDL file words it. */
  readonly language: string;
  /** The BDDL file's problem in lower case, for example "libero_tabletop_manipulation". */
  readonly problem: string;
  /** All must hold. */
  readonly goal: readonly Proposition[];
  readonly init: readonly Proposition[];
  /** LIBERO's objects of interest. */
  readonly interest: readonly string[];
  readonly objects: Readonly<Record<string, LiberoObject>>;
  readonly sites: Readonly<Record<string, LiberoSite>>;
  /** In the order in which they are drawn. */
  readonly placements: readonly Placement[];
  /** MJCF; each `file` is a path of `LiberoFiles`. */
  readonly xml: string;
}
