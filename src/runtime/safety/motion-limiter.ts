/** @file A robot's whole action within its limits: each number by itself, then the workspaces, which couple them. */

import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { GripperAxis, MotionAxis, MotionLimits } from '../../interfaces/motion-limits.ts';
import { AxisLimiter } from './axis-limiter.ts';
import { GripperLimiter } from './gripper-limiter.ts';
import { guardOf, type WorkspaceGuard } from './workspace.ts';

/** Which limit of which number a wanted action broke. */
export interface LimitBreach {
  readonly name: string;
  readonly kind: 'position' | 'velocity' | 'acceleration' | 'jerk' | 'workspace';
}

/** The next action, not yet taken. */
export interface Proposal {
  /** For each number: the acceleration of a moving one, the command of a gripper. */
  readonly choices: readonly number[];
  readonly breaches: readonly LimitBreach[];
}

interface Moving {
  readonly axis: MotionAxis;
  readonly limiter: AxisLimiter;
  /** Index into the state, or −1. */
  readonly state: number;
}

interface Gripping {
  readonly axis: GripperAxis;
  readonly limiter: GripperLimiter;
  readonly state: number;
  /** What holds it, or null for its last command. */
  readonly hold: number | null;
}

const isMoving = (part: Moving | Gripping): part is Moving => part.axis.kind === 'motion';

/** Steps of the search between braking and what is wanted where a workspace is in the way. */
const BLENDS = 8;
/** Plans keep so far from a workspace's sides that rounding does not lead outside, metres. */
const ROUNDING = 1e-6;

/**
 * Actions in, allowed actions out. Give it only what `checkLimits` let through. `propose` and `brake` take no step; `take` does, and what it
 * returns is to be sent.
 */
export class MotionLimiter {
  private readonly parts: readonly (Moving | Gripping)[];
  private readonly guards: readonly WorkspaceGuard[];
  private readonly absolute: boolean;
  private state: ArrayLike<number> | null = null;
  private anchored = false;

  constructor(embodiment: Embodiment, limits: MotionLimits) {
    const { controlHz, holdAction } = embodiment;
    this.absolute = embodiment.action.convention.reference === 'absolute';
    this.parts = limits.axes.map((axis, i) => {
      if (axis.kind === 'gripper') {
        const hold = limits.hold === 'hold-action' ? holdAction![i]! : null;
        // A gripper may be measured in other numbers than it is told (finger positions); only its own name says that it is not.
        const state = this.absolute ? embodiment.state.names.indexOf(axis.name) : -1;
        return { axis, limiter: new GripperLimiter(axis, controlHz), state, hold };
      }
      const state = axis.state === null ? -1 : embodiment.state.names.indexOf(axis.state);
      return { axis, limiter: axisLimiter(axis, embodiment, limits), state };
    });
    this.guards = limits.workspaces.map((workspace) => guardOf(workspace, embodiment));
  }

  /** Whether it knows where the robot is, so that it can be told something. */
  get ready(): boolean {
    return this.anchored;
  }

  get atRest(): boolean {
    return this.parts.every((part) => !isMoving(part) || part.limiter.atRest);
  }

  /** The largest last step, as a share of what each number may do. */
  get pace(): number {
    return Math.max(0, ...this.parts.map((part) => (isMoving(part) ? part.limiter.pace : 0)));
  }

  /** Whether the robot is elsewhere than where it was told to be, by what would take it this many seconds at full speed. */
  strays(state: ArrayLike<number>, seconds: number): boolean {
    if (!this.absolute) return false;
    return this.parts.some((part) => {
      if (!isMoving(part)) return false;
      const { axis, limiter } = part;
      return Math.abs(state[part.state]! - limiter.position * axis.scale) > seconds * axis.velocity;
    });
  }

  /** The robot stands still where `state` says. */
  anchor(state: ArrayLike<number>): void {
    for (const part of this.parts) {
      const here = part.state < 0 ? null : state[part.state]!;
      if (isMoving(part)) part.limiter.anchor(here === null ? 0 : here / part.axis.scale);
      else part.limiter.anchor(here);
    }
    this.anchored = true;
    this.state = null;
    this.measure(state);
  }

  /** Where the robot is is not known any more. */
  forget(): void {
    this.anchored = false;
  }

  /** What was measured before the next action is chosen. */
  measure(state: ArrayLike<number>): void {
    // A state that repeats itself says nothing new: then the robot is taken to be where it was told to go.
    if (this.state !== null && same(this.state, state)) return;
    this.state = Float32Array.from(state);
    for (const guard of this.guards) guard.measure(state);
    for (const part of this.parts) {
      if (isMoving(part) && part.state >= 0) part.limiter.measure(state[part.state]! / part.axis.scale);
    }
  }

