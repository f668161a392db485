/**
 * @file PyTorch's names: tensors with their storages. A pickled storage is a message of `torch.save` in its old format: five
 * pickles (a magic number, the format's version, the machine, the storage as a reference, its key) and then the content.
 */

import { VlaError } from '../errors.ts';
import { NumericArray, elementSize, type ElementType } from '../numeric-array.ts';
import { ByteCursor } from './byte-cursor.ts';
import { gather, sizesOf } from './strided.ts';
import { unpickleNext, type Vocabulary } from './unpickle.ts';
import {
  Opaque,
  PickleMap,
  PickleTuple,
  isGlobal,
  kindOf,
  type Budget,
  type PickleGlobal,
  type PickleValue,
} from './values.ts';

/** What every file of `torch.save` in the old format begins with, and its version (torch/serialization.py). */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
/** What a message with one storage needs at most. */
const INNER_LIMITS = { messageBytes: 0, entries: 1000, depth: 4 };
/** PyTorch's storage classes by what they hold; bfloat16, which numpy has not, is refused. */
const ELEMENTS: Readonly<Record<string, ElementType>> = {
  'torch.BoolStorage': 'b1',
  'torch.ByteStorage': 'u1',
  'torch.CharStorage': 'i1',
  'torch.ShortStorage': 'i2',
  'torch.IntStorage': 'i4',
  'torch.LongStorage': 'i8',
  'torch.HalfStorage': 'f2',
  'torch.FloatStorage': 'f4',
  'torch.DoubleStorage': 'f8',
};

/** Numbers without a shape. */
class Storage extends Opaque {
  readonly what = 'a storage of torch';
  readonly type: ElementType;
  readonly bytes: Uint8Array;

  constructor(type: ElementType, bytes: Uint8Array) {
    super();
    [this.type, this.bytes] = [type, bytes];
  }
}

const STORAGES: readonly PickleGlobal[] = Object.keys(ELEMENTS).map((globalName) => ({ globalName }));
const STORAGE_NAMES: Vocabulary = new Map(STORAGES.map((name) => [name.globalName, name]));

function loadStorage([bytes]: readonly PickleValue[]): PickleValue {
  if (!(bytes instanceof Uint8Array)) throw wrong('the bytes of a storage', bytes);
  const cursor = new ByteCursor(bytes);
  const found: { reference: Reference | null } = { reference: null };
  const next = (persistent?: (id: PickleValue) => PickleValue): PickleValue =>
    unpickleNext(cursor, {
      vocabulary: STORAGE_NAMES,
      limits: INNER_LIMITS,
      ...(persistent === undefined ? {} : { persistent }),
    });
  if (next() !== MAGIC || next() !== VERSION) throw wrong('a message of torch.save', null);
  const machine = next();
  if (!(machine instanceof PickleMap) || machine.entries.get('little_endian') !== true) {
    throw wrong('little-endian tensors', machine);
  }
  next((id) => {
    found.reference = referenceOf(id);
    return null;
  });
  const { reference } = found;
  const keys = next();
  if (reference === null || !Array.isArray(keys) || keys.length !== 1 || keys[0] !== reference.key) {
    throw wrong('one storage', keys);
  }
  if (cursor.u64() !== reference.count) throw wrong(`${reference.count} elements in a storage`, null);
  const content = cursor.take(reference.count * elementSize(reference.type));
  if (cursor.left > 0) throw wrong('the end of a storage', null);
  return new Storage(reference.type, content);
}

interface Reference {
  readonly type: ElementType;
  readonly key: string;
  readonly count: number;
}

/** Of ('storage', class, key, device, number of elements, no view). */
function referenceOf(id: PickleValue): Reference {
  const items = id instanceof PickleTuple ? id.items : [];
  const [kind, storage, key, , count, view] = items;
  const type = storage !== undefined && isGlobal(storage) ? ELEMENTS[storage.globalName] : undefined;
  const plain = kind === 'storage' && (view === null || view === undefined);
  if (!plain || type === undefined || typeof key !== 'string' || !Number.isSafeInteger(count) || Number(count) < 0) {
    throw wrong('a reference to a storage', id);
  }
  return { type, key, count: Number(count) };
}

function rebuildTensor([storage, offset, size, stride]: readonly PickleValue[], budget: Budget): PickleValue {
  if (!(storage instanceof Storage)) throw wrong('a storage', storage);
  if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < 0) throw wrong('an offset', offset);
  const shape = sizesOf('a size', size);
  const strides = sizesOf('strides', stride);
  if (strides.length !== shape.length) throw wrong(`${shape.length} strides`, stride);
  const { type, bytes } = storage;
  return new NumericArray(type, shape, gather(bytes, elementSize(type), { shape, strides, offset }, budget));
}

/** `torch.tensor([1.5, 2.0])`, which is how we write tensors. */
function tensorOfList([values]: readonly PickleValue[], budget: Budget): PickleValue {
  const numbers = Array.isArray(values) && values.every((value) => typeof value === 'number') ? values : null;
  if (numbers === null) throw wrong('a list of floats', values);
  budget.take(4 * numbers.length);
  const data = Float32Array.from(numbers as number[]);
  return NumericArray.ofFloats(data, [data.length]);
}

function wrong(expected: string, got: PickleValue | undefined): VlaError {
  return new VlaError(
    'bad-data',
    `pickle: expected ${expected}, got ${got === null ? 'something else' : kindOf(got)}.`,
  );
}

/** All of them. */
export const TORCH_NAMES: readonly PickleGlobal[] = [
  { globalName: 'torch.storage._load_from_bytes', call: loadStorage },
  { globalName: 'torch._utils._rebuild_tensor_v2', call: rebuildTensor },
  { globalName: 'torch.tensor', call: tensorOfList },
  {
    globalName: 'collections.OrderedDict',
    call(args) {
      if (args.length > 0) throw wrong('an empty OrderedDict', args[0]);
      return new PickleMap();
    },
  },
];
