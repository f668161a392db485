/** @file Tests of the reader of pickles: Python's own pickles, hostile ones, bounds. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { DEFAULT_WIRE_LIMITS } from '../../serving/wire/limits.ts';
import { NumericArray } from '../numeric-array.ts';
import { LEROBOT_NAMES } from '../../serving/lerobot/names.ts';
import { OP } from './opcodes.ts';
import { unpickle, type PickleLimits } from './unpickle.ts';
import { PickleCase, PickleMap, PickleObject, PickleSet, PickleTuple, type PickleValue } from './values.ts';

interface Golden {
  readonly expected: Readonly<Record<string, unknown>>;
  readonly pickles: readonly { readonly name: string; readonly protocol: number; readonly pickle: string }[];
  readonly refused: readonly { readonly name: string; readonly protocol: number; readonly pickle: string }[];
}

const golden = JSON.parse(
  fs.readFileSync(new URL('../../../../tests/golden/lerobot-pickles.json', import.meta.url), 'utf8'),
) as Golden;

const read = (bytes: Uint8Array, limits: PickleLimits = DEFAULT_WIRE_LIMITS): PickleValue =>
  unpickle(bytes, { vocabulary: LEROBOT_NAMES, limits });

/** A value as the golden file tells it. */
function plain(value: PickleValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof PickleTuple) return value.items.map(plain);
  if (value instanceof PickleSet) return [...value.items].map(Number).sort((a, b) => a - b);
  if (value instanceof PickleMap) return Object.fromEntries([...value.entries].map(([k, v]) => [String(k), plain(v)]));
  if (value instanceof PickleCase) return value.value;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (value instanceof NumericArray) {
    return { shape: [...value.shape], type: value.type, numbers: [...value.toNumbers()] };
  }
  if (!(value instanceof PickleObject)) return value;
  return {
    class: value.className.split('.').at(-1),
    ...Object.fromEntries([...value.fields].map(([k, v]) => [k, plain(v)])),
  };
}

test('what Python pickled is read as what it was, in protocols 2 to 5', () => {
  for (const { name, protocol, pickle } of golden.pickles) {
    const value = plain(read(Buffer.from(pickle, 'base64')));
    assert.deepEqual(value, golden.expected[name], `${name}, protocol ${protocol}`);
  }
  assert.deepEqual(new Set(golden.pickles.map(({ protocol }) => protocol)), new Set([2, 3, 4, 5]));
});

test('reading changes nothing in the message, and numbers do not depend on where they lie in memory', () => {
  const { pickle } = golden.pickles.find(({ name, protocol }) => name === 'arrays' && protocol === 4)!;
  for (let offset = 0; offset < 8; offset++) {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(pickle, 'base64')]).subarray(offset);
    const arrays = (read(bytes) as PickleMap).entries;
    assert.deepEqual([...(arrays.get('f4') as NumericArray).toFloats()], [0, 1, 3]);
    assert.deepEqual((arrays.get('big-endian') as NumericArray).toFloats()[23], 23);
    assert.equal(bytes.toString('base64'), pickle);
  }
});

