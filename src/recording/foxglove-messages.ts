/**
 * @file Foxglove's messages as protocol buffers: pictures and log lines, and the descriptors that readers decode them with. Field numbers
 * from foxglove-sdk, schemas/proto/foxglove; tests/golden/foxglove-messages.json holds what Google's own compiler makes of those files.
 */

import { PbfReader, PbfWriter } from 'pbf';

/** A moment, nanoseconds since 1970. */
export type Nanoseconds = bigint;

/** foxglove.CompressedImage */
export interface CompressedImage {
  readonly time: Nanoseconds;
  /** The camera. */
  readonly frameId: string;
  readonly data: Uint8Array;
  readonly format: 'jpeg' | 'png';
}

/** foxglove.RawImage, 8-bit RGB without padding */
export interface RawImage {
  readonly time: Nanoseconds;
  readonly frameId: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** foxglove.Log */
export interface Log {
  readonly time: Nanoseconds;
  readonly level: 'INFO' | 'WARNING' | 'ERROR';
  readonly message: string;
  /** Who says it. */
  readonly name: string;
}

const BILLION = 1_000_000_000n;

function writeTime(time: Nanoseconds, pbf: PbfWriter): void {
  const nanoseconds = Number(time % BILLION);
  pbf.writeVarintField(1, Number(time / BILLION));
  if (nanoseconds !== 0) pbf.writeVarintField(2, nanoseconds);
}

/** The bytes of a message. */
export function encodeCompressedImage({ time, frameId, data, format }: CompressedImage): Uint8Array {
  const pbf = new PbfWriter(new Uint8Array(data.length + 64));
  pbf.writeMessage(1, writeTime, time);
  pbf.writeBytesField(2, data);
  pbf.writeStringField(3, format);
  pbf.writeStringField(4, frameId);
  return pbf.finish();
}

/** The bytes of a message. */
export function encodeRawImage({ time, frameId, width, height, data }: RawImage): Uint8Array {
  const pbf = new PbfWriter(new Uint8Array(data.length + 96));
  pbf.writeMessage(1, writeTime, time);
  pbf.writeFixed32Field(2, width);
  pbf.writeFixed32Field(3, height);
  pbf.writeStringField(4, 'rgb8');
  pbf.writeFixed32Field(5, width * 3);
  pbf.writeBytesField(6, data);
  pbf.writeStringField(7, frameId);
  return pbf.finish();
}

const LEVELS = { INFO: 2, WARNING: 3, ERROR: 4 } as const;

/** The bytes of a message. */
export function encodeLog({ time, level, message, name }: Log): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeMessage(1, writeTime, time);
  pbf.writeVarintField(2, LEVELS[level]);
  pbf.writeStringField(3, message);
  pbf.writeStringField(4, name);
  return pbf.finish();
}

/** A picture of either kind, as far as it was understood. */
export interface ReadImage {
  data: Uint8Array;
  /** Of a compressed image its format, of a raw one its encoding. */
  format: string;
  /** Of a raw image; else 0. */
  width: number;
  height: number;
  /** Bytes of a row of a raw image. */
  step: number;
}

/** Reads foxglove.CompressedImage; throws on bytes that are none. */
export function decodeCompressedImage(bytes: Uint8Array): ReadImage {
  return new PbfReader(bytes).readFields<ReadImage>((tag, image, pbf) => {
    if (tag === 2) image.data = pbf.readBytes();
    else if (tag === 3) image.format = pbf.readString();
  }, noImage());
}

/** Reads foxglove.RawImage; throws on bytes that are none. */
export function decodeRawImage(bytes: Uint8Array): ReadImage {
  return new PbfReader(bytes).readFields<ReadImage>((tag, image, pbf) => {
    if (tag === 2) image.width = pbf.readFixed32();
    else if (tag === 3) image.height = pbf.readFixed32();
    else if (tag === 4) image.format = pbf.readString();
    else if (tag === 5) image.step = pbf.readFixed32();
    else if (tag === 6) image.data = pbf.readBytes();
  }, noImage());
}

const noImage = (): ReadImage => ({ data: new Uint8Array(0), format: '', width: 0, height: 0, step: 0 });
