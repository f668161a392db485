/** @file A number that opens and closes a gripper: within its range, and no faster than it may; it may jump otherwise. */

import type { GripperAxis } from '../../interfaces/motion-limits.ts';
import { clamp } from './braking.ts';

/** One gripper of an action. */
export class GripperLimiter {
  private readonly low: number;
  private readonly high: number;
  /** Most between consecutive commands. */
  private readonly step: number;
  private last: number | null = null;

  constructor({ position: [low, high], velocity }: GripperAxis, controlHz: number) {
    this.low = low;
    this.high = high;
    this.step = velocity === null ? Infinity : velocity / controlHz;
  }

  /** The command last sent, or null. */
  get sent(): number | null {
    return this.last;
  }

  /** Where it is when nothing was sent yet. */
  anchor(position: number | null): void {
    this.last = position === null ? null : clamp(position, this.low, this.high);
  }

  /** The command nearest to `wanted`, and what `wanted` broke; sends nothing. */
  choose(wanted: number): { readonly value: number; readonly breaches: readonly ('position' | 'velocity')[] } {
    const inside = clamp(wanted, this.low, this.high);
    const breaches: ('position' | 'velocity')[] = inside === wanted ? [] : ['position'];
    if (this.last === null) return { value: inside, breaches };
    const value = clamp(inside, this.last - this.step, this.last + this.step);
    return { value, breaches: value === inside ? breaches : [...breaches, 'velocity'] };
  }

  take(value: number): number {
    this.last = value;
    return value;
  }
}
