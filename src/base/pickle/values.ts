/** @file What a pickle may become here: plain values, maps, sequences, inert objects and arrays of numbers. */

import { VlaError } from '../errors.ts';
import { NumericArray } from '../numeric-array.ts';

/** Anything that a pickle was read as. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleMap
  | PickleSet
  | PickleObject
  | NumericArray
  | PickleGlobal
  | PickleCase
  | Opaque;

/** A tuple; a list is a plain array. */
export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** What a dict may be keyed by here. */
export type PickleKey = string | number | bigint | boolean | null;

/** A dict, in the order of its keys. */
export class PickleMap {
  readonly entries = new Map<PickleKey, PickleValue>();
}

/** A set of what a dict may be keyed by. */
export class PickleSet {
  readonly items = new Set<PickleKey>();
}

/** An object of a class in the whitelist: its name and its attributes; no code belongs to it. */
export class PickleObject {
  /** As the pickle names it: `module.Class`. */
  readonly className: string;
  readonly fields = new Map<string, PickleValue>();

  constructor(className: string) {
    this.className = className;
  }
}

/** A member of an enum in the whitelist, by its value. */
export class PickleCase {
  readonly className: string;
  readonly value: string;

  constructor(className: string, value: string) {
    [this.className, this.value] = [className, value];
  }
}

/** Something that only our own code looks into: element types, storages, arrays whose content has not come yet. */
export abstract class Opaque {
  abstract readonly what: string;
  /** BUILD: what comes of it with its content; left out: it takes none. */
  build?(state: PickleValue, budget: Budget): PickleValue;
}

/** A name of the whitelist, and what may be done with it; what is left out is refused. */
export interface PickleGlobal {
  /** `module.name`. */
  readonly globalName: string;
  /** REDUCE: what it is called with, and what comes of it. */
  readonly call?: (args: readonly PickleValue[], budget: Budget) => PickleValue;
  /** NEWOBJ: an object of this class without attributes. */
  readonly create?: () => PickleObject;
}

/** How many bytes may still be made of what was sent. */
export class Budget {
  private left: number;

  constructor(bytes: number) {
    this.left = bytes;
  }

  /** Throws `bad-data` when there are not as many left. */
  take(bytes: number): void {
    if (!(bytes <= this.left)) {
      throw new VlaError('bad-data', `pickle: expected arrays of at most ${this.left} more bytes, got ${bytes}.`, {
        hint: 'Views that repeat their elements are sent as copies: numpy.ascontiguousarray(x), tensor.contiguous().',
      });
    }
    this.left -= bytes;
  }
}

/** Whether a value is a name of the whitelist. */
export function isGlobal(value: PickleValue): value is PickleGlobal {
  return typeof value === 'object' && value !== null && 'globalName' in value;
}

/** A value in the words of Python's users, for messages. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'string') return 'str';
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'list';
  if (value instanceof PickleTuple) return 'tuple';
  if (value instanceof PickleMap) return 'dict';
  if (value instanceof PickleSet) return 'set';
  if (value instanceof NumericArray) return `array [${value.shape.join(', ')}] of ${value.type}`;
  if (value instanceof PickleObject || value instanceof PickleCase) return value.className;
  return value instanceof Opaque ? value.what : value.globalName;
}
