/**
 * @file The safetensors format: a JSON header and raw little-endian tensors
 * (https://github.com/huggingface/safetensors). Works on byte arrays, so it runs in a browser too.
 */

import { VlaError, lookUp } from './errors.ts';
import { BYTES, elementCount, viewBytes, type DType, type Tensor } from './tensor.ts';

const TO_FORMAT: Readonly<Record<DType, string>> = {
  f64: 'F64',
  f32: 'F32',
  f16: 'F16',
  bf16: 'BF16',
  i64: 'I64',
  i32: 'I32',
  i8: 'I8',
  u8: 'U8',
  bool: 'BOOL',
};
const FROM_FORMAT = Object.fromEntries(Object.entries(TO_FORMAT).map(([k, v]) => [v, k])) as Record<string, DType>;

/** Where a tensor lies in a safetensors file; `offset` counts bytes from the start of the FILE. */
export interface TensorEntry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** What the head of a safetensors file says: where each tensor lies, and free text. */
export interface SafetensorsHeader {
  readonly tensors: Readonly<Record<string, TensorEntry>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes before the first tensor. */
  readonly headerBytes: number;
}

const MAX_HEADER = 100_000_000;

/** The header's length (8-byte prefix included), from the first 8 bytes of a file. */
export function headerLength(prefix: Uint8Array, where: string): number {
  if (prefix.byteLength < 8) {
    throw new VlaError('bad-data', `${where}: expected a safetensors file, got ${prefix.byteLength} bytes.`, {
      hint: 'The file was cut off; fetch or write it again.',
    });
  }
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER) {
    throw new VlaError('bad-data', `${where}: expected a safetensors header, got a header length of ${length} bytes.`, {
      hint: 'This is not a safetensors file, or it is damaged.',
    });
  }
  return length + 8;
}

/**
 * Parses the header. `bytes` holds at least the whole header; `fileBytes` is the size of the file, against which every
 * tensor's range is checked.
 */
export function parseHeader(bytes: Uint8Array, fileBytes: number, where = 'safetensors'): SafetensorsHeader {
  const headerBytes = headerLength(bytes, where);
  if (headerBytes > bytes.byteLength || headerBytes > fileBytes) {
    throw new VlaError(
      'bad-data',
      `${where}: expected a header of ${headerBytes} bytes, got ${fileBytes} bytes in all.`,
      {
        hint: 'The file was cut off; fetch or write it again.',
      },
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes.subarray(8, headerBytes))) as unknown;
  } catch (cause) {
    throw new VlaError('bad-data', `${where}: expected a JSON header, got ${(cause as Error).message}.`, {
      cause,
      hint: 'This is not a safetensors file, or it is damaged.',
    });
  }
  if (!isRecord(json))
    throw damaged(where, `expected a JSON object as header, got ${JSON.stringify(json).slice(0, 40)}`);
  const tensors: Record<string, TensorEntry> = {};
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      metadata = value as Record<string, string>;
      continue;
    }
    tensors[name] = parseEntry(name, value, headerBytes, fileBytes, where);
  }
  refuseOverlaps(tensors, where);
  return { tensors, metadata, headerBytes };
}

/** Two tensors that share bytes: the offsets are wrong, and at least one of the two would be read as nonsense. */
function refuseOverlaps(tensors: Readonly<Record<string, TensorEntry>>, where: string): void {
  const inOrder = Object.entries(tensors)
    .filter(([, { length }]) => length > 0)
    .sort(([, a], [, b]) => a.offset - b.offset);
  for (const [i, [name, { offset }]] of inOrder.entries()) {
    const before = inOrder[i - 1];
    if (before === undefined || before[1].offset + before[1].length <= offset) continue;
    throw damaged(
      `${where}: tensor "${name}"`,
      `expected bytes of its own, got some of "${before[0]}" from byte ${offset}`,
    );
  }
}

function parseEntry(name: string, value: unknown, headerBytes: number, fileBytes: number, where: string): TensorEntry {
  const at = `${where}: tensor "${name}"`;
  const isCount = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0;
  if (!isRecord(value)) throw damaged(at, `expected an entry, got ${JSON.stringify(value)}`);
  const { dtype: word, shape, data_offsets: offsets } = value;
  if (typeof word !== 'string' || !Array.isArray(shape) || !shape.every(isCount)) {
    throw damaged(at, `expected a dtype and a shape of whole numbers, got ${JSON.stringify({ dtype: word, shape })}`);
  }
  const dtype = lookUp(`${where}: element type of "${name}"`, word, FROM_FORMAT);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw damaged(at, `expected two data_offsets, got ${JSON.stringify(offsets)}`);
  }
  const [start, end] = offsets as [number, number];
  const length = elementCount(shape) * BYTES[dtype];
  if (end - start !== length) {
    throw damaged(at, `expected ${length} bytes for ${word} [${shape.join(', ')}], got ${end - start}`);
  }
  if (headerBytes + end > fileBytes) {
    throw damaged(at, `expected to end within the file's ${fileBytes} bytes, got an end at byte ${headerBytes + end}`);
  }
  return { dtype, shape, offset: headerBytes + start, length };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(where: string, message: string): VlaError {
  return new VlaError('bad-data', `${where}: ${message}.`, {
    hint: 'The file is damaged or was cut off; fetch or write it again.',
  });
}

/** Reads all tensors of a whole file in memory; the data are views where alignment allows. */
export function decodeSafetensors(
  bytes: Uint8Array,
  where = 'safetensors',
): { tensors: Record<string, Tensor>; metadata: Readonly<Record<string, string>> } {
  const header = parseHeader(bytes, bytes.byteLength, where);
  const tensors: Record<string, Tensor> = {};
  for (const [name, entry] of Object.entries(header.tensors)) {
    const data = viewBytes(entry.dtype, bytes.subarray(entry.offset, entry.offset + entry.length));
    tensors[name] = { dtype: entry.dtype, shape: entry.shape, data };
  }
  return { tensors, metadata: header.metadata };
}

/** What a safetensors file of these tensors starts with; their bytes follow in the order given, from a multiple of 64 bytes. */
export function safetensorsHead(
  tensors: Readonly<Record<string, Pick<TensorEntry, 'dtype' | 'shape'>>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let offset = 0;
  for (const [name, t] of Object.entries(tensors)) {
    const length = elementCount(t.shape) * BYTES[t.dtype];
    header[name] = {
      dtype: TO_FORMAT[t.dtype],
      shape: t.shape,
      data_offsets: [offset, offset + length],
    };
    offset += length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil((text.byteLength + 8) / 64) * 64 - 8;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(text, 8);
  return head;
}

/** The bytes of a safetensors file. Tensors are laid out in the order given; data start at a multiple of 64 bytes. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const head = safetensorsHead(tensors, metadata);
  const bytes = Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
  const out = new Uint8Array(head.byteLength + bytes);
  out.set(head);
  let at = head.byteLength;
  for (const t of Object.values(tensors)) {
    out.set(new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength), at);
    at += t.data.byteLength;
  }
  return out;
}