  /** The allowed action nearest to `wanted`. */
  propose(wanted: ArrayLike<number>): Proposal {
    const breaches: LimitBreach[] = [];
    const choices = this.parts.map((part, i) => {
      if (isMoving(part)) {
        const { acceleration, breaches: kinds } = part.limiter.choose(wanted[i]!);
        for (const kind of kinds) breaches.push({ name: part.axis.name, kind });
        return acceleration;
      }
      const { value, breaches: kinds } = part.limiter.choose(wanted[i]!);
      for (const kind of kinds) breaches.push({ name: part.axis.name, kind });
      return value;
    });
    const left = this.leftBy(choices);
    if (left.length === 0) return { choices, breaches };
    for (const { name } of left) breaches.push({ name, kind: 'workspace' });
    return { choices: this.blend(choices, new Set(left.flatMap(({ axes }) => axes))), breaches };
  }

  /** The next action of the way to a standstill, and of the standstill itself. */
  brake(): readonly number[] {
    return this.parts.map((part) => {
      if (isMoving(part)) return part.limiter.brake();
      const hold = part.hold ?? part.limiter.sent;
      return hold === null ? part.axis.position[0] : part.limiter.choose(hold).value;
    });
  }

  /** The names of what the very next step would leave: with measured positions a push can bring the robot there. */
  escapes(choices: readonly number[]): string[] {
    const steps = this.firstSteps(choices);
    return [
      ...this.parts.flatMap((part, i) =>
        isMoving(part) && !part.limiter.isInside(choices[i]!) ? [part.axis.name] : [],
      ),
      ...this.guards.filter((guard) => guard.outside(this.places(), steps, 0) > ROUNDING).map(({ name }) => name),
    ];
  }

  /** Takes the step and returns the action to send, embodiment units. */
  take(choices: readonly number[]): Float32Array {
    const steps = this.firstSteps(choices);
    for (const guard of this.guards) guard.advance(steps);
    return Float32Array.from(this.parts, (part, i) => part.limiter.take(choices[i]!));
  }

  /**
   * Between braking, which stays inside, and `choices`: as near to them as the workspaces let the numbers at `axes` be. First all of them
   * together, which keeps the direction, then one by one, so that the robot slides along a side instead of sticking to it.
   */
  private blend(choices: readonly number[], axes: ReadonlySet<number>): readonly number[] {
    const brake = this.brake();
    const start = choices.map((choice, k) => (axes.has(k) ? brake[k]! : choice));
    // What else is bounded by other workspaces may need to brake as well.
    if (this.leftBy(start).length > 0) return brake;
    let best = this.furthest(start, choices, BLENDS);
    for (const axis of axes) {
      const goal = best.map((value, k) => (k === axis ? choices[k]! : value));
      best = this.furthest(best, goal, BLENDS / 2);
    }
    return best;
  }

  /** From `start`, which is fine, towards `goal` as far as all is fine. */
  private furthest(start: readonly number[], goal: readonly number[], halvings: number): readonly number[] {
    let best = start;
    for (let inside = 0, outside = 2, i = 0; i <= halvings && inside < 1; i++) {
      const share = (inside + outside) / 2;
      const mixed = start.map((value, k) => value + share * (goal[k]! - value));
      const fine =
        this.parts.every((part, k) => !isMoving(part) || part.limiter.isSafe(mixed[k]!)) &&
        this.leftBy(mixed).length === 0;
      if (fine) [best, inside] = [mixed, share];
      else outside = share;
    }
    return best;
  }

  /** The workspaces that a step and the standstill behind it would leave. */
  private leftBy(choices: readonly number[]): readonly WorkspaceGuard[] {
    if (this.guards.length === 0) return [];
    const steps = this.parts.map((part, i) => (isMoving(part) ? part.limiter.velocitiesFrom(choices[i]!) : []));
    const [places, scaled] = [this.places(), this.scaled(steps)];
    return this.guards.filter((guard) => guard.outside(places, scaled, ROUNDING) > 0);
  }

  private firstSteps(choices: readonly number[]): number[][] {
    return this.scaled(this.parts.map((part, i) => (isMoving(part) ? [part.limiter.stepOf(choices[i]!)] : [])));
  }

  private places(): number[] {
    return this.parts.map((part) => (isMoving(part) ? part.limiter.position * part.axis.scale : 0));
  }

  private scaled(steps: readonly (readonly number[])[]): number[][] {
    return steps.map((velocities, i) => {
      const part = this.parts[i]!;
      return isMoving(part) ? velocities.map((velocity) => velocity * part.axis.scale) : [];
    });
  }
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}

function axisLimiter(axis: MotionAxis, embodiment: Embodiment, { embodiment: name }: MotionLimits): AxisLimiter {
  const { scale, position } = axis;
  const { controlHz: hz, action } = embodiment;
  const [low, high] = position ?? [-Infinity, Infinity];
  return new AxisLimiter(`limits of ${name}: ${axis.name}`, {
    reference: action.convention.reference === 'absolute' ? 'absolute' : 'delta',
    low: low / scale,
    high: high / scale,
    velocity: axis.velocity / (scale * hz),
    acceleration: axis.acceleration / (scale * hz ** 2),
    jerk: axis.jerk / (scale * hz ** 3),
  });
}
