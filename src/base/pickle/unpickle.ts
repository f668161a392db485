/**
 * @file Reads pickles without running any: a machine for the instructions that Python writes for data, whose names are
 * looked up in a whitelist and stand for functions of ours.
 */

import { VlaError } from '../errors.ts';
import { requireAtMost } from '../require-at-most.ts';
import { ByteCursor } from './byte-cursor.ts';
import { checkTree } from './check-tree.ts';
import { OP, REFUSED } from './opcodes.ts';
import { PickleStack } from './pickle-stack.ts';
import {
  Budget,
  Opaque,
  PickleMap,
  PickleObject,
  PickleSet,
  PickleTuple,
  isGlobal,
  kindOf,
  type PickleGlobal,
  type PickleValue,
} from './values.ts';

/** The names that a pickle may use. */
export type Vocabulary = ReadonlyMap<string, PickleGlobal>;

/** Bounds of one pickle. */
export interface PickleLimits {
  /** Bytes of the pickle; as many again may be made of them. */
  readonly messageBytes: number;
  /** Instructions; they bound the stack, the memo and all collections, too. */
  readonly entries: number;
  /** How deep collections and objects may lie in each other. */
  readonly depth: number;
}

/** How pickles are read. */
export interface UnpickleOptions {
  readonly vocabulary: Vocabulary;
  readonly limits: PickleLimits;
  /** What stands for an id of something outside the pickle; left out: such ids are refused. */
  readonly persistent?: (id: PickleValue) => PickleValue;
  /** Shared by pickles within one message. */
  readonly budget?: Budget;
}

/**
 * Reads one pickle. Throws `bad-data` for a name that is not in the vocabulary, an instruction that data does not need,
 * what is cut off, trailing bytes, recursive structures and whatever goes beyond the limits.
 */
export function unpickle(bytes: Uint8Array, options: UnpickleOptions): PickleValue {
  requireAtMost('pickle: bytes', bytes.length, options.limits.messageBytes);
  const cursor = new ByteCursor(bytes);
  const value = unpickleNext(cursor, options);
  if (cursor.left > 0) throw new VlaError('bad-data', `pickle: expected its end, got ${cursor.left} more bytes.`);
  return value;
}

/** Reads the pickle that begins at the cursor, which is left behind it. */
export function unpickleNext(cursor: ByteCursor, options: UnpickleOptions): PickleValue {
  const { limits, budget } = options;
  const machine = new Machine(cursor, { ...options, budget: budget ?? new Budget(limits.messageBytes) });
  for (let count = 0; count < limits.entries; count++) {
    if (machine.step()) return checkTree(machine.result(), limits.depth);
  }
  throw new VlaError('bad-data', `pickle: expected at most ${limits.entries} instructions, got more.`);
}

/** Protocols of which the instructions are known. */
const OLDEST = 2;
const NEWEST = 5;

class Machine {
  private readonly cursor: ByteCursor;
  private readonly options: UnpickleOptions & { readonly budget: Budget };
  private readonly stack = new PickleStack();
  private readonly memo = new Map<number, PickleValue>();
  /** What came of values whose content arrived after they were noted. */
  private readonly finished = new Map<Opaque, PickleValue>();

  constructor(cursor: ByteCursor, options: UnpickleOptions & { readonly budget: Budget }) {
    [this.cursor, this.options] = [cursor, options];
  }

  /** One instruction; true at the end of the pickle. */
  step(): boolean {
    const at = this.cursor.position;
    const code = this.cursor.u8();
    if (code === OP.STOP) return true;
    if (this.scalar(code) || this.collection(code) || this.remember(code) || this.made(code)) return false;
    const refused = Object.hasOwn(REFUSED, code) ? REFUSED[code]! : `instruction 0x${code.toString(16)}`;
    throw new VlaError('bad-data', `pickle: expected data of protocols 2 to 5, got ${refused} at byte ${at}.`);
  }

  result(): PickleValue {
    return this.stack.only();
  }