/** What each hostile pickle is refused by. */
const REASONS: Readonly<Record<string, RegExp>> = {
  'os.system': /refused the name "posix\.system"/,
  eval: /refused the name "(builtins|__builtin__)\.eval"/,
  exec: /refused the name "builtins\.exec"/,
  getattr: /refused the name "builtins\.getattr"/,
  partial: /refused the name "functools\.partial"/,
  subprocess: /refused the name "subprocess\.Popen"/,
  'torch.load': /refused the name "torch\.serialization\.load"/,
  'numpy.load': /refused the name "numpy\.load"/,
  import: /refused the name "importlib\.import_module"/,
  'in an observation': /refused the name "posix\.system"/,
  "in an array's shape": /refused the name "builtins\.eval"/,
  'in a list of actions': /refused the name "builtins\.eval"/,
  'builtins.object': /refused the name "(builtins\.object|copyreg\._reconstructor)"/,
  'a class itself': /expected data, got numpy\.ndarray itself/,
  'an enum itself': /expected data, got lerobot\.configs\.types\.FeatureType itself/,
  'holds itself': /recursive|only recursive/,
  'holds itself, around corners': /recursive/,
  'a tower of shared lists': /at most 32 levels/,
  'an array of objects': /refused the name "builtins\.eval"/,
  'an array of texts': /expected a type of .* got "[<=]?U1"/,
  'an array of records': /expected a type of|got tuple/,
  'an array of dates': /expected a type of/,
  complex: /expected a type of/,
  'a complex number': /refused the name "builtins\.complex"/,
  'a wide int': /an int of at most 16 bytes, got 26/,
  bfloat16: /refused the name "torch\.BFloat16Storage"/,
  'a parameter': /refused the name "torch\._utils\._rebuild_parameter"/,
  'a module': /refused the name "torch\.nn\.modules\.linear\.Linear"/,
  'a path': /refused the name "pathlib\.PurePosixPath"/,
  'a key that is a tuple': /a key as str or number, got tuple/,
};

test('what is no data is refused by name', () => {
  assert.deepEqual(new Set(golden.refused.map(({ name }) => name)), new Set(Object.keys(REASONS)));
  for (const { name, pickle } of golden.refused) {
    assert.throws(() => read(Buffer.from(pickle, 'base64')), { code: 'bad-data', message: REASONS[name]! }, name);
  }
});

/** A pickle of instructions: bytes, texts as SHORT_BINUNICODE. */
function assemble(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'number'
        ? Buffer.from([part])
        : typeof part === 'string'
          ? Buffer.concat([Buffer.from([OP.SHORT_BINUNICODE, Buffer.byteLength(part)]), Buffer.from(part)])
          : part,
    ),
  );
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

test('a pickle that is cut off anywhere, or goes on behind its end, is refused', () => {
  const whole = Buffer.from(golden.pickles.find(({ name }) => name === 'actions')!.pickle, 'base64');
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => read(whole.subarray(0, length)), { code: 'bad-data' }, `${length} bytes`);
  }
  assert.throws(() => read(Buffer.concat([whole, Buffer.from([0])])), { message: /expected its end, got 1 more/ });
});

test('lengths beyond the pickle are refused before memory is set aside', () => {
  const before = process.memoryUsage().rss;
  for (const length of [17n, 2n ** 31n, 2n ** 40n, 2n ** 63n, 2n ** 64n - 1n]) {
    for (const code of [OP.BINBYTES8, OP.BINUNICODE8, OP.BYTEARRAY8, OP.FRAME]) {
      assert.throws(() => read(assemble(code, u64(length), OP.STOP)), { code: 'bad-data' });
    }
  }
  assert.ok(process.memoryUsage().rss - before < 2 ** 28);
});

test('instructions, notes and nesting are bounded', () => {
  const limits = { messageBytes: 2 ** 20, entries: 1000, depth: 10 };
  const many = (code: number): Uint8Array => assemble(OP.NONE, new Uint8Array(2000).fill(code), OP.STOP);
  for (const code of [OP.NONE, OP.MEMOIZE, OP.MARK, OP.EMPTY_DICT]) {
    assert.throws(() => read(many(code), limits), { message: /at most 1000 instructions/ });
  }
  const nested = (levels: number): Uint8Array =>
    assemble(new Uint8Array(levels).fill(OP.EMPTY_LIST), new Uint8Array(levels - 1).fill(OP.APPEND), OP.STOP);
  assert.doesNotThrow(() => read(nested(10), limits));
  assert.throws(() => read(nested(11), limits), { message: /at most 10 levels/ });
  // A chain that is met at its short end first is as deep as it is.
  const chain = assemble(OP.MARK, OP.NONE, ...Array.from({ length: 9 }, () => [OP.TUPLE1, OP.MEMOIZE]).flat());
  const twice = assemble(chain, OP.BINGET, 8, OP.TUPLE1, OP.TUPLE1, OP.TUPLE, OP.STOP);
  assert.throws(() => read(twice, limits), { message: /at most 10 levels/ });
  assert.throws(() => read(new Uint8Array(2 ** 20 + 1), limits), { message: /at most 1048576/ });
});

