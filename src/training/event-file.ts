/**
 * @file TensorBoard event files with scalars: TFRecord framing (length, masked CRC-32C, data, masked CRC-32C) around
 * `tensorflow.Event` protocol buffers, written by hand. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { fileError } from '../base/files.ts';

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0x82f63b78 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), as an unsigned integer. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The rotated and offset checksum that TFRecord stores, so that a checksum of data with checksums stays sound. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One TFRecord: u64 length, its masked CRC, the data, their masked CRC; all little-endian. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(16 + data.byteLength);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.byteLength), true);
  view.setUint32(8, maskedCrc(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.byteLength, maskedCrc(data), true);
  return out;
}

// The three protocol-buffer wire types that an event with scalars needs.
function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...out, rest];
}

function bytesField(field: number, bytes: ArrayLike<number>): number[] {
  return [...varint(field * 8 + 2), ...varint(bytes.length), ...Array.from(bytes)];
}

function fixedField(field: number, value: number, kind: 'float' | 'double'): number[] {
  const view = new DataView(new ArrayBuffer(kind === 'double' ? 8 : 4));
  if (kind === 'double') view.setFloat64(0, value, true);
  else view.setFloat32(0, value, true);
  return [...varint(field * 8 + (kind === 'double' ? 1 : 5)), ...new Uint8Array(view.buffer)];
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** `Event { wall_time, step, summary { value { tag, simple_value } … } }`; `wallTime` in seconds. */
export function scalarEvent(wallTime: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).flatMap(([tag, value]) =>
    bytesField(1, [...bytesField(1, text(tag)), ...fixedField(2, value, 'float')]),
  );
  return Uint8Array.from([
    ...fixedField(1, wallTime, 'double'),
    ...varint(2 * 8),
    ...varint(step),
    ...bytesField(5, values),
  ]);
}

/** An event file that is being written. */
export interface EventFile {
  /** Appends one event; each name becomes a TensorBoard tag ("train/loss" lands in the group "train"). */
  write(step: number, scalars: Readonly<Record<string, number>>): void;
  close(): void;
}

/**
 * Opens a new event file in `folder`. `startStep` > 0 marks a resumed run: TensorBoard then drops what an earlier file
 * of the folder says about later steps. `now` is the wall clock, seconds since 1970.
 */
export function openEventFile(folder: string, startStep: number, now: () => number): EventFile {
  const seconds = now();
  const name = `events.out.tfevents.${Math.floor(seconds)}.vlakit.${process.pid}.${startStep}`;
  const file = path.join(folder, name);
  let handle: number;
  const append = (event: Uint8Array): void => {
    try {
      fs.writeFileSync(handle, frameRecord(event));
    } catch (cause) {
      throw fileError('write', file, cause);
    }
  };
  try {
    fs.mkdirSync(folder, { recursive: true });
    handle = fs.openSync(file, 'a');
  } catch (cause) {
    throw fileError('write', file, cause);
  }
  append(Uint8Array.from([...fixedField(1, seconds, 'double'), ...bytesField(3, text('brain.Event:2'))]));
  if (startStep > 0) {
    // Event { step, session_log { status: START } }
    const start = bytesField(7, [...varint(1 * 8), ...varint(1)]);
    append(Uint8Array.from([...fixedField(1, seconds, 'double'), ...varint(2 * 8), ...varint(startStep), ...start]));
  }
  return {
    write: (step, scalars) => append(scalarEvent(now(), step, scalars)),
    close: () => fs.closeSync(handle),
  };
}
