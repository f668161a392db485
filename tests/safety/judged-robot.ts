/**
 * @file A robot that does exactly what it is told and judges it: the checker at the robot's side, which shares no code with the gate. It keeps
 * every action that reached it and works out velocities, accelerations and jerks from those.
 */

import type { Clock } from '../../src/base/clock.ts';
import type { MotionLimits } from '../../src/interfaces/motion-limits.ts';
import type { Observation } from '../../src/interfaces/observation.ts';
import type { Measurement, Robot } from '../../src/interfaces/robot.ts';
import type { LimitedRobot } from './robots.ts';

/** How the link behaves; set by faults. */
export interface LinkFaults {
  /** So many of the next calls fail before anything arrives. */
  dropped: number;
  /** So many of the next actions arrive, but the answer is lost. */
  unanswered: number;
  /** So many of the next actions get lost without any answer. */
  hanging: number;
  /** So many of the next stops fail. */
  deafToStop: number;
}

const REST = 1e-6;

/** A kinematic robot. Positions in the limits' unit. */
export class JudgedRobot implements Robot {
  readonly name: string;
  readonly embodiment: LimitedRobot['embodiment'];
  readonly faults: LinkFaults = { dropped: 0, unanswered: 0, hanging: 0, deafToStop: 0 };
  /** Everything that was wrong with what it was told, in sentences. */
  readonly unsafe: string[] = [];
  /** Actions that arrived. */
  received = 0;
  /** The safe stop is in force. */
  stopped = false;
  private readonly limits: MotionLimits;
  private readonly clock: Clock;
  private readonly absolute: boolean;
  /** Where each number of the action has brought its axis. */
  private readonly at: number[];
  private velocity: number[];
  private acceleration: number[];
  private pose = { x: 0, y: 0, heading: 0 };
  private last: { readonly time: number; readonly action: Float32Array } | null = null;

  /** `clock` is the true time. `start`: positions of the axes. */
  constructor({ embodiment, limits }: LimitedRobot, clock: Clock, start: readonly number[]) {
    this.name = `judged ${embodiment.name}`;
    this.embodiment = embodiment;
    this.limits = limits;
    this.clock = clock;
    this.absolute = embodiment.action.convention.reference === 'absolute';
    this.at = [...start];
    this.velocity = start.map(() => 0);
    this.acceleration = start.map(() => 0);
  }

  /** Whether it stands still. */
  get still(): boolean {
    return this.stopped || this.velocity.every((value) => Math.abs(value) < REST);
  }

  /** The fastest axis, as a share of what it may. */
  get pace(): number {
    const shares = this.limits.axes.map((axis, i) => (axis.kind === 'motion' ? this.velocity[i]! / axis.velocity : 0));
    return this.stopped ? 0 : Math.max(...shares.map(Math.abs));
  }

  connect(hear: (measurement: Measurement) => void): Promise<void> {
    hear({ sensor: 'state', time: this.clock.now(), value: this.state() });
    return Promise.resolve();
  }

  actuate(action: Float32Array): Promise<void> {
    const { faults } = this;
    if (faults.hanging > 0) {
      faults.hanging--;
      return new Promise(() => undefined);
    }
    if (faults.dropped > 0) {
      faults.dropped--;
      return Promise.reject(new Error('link down'));
    }
    this.receive(action);
    if (faults.unanswered > 0) {
      faults.unanswered--;
      return Promise.reject(new Error('answer lost'));
    }
    return Promise.resolve();
  }