test('views that repeat their elements make no more bytes than a message may have', () => {
  const tensor = golden.pickles.find(({ name, protocol }) => name === 'tensors' && protocol === 4)!;
  const limits = { ...DEFAULT_WIRE_LIMITS, messageBytes: 4096 };
  const bytes = Buffer.from(tensor.pickle, 'base64');
  assert.doesNotThrow(() => read(bytes, limits));
  // 'expanded' is 2 × 3 with strides 1, 0: make it 2 × 255 × 255.
  const at = bytes.indexOf(Buffer.from([OP.BININT1, 2, OP.BININT1, 3, OP.TUPLE2]), bytes.indexOf('expanded'));
  assert.ok(at > 0);
  const wide = Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from('M\xff\xffM\xff\xff\x86', 'latin1'),
    bytes.subarray(at + 5),
  ]);
  assert.throws(() => read(stripFrame(wide), limits), { code: 'bad-data' });
});

/** Without the frame, whose length changed. */
function stripFrame(bytes: Buffer): Buffer {
  assert.equal(bytes[2], OP.FRAME);
  return Buffer.concat([bytes.subarray(0, 2), bytes.subarray(11)]);
}

test('names are refused however they come: as text, from the notes, across module and name', () => {
  const system = [OP.PROTO, 4, 'os', 'system', OP.STACK_GLOBAL] as const;
  for (const pickle of [
    assemble(...system, OP.STOP),
    assemble(OP.PROTO, 2, OP.GLOBAL, Buffer.from('os\nsystem\n'), OP.STOP),
    assemble('system', OP.MEMOIZE, 'os', OP.BINGET, 0, OP.STACK_GLOBAL, OP.STOP),
    assemble('numpy', 'core.multiarray.os', OP.STACK_GLOBAL, OP.STOP),
    assemble('', '', OP.STACK_GLOBAL, OP.STOP),
    assemble('__proto__', 'constructor', OP.STACK_GLOBAL, OP.STOP),
  ]) {
    assert.throws(() => read(pickle), { code: 'bad-data', message: /refused the name/ });
  }
  assert.throws(() => read(assemble(OP.NONE, OP.NONE, OP.STACK_GLOBAL, OP.STOP)), { message: /names as str/ });
  assert.throws(() => read(assemble('os', OP.EMPTY_TUPLE, OP.REDUCE, OP.STOP)), { message: /a name to call, got str/ });
  assert.throws(() => read(assemble('numpy', 'ndarray', OP.STACK_GLOBAL, OP.EMPTY_TUPLE, OP.REDUCE, OP.STOP)), {
    message: /numpy\.ndarray may not be made in this way/,
  });
});

test('keys of JavaScript’s own objects are only keys', () => {
  const map = read(assemble(OP.EMPTY_DICT, '__proto__', OP.EMPTY_DICT, OP.SETITEM, OP.STOP)) as PickleMap;
  assert.deepEqual([...map.entries.keys()], ['__proto__']);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('instructions that only other users of pickle need are named', () => {
  for (const [code, name] of [
    [0x82, 'EXT1'],
    [0x69, 'INST'],
    [0x6f, 'OBJ'],
    [0x50, 'PERSID'],
    [0x97, 'NEXT_BUFFER'],
    [0x31, 'POP_MARK'],
    [0xff, '0xff'],
    [OP.BINPERSID, 'BINPERSID'],
  ] as const) {
    assert.throws(() => read(assemble(OP.NONE, code, OP.STOP)), { code: 'bad-data', message: new RegExp(name) });
  }
  assert.throws(() => read(assemble(OP.PROTO, 1, OP.NONE, OP.STOP)), { message: /protocol 2 to 5, got 1/ });
  assert.throws(() => read(assemble(OP.PROTO, 6, OP.NONE, OP.STOP)), { message: /protocol 2 to 5, got 6/ });
});