  private scalar(code: number): boolean {
    const { cursor, stack } = this;
    switch (code) {
      case OP.PROTO:
        this.protocol(cursor.u8());
        return true;
      case OP.FRAME:
        this.frame(cursor.u64());
        return true;
      case OP.NONE:
        stack.push(null);
        return true;
      case OP.NEWTRUE:
      case OP.NEWFALSE:
        stack.push(code === OP.NEWTRUE);
        return true;
      case OP.BININT:
        stack.push(cursor.i32());
        return true;
      case OP.BININT1:
        stack.push(cursor.u8());
        return true;
      case OP.BININT2:
        stack.push(cursor.u16());
        return true;
      case OP.LONG1:
        stack.push(longOf(cursor.take(cursor.u8())));
        return true;
      case OP.BINFLOAT:
        stack.push(cursor.f64());
        return true;
      default:
        return this.sized(code);
    }
  }

  private sized(code: number): boolean {
    const { cursor, stack } = this;
    switch (code) {
      case OP.SHORT_BINUNICODE:
        stack.push(cursor.text(cursor.u8()));
        return true;
      case OP.BINUNICODE:
        stack.push(cursor.text(cursor.u32()));
        return true;
      case OP.BINUNICODE8:
        stack.push(cursor.text(cursor.u64()));
        return true;
      case OP.SHORT_BINBYTES:
        stack.push(cursor.take(cursor.u8()));
        return true;
      case OP.BINBYTES:
        stack.push(cursor.take(cursor.u32()));
        return true;
      case OP.BINBYTES8:
      case OP.BYTEARRAY8:
        stack.push(cursor.take(cursor.u64()));
        return true;
      default:
        return false;
    }
  }

  private protocol(version: number): void {
    if (version >= OLDEST && version <= NEWEST) return;
    throw new VlaError('bad-data', `pickle: expected protocol ${OLDEST} to ${NEWEST}, got ${version}.`);
  }

  private frame(length: number): void {
    if (length <= this.cursor.left) return;
    throw new VlaError('bad-data', `pickle: expected a frame of ${length} bytes, got ${this.cursor.left}.`);
  }

  private collection(code: number): boolean {
    const { stack } = this;
    switch (code) {
      case OP.MARK:
        stack.mark();
        return true;
      case OP.EMPTY_LIST:
        stack.push([]);
        return true;
      case OP.EMPTY_DICT:
        stack.push(new PickleMap());
        return true;
      case OP.EMPTY_SET:
        stack.push(new PickleSet());
        return true;
      case OP.EMPTY_TUPLE:
        stack.push(new PickleTuple([]));
        return true;
      case OP.TUPLE:
        stack.push(new PickleTuple(stack.popMarked()));
        return true;
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3:
        stack.push(new PickleTuple(stack.popMany(code - OP.TUPLE1 + 1)));
        return true;
      case OP.APPEND:
        return this.extend(stack.popMany(1));
      case OP.APPENDS:
        return this.extend(stack.popMarked());
      case OP.SETITEM:
        return this.setItems(stack.popMany(2));
      case OP.SETITEMS:
        return this.setItems(stack.popMarked());
      case OP.ADDITEMS:
        return this.addItems(stack.popMarked());
      case OP.FROZENSET: {
        const items = stack.popMarked();
        stack.push(new PickleSet());
        return this.addItems(items);
      }
      default:
        return false;
    }
  }

  private extend(items: readonly PickleValue[]): true {
    const list = this.stack.last();
    if (!Array.isArray(list)) throw unexpected('a list to extend', list);
    for (const item of items) list.push(item);
    return true;
  }

  private setItems(items: readonly PickleValue[]): true {
    const map = this.stack.last();
    if (!(map instanceof PickleMap)) throw unexpected('a dict to fill', map);
    if (items.length % 2 !== 0) throw new VlaError('bad-data', 'pickle: expected keys with values, got an odd number.');
    for (let i = 0; i < items.length; i += 2) map.entries.set(keyOf(items[i]!), items[i + 1]!);
    return true;
  }

  private addItems(items: readonly PickleValue[]): true {
    const set = this.stack.last();
    if (!(set instanceof PickleSet)) throw unexpected('a set to fill', set);
    for (const item of items) set.items.add(keyOf(item));
    return true;
  }

