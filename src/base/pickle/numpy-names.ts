/** @file numpy's names: arrays and scalars of plain numbers; arrays of objects, strings and records are refused. */

import { VlaError } from '../errors.ts';
import { NumericArray, arrayFromWire, elementSize } from '../numeric-array.ts';
import { columnMajor, gather, rowMajor, sizesOf } from './strided.ts';
import { Opaque, PickleTuple, kindOf, type Budget, type PickleGlobal, type PickleValue } from './values.ts';

/** numpy 1 and 2. */
const CORES = ['numpy.core', 'numpy._core'];
/** Arrays here are no larger than the pickle that they lie in; whoever reads them has limits of its own. */
const ANY_SIZE = { arrayBytes: Infinity };

/** `numpy.dtype('f4')`; its state tells the byte order. */
class DType extends Opaque {
  readonly what = 'numpy.dtype';
  readonly code: string;
  readonly order: string;

  constructor(code: string, order: string) {
    super();
    [this.code, this.order] = [code, order];
  }

  override build(state: PickleValue): DType {
    const order = state instanceof PickleTuple ? state.items[1] : undefined;
    if (typeof order === 'string' && /^[<>|=]$/.test(order)) return new DType(this.code, order);
    throw wrong('a byte order <, > or |', order);
  }
}

/** An array whose content comes with its state: (version, shape, dtype, by columns, bytes). */
class PendingArray extends Opaque {
  readonly what = 'numpy.ndarray without content';

  override build(state: PickleValue, budget: Budget): NumericArray {
    const items = state instanceof PickleTuple ? state.items : [];
    const [, shape, type, columns, bytes] = items;
    if (items.length !== 5 || typeof columns !== 'boolean') {
      throw new VlaError('bad-data', `pickle: expected the 5 parts of a numpy array, got ${kindOf(state)}.`);
    }
    return arrayOf(bytes, type, shape, [columns ? 'F' : 'C'], budget);
  }
}

/** How the bytes lie: `K` is row by row over the axes in another order, which `axes` tells (numpy 2.2 and later). */
type Order = 'C' | 'F' | 'K';

function arrayOf(
  bytes: PickleValue | undefined,
  type: PickleValue | undefined,
  shape: PickleValue | undefined,
  [order, axes]: readonly [Order, PickleValue?],
  budget: Budget,
): NumericArray {
  if (!(type instanceof DType)) throw wrong('numpy.dtype', type);
  if (!(bytes instanceof Uint8Array)) throw wrong('the bytes of an array', bytes);
  const sizes = sizesOf('a shape', shape);
  if (type.order === '>') budget.take(bytes.length);
  const whole = arrayFromWire(type.order + type.code, sizes, bytes, ANY_SIZE);
  if (order === 'C') return whole;
  const permuted = order === 'K' ? sizesOf('an order of axes', axes) : sizes.map((_, axis) => axis);
  if (sizes.some((_, axis) => !permuted.includes(axis)) || permuted.length !== sizes.length) {
    throw wrong(`an order of ${sizes.length} axes`, axes);
  }
  const steps = order === 'F' ? columnMajor(sizes) : rowMajor(sizes);
  const layout = {
    shape: permuted.map((axis) => sizes[axis]!),
    strides: permuted.map((axis) => steps[axis]!),
    offset: 0,
  };
  return new NumericArray(whole.type, layout.shape, gather(whole.bytes, elementSize(whole.type), layout, budget));
}

function wrong(expected: string, got: PickleValue | undefined): VlaError {
  return new VlaError('bad-data', `pickle: expected ${expected}, got ${kindOf(got)}.`);
}

function scalar([type, bytes]: readonly PickleValue[]): PickleValue {
  if (!(type instanceof DType)) throw wrong('numpy.dtype', type);
  if (!(bytes instanceof Uint8Array)) throw wrong('the bytes of a number', bytes);
  const number = arrayFromWire(type.order + type.code, [], bytes, ANY_SIZE);
  const value = number.toNumbers()[0]!;
  return number.type === 'b1' ? value !== 0 : value;
}

function fromBuffer([bytes, type, shape, order, axes]: readonly PickleValue[], budget: Budget): PickleValue {
  if (order !== 'C' && order !== 'F' && order !== 'K') throw wrong('an order C, F or K', order);
  return arrayOf(bytes, type, shape, [order, axes], budget);
}

function noBytes(args: readonly PickleValue[]): PickleValue {
  if (args.length > 0) throw wrong('no bytes', args[0]);
  return new Uint8Array();
}

/** Protocol 2 has no bytes; Python writes them as text that is encoded again. In memory of its own. */
function encodeLatin1([text, encoding]: readonly PickleValue[], budget: Budget): PickleValue {
  if (typeof text !== 'string' || encoding !== 'latin1') throw wrong('text in latin1', encoding);
  budget.take(text.length);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw wrong('text in latin1', text);
    bytes[i] = code;
  }
  return bytes;
}

/** All of them. */
export const NUMPY_NAMES: readonly PickleGlobal[] = [
  { globalName: 'numpy.ndarray' },
  {
    globalName: 'numpy.dtype',
    call([code]) {
      if (typeof code !== 'string') throw wrong('the code of a dtype', code);
      return new DType(code, '=');
    },
  },
  ...CORES.flatMap((core): PickleGlobal[] => [
    { globalName: `${core}.multiarray._reconstruct`, call: () => new PendingArray() },
    { globalName: `${core}.multiarray.scalar`, call: scalar },
    { globalName: `${core}.numeric._frombuffer`, call: fromBuffer },
  ]),
  { globalName: '_codecs.encode', call: encodeLatin1 },
  { globalName: '__builtin__.bytes', call: noBytes },
];
