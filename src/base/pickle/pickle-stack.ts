/** @file The stack of the pickle machine: values, and marks that open groups of them. */

import { VlaError } from '../errors.ts';
import type { PickleValue } from './values.ts';

/** Values with marks; nothing reaches below the last mark but what asks for the mark itself. */
export class PickleStack {
  private readonly values: PickleValue[] = [];
  private readonly marks: number[] = [];

  push(value: PickleValue): void {
    this.values.push(value);
  }

  mark(): void {
    this.marks.push(this.values.length);
  }

  pop(): PickleValue {
    return this.popMany(1)[0]!;
  }

  last(): PickleValue {
    this.need(1);
    return this.values.at(-1)!;
  }

  /** The one value that there must be at the end. */
  only(): PickleValue {
    if (this.values.length === 1 && this.marks.length === 0) return this.values[0]!;
    throw new VlaError('bad-data', `pickle: expected one value at its end, got ${this.values.length}.`);
  }

  /** The last `count` values, in the order in which they were pushed. */
  popMany(count: number): PickleValue[] {
    this.need(count);
    return this.values.splice(this.values.length - count, count);
  }

  /** What was pushed since the last mark, which is gone then. */
  popMarked(): PickleValue[] {
    const at = this.marks.pop();
    if (at === undefined) throw new VlaError('bad-data', 'pickle: expected a mark, got none.');
    return this.values.splice(at);
  }

  private need(count: number): void {
    const open = this.values.length - (this.marks.at(-1) ?? 0);
    if (open >= count) return;
    throw new VlaError('bad-data', `pickle: expected ${count} values on the stack, got ${open}.`);
  }
}
