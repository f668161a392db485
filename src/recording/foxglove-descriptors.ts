/** @file The descriptors of Foxglove's messages: what an MCAP file and a live view carry so that anybody can decode them. */

import { PbfWriter } from 'pbf';

type FieldType =
  | 'bytes'
  | 'string'
  | 'fixed32'
  | 'int32'
  | 'int64'
  | { readonly message: string }
  | { readonly enum: string };

interface FieldSpec {
  readonly name: string;
  readonly number: number;
  readonly type: FieldType;
}

interface MessageSpec {
  readonly file: string;
  readonly package: string;
  readonly dependencies: readonly string[];
  readonly name: string;
  readonly fields: readonly FieldSpec[];
  readonly enums: Readonly<Record<string, readonly string[]>>;
}

const TIMESTAMP: MessageSpec = {
  file: 'google/protobuf/timestamp.proto',
  package: 'google.protobuf',
  dependencies: [],
  name: 'Timestamp',
  fields: [
    { name: 'seconds', number: 1, type: 'int64' },
    { name: 'nanos', number: 2, type: 'int32' },
  ],
  enums: {},
};

const time: FieldSpec = { name: 'timestamp', number: 1, type: { message: '.google.protobuf.Timestamp' } };

const foxglove = (name: string, fields: readonly FieldSpec[], enums: MessageSpec['enums'] = {}): MessageSpec => ({
  file: `foxglove/${name}.proto`,
  package: 'foxglove',
  dependencies: [TIMESTAMP.file],
  name,
  fields: [time, ...fields],
  enums,
});

/** In the order in which Foxglove's files declare the fields. */
const MESSAGES = {
  CompressedImage: foxglove('CompressedImage', [
    { name: 'frame_id', number: 4, type: 'string' },
    { name: 'data', number: 2, type: 'bytes' },
    { name: 'format', number: 3, type: 'string' },
  ]),
  RawImage: foxglove('RawImage', [
    { name: 'frame_id', number: 7, type: 'string' },
    { name: 'width', number: 2, type: 'fixed32' },
    { name: 'height', number: 3, type: 'fixed32' },
    { name: 'encoding', number: 4, type: 'string' },
    { name: 'step', number: 5, type: 'fixed32' },
    { name: 'data', number: 6, type: 'bytes' },
  ]),
  Log: foxglove(
    'Log',
    [
      { name: 'level', number: 2, type: { enum: '.foxglove.Log.Level' } },
      { name: 'message', number: 3, type: 'string' },
      { name: 'name', number: 4, type: 'string' },
      { name: 'file', number: 5, type: 'string' },
      { name: 'line', number: 6, type: 'fixed32' },
    ],
    { Level: ['UNKNOWN', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'FATAL'] },
  ),
} as const;

/** A message of Foxglove's that we write. */
export type FoxgloveMessage = keyof typeof MESSAGES;

/** google.protobuf.FieldDescriptorProto.Type and .Label (descriptor.proto). */
const TYPES = { int64: 3, int32: 5, fixed32: 7, string: 9, bytes: 12 } as const;
const [TYPE_MESSAGE, TYPE_ENUM, LABEL_OPTIONAL] = [11, 14, 1];

/** A google.protobuf.FileDescriptorSet with the message and what it is made of. */
export function descriptorSet(message: FoxgloveMessage): Uint8Array {
  const pbf = new PbfWriter();
  for (const file of [TIMESTAMP, MESSAGES[message]]) pbf.writeMessage(1, writeFile, file);
  return pbf.finish();
}

function writeFile(file: MessageSpec, pbf: PbfWriter): void {
  pbf.writeStringField(1, file.file);
  pbf.writeStringField(2, file.package);
  for (const dependency of file.dependencies) pbf.writeStringField(3, dependency);
  pbf.writeMessage(4, writeType, file);
  pbf.writeStringField(12, 'proto3');
}

function writeType({ name, fields, enums }: MessageSpec, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  for (const field of fields) pbf.writeMessage(2, writeField, field);
  for (const [type, values] of Object.entries(enums)) pbf.writeMessage(4, writeEnum, { type, values });
}

function writeField({ name, number, type }: FieldSpec, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeVarintField(3, number);
  pbf.writeVarintField(4, LABEL_OPTIONAL);
  if (typeof type === 'string') {
    pbf.writeVarintField(5, TYPES[type]);
  } else {
    pbf.writeVarintField(5, 'message' in type ? TYPE_MESSAGE : TYPE_ENUM);
    pbf.writeStringField(6, 'message' in type ? type.message : type.enum);
  }
  pbf.writeStringField(
    10,
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  );
}

function writeEnum({ type, values }: { type: string; values: readonly string[] }, pbf: PbfWriter): void {
  pbf.writeStringField(1, type);
  for (const [number, name] of values.entries()) pbf.writeMessage(2, writeValue, { number, name });
}

function writeValue({ number, name }: { number: number; name: string }, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeVarintField(2, number);
}