  private remember(code: number): boolean {
    const { cursor, stack, memo } = this;
    switch (code) {
      case OP.MEMOIZE:
        memo.set(memo.size, stack.last());
        return true;
      case OP.BINPUT:
        memo.set(cursor.u8(), stack.last());
        return true;
      case OP.LONG_BINPUT:
        memo.set(cursor.u32(), stack.last());
        return true;
      case OP.BINGET:
        return this.recall(cursor.u8());
      case OP.LONG_BINGET:
        return this.recall(cursor.u32());
      default:
        return false;
    }
  }

  private recall(index: number): true {
    const value = this.memo.get(index);
    if (value === undefined)
      throw new VlaError('bad-data', `pickle: expected something noted as ${index}, got nothing.`);
    this.stack.push(value instanceof Opaque ? (this.finished.get(value) ?? value) : value);
    return true;
  }

  private made(code: number): boolean {
    const { cursor, stack } = this;
    switch (code) {
      case OP.GLOBAL:
        stack.push(this.find(cursor.line(), cursor.line()));
        return true;
      case OP.STACK_GLOBAL: {
        const [module, name] = stack.popMany(2);
        stack.push(this.find(module, name));
        return true;
      }
      case OP.REDUCE:
      case OP.NEWOBJ: {
        const [callee, args] = stack.popMany(2);
        stack.push(this.call(code, callee!, args!));
        return true;
      }
      case OP.BUILD:
        this.build();
        return true;
      case OP.BINPERSID: {
        const { persistent } = this.options;
        if (persistent === undefined) {
          throw new VlaError('bad-data', 'pickle: expected data, got BINPERSID (a reference out of the pickle).');
        }
        stack.push(persistent(stack.pop()));
        return true;
      }
      default:
        return false;
    }
  }

  private find(module: PickleValue | undefined, name: PickleValue | undefined): PickleGlobal {
    if (typeof module !== 'string' || typeof name !== 'string') throw unexpected('names as str', name);
    const found = this.options.vocabulary.get(`${module}.${name}`);
    if (found !== undefined) return found;
    throw new VlaError('bad-data', `pickle: refused the name ${JSON.stringify(`${module}.${name}`.slice(0, 120))}.`, {
      hint: 'Only arrays, plain values and the classes of the protocol are read; nothing else is loaded or called.',
    });
  }

  private call(code: number, callee: PickleValue, args: PickleValue): PickleValue {
    if (!isGlobal(callee)) throw unexpected('a name to call', callee);
    if (!(args instanceof PickleTuple)) throw unexpected('arguments as a tuple', args);
    const { call, create, globalName } = callee;
    if (code === OP.REDUCE && call !== undefined) return call(args.items, this.options.budget);
    if (code === OP.NEWOBJ && create !== undefined && args.items.length === 0) return create();
    throw new VlaError('bad-data', `pickle: ${globalName} may not be made in this way.`);
  }

  private build(): void {
    const state = this.stack.pop();
    const target = this.stack.last();
    if (target instanceof PickleObject) return setFields(target, state);
    if (!(target instanceof Opaque) || target.build === undefined) throw unexpected('an object to fill', target);
    const value = target.build(state, this.options.budget);
    this.finished.set(target, value);
    this.stack.pop();
    this.stack.push(value);
  }
}

function setFields(target: PickleObject, state: PickleValue): void {
  if (!(state instanceof PickleMap)) throw unexpected('attributes as a dict', state);
  for (const [name, value] of state.entries) {
    if (typeof name !== 'string') throw unexpected('attributes named by str', name);
    target.fields.set(name, value);
  }
}

/** A dict's key. */
function keyOf(value: PickleValue): string | number | bigint | boolean | null {
  if (value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)) {
    return value as string | number | bigint | boolean | null;
  }
  throw unexpected('a key as str or number', value);
}

/** The widest int that is read, in bytes. */
const WIDEST_INT = 16;

/** A two's complement number, least byte first. */
function longOf(bytes: Uint8Array): number | bigint {
  if (bytes.length > WIDEST_INT) {
    throw new VlaError('bad-data', `pickle: expected an int of at most ${WIDEST_INT} bytes, got ${bytes.length}.`);
  }
  const unsigned = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const value = BigInt.asIntN(8 * bytes.length, unsigned);
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}

function unexpected(expected: string, got: PickleValue | undefined): VlaError {
  return new VlaError('bad-data', `pickle: expected ${expected}, got ${kindOf(got)}.`);
}