  stop(): Promise<void> {
    if (this.faults.deafToStop > 0) {
      this.faults.deafToStop--;
      return Promise.reject(new Error('link down'));
    }
    this.stopped = true;
    this.rest();
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A human has looked and lets it move again. */
  revive(): void {
    this.stopped = false;
    this.rest();
  }

  /** What its state sensors say. */
  state(): Float32Array {
    const { x, y, heading } = this.pose;
    if (this.absolute) return Float32Array.from(this.at);
    return Float32Array.of(x, y, Math.cos(heading), Math.sin(heading), this.at[3]!);
  }

  /** What it sees: an image that changes with whatever moves. */
  observe(): Observation {
    const state = this.state();
    const data = new Uint8Array(48);
    new Uint8Array(state.buffer).forEach((byte, i) => void (data[i] = byte));
    return { images: { front: { width: 4, height: 4, data } }, state, instruction: 'move' };
  }

  private rest(): void {
    this.velocity = this.velocity.map(() => 0);
    this.acceleration = this.acceleration.map(() => 0);
    this.last = null;
  }

  private receive(action: Float32Array): void {
    const time = this.clock.now();
    const { controlHz: hz } = this.embodiment;
    const { axes } = this.limits;
    this.received++;
    const blame = (what: string): number => this.unsafe.push(`${time.toFixed(3)} s: ${what}`);
    if (this.stopped) blame('an action during the safe stop');
    if (action.length !== axes.length) return void blame(`${action.length} numbers`);
    if (!action.every(Number.isFinite)) return void blame(`not finite: ${action.join(', ')}`);
    if (this.last !== null) {
      const gap = time - this.last.time;
      const again = action.every((value, i) => value === this.last!.action[i]);
      // The same action once more is still the same action.
      if (again && gap < 0.49 / hz) return;
      if (gap < 0.49 / hz) blame(`an action ${(1000 * gap).toFixed(1)} ms after the last`);
    }
    this.last = { time, action: action.slice() };
    const step = axes.map((axis, i) => {
      if (axis.kind === 'gripper') {
        if (action[i]! < axis.position[0] || action[i]! > axis.position[1]) blame(`${axis.name} at ${action[i]}`);
        return 0;
      }
      const told = action[i]! * axis.scale;
      return this.absolute ? told - this.at[i]! : told;
    });
    for (const [i, axis] of axes.entries()) {
      if (axis.kind === 'gripper') {
        if (this.absolute) this.at[i] = action[i]!;
        continue;
      }
      const v = step[i]! * hz;
      const a = (v - this.velocity[i]!) * hz;
      const j = (a - this.acceleration[i]!) * hz;
      const slack = 1 + 1e-6;
      if (Math.abs(v) > axis.velocity * slack) blame(`${axis.name}: velocity ${v}`);
      if (Math.abs(a) > axis.acceleration * slack) blame(`${axis.name}: acceleration ${a}`);
      if (Math.abs(j) > axis.jerk * slack) blame(`${axis.name}: jerk ${j}`);
      this.at[i]! += step[i]!;
      if (
        axis.position !== null &&
        !(this.at[i]! >= axis.position[0] - REST && this.at[i]! <= axis.position[1] + REST)
      ) {
        blame(`${axis.name}: position ${this.at[i]}`);
      }
      this.velocity[i] = v;
      this.acceleration[i] = a;
    }
    this.judgePlace(step, blame);
  }

  private judgePlace(step: readonly number[], blame: (what: string) => void): void {
    const [workspace] = this.limits.workspaces;
    if (!this.absolute) {
      const { x, y, heading } = this.pose;
      const [cosine, sine] = [Math.cos(heading), Math.sin(heading)];
      this.pose = {
        x: x + cosine * step[0]! - sine * step[1]!,
        y: y + sine * step[0]! + cosine * step[1]!,
        heading: heading + step[2]!,
      };
    }
    const point = this.absolute ? tipOf(this.at) : [this.pose.x, this.pose.y];
    point.forEach((value, k) => {
      if (value < workspace!.low[k]! - 1e-5 || value > workspace!.high[k]! + 1e-5) {
        blame(`workspace: ${'xyz'[k]} ${value}`);
      }
    });
  }
}

/** By trigonometry: the arm of `joints` lies in the vertical plane that `pan` turns. */
export function tipOf([pan, lift, elbow]: readonly number[]): [number, number, number] {
  const reach = 0.4 * Math.cos(lift!) + 0.3 * Math.cos(lift! + elbow!);
  const height = 0.2 + 0.4 * Math.sin(lift!) + 0.3 * Math.sin(lift! + elbow!);
  return [reach * Math.cos(pan!), reach * Math.sin(pan!), height];
}
