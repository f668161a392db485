/** @file Fields and files of a multipart form, within bounds. `@fastify/busboy` takes the form apart. Node only. */

import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { VlaError } from '../../base/errors.ts';
import type { WireLimits } from './limits.ts';

/** Parts of one form. */
const MOST_FIELDS = 16;
const MOST_FILES = 64;

/** A form. Names may come again; what was sent by a name is in order. */
export interface FormData {
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly files: ReadonlyMap<string, readonly Uint8Array[]>;
}

const bad = (what: string, cause?: unknown): VlaError =>
  new VlaError('bad-data', `form: ${what}.`, { cause, hint: 'Send multipart/form-data, for example as curl -F does.' });

/** The form in a request. Rejects with `bad-data` for what is no form, or is larger than `limits` allow; the rest is not read then. */
export function readForm(request: IncomingMessage, limits: WireLimits): Promise<FormData> {
  const type = request.headers['content-type'] ?? '';
  const length = Number(request.headers['content-length'] ?? 0);
  if (!/^multipart\/form-data/i.test(type)) {
    return Promise.reject(bad(`expected multipart/form-data, got ${type.slice(0, 60) || 'no type'}`));
  }
  if (length > limits.messageBytes) {
    return Promise.reject(bad(`expected at most ${limits.messageBytes} bytes, got ${length}`));
  }
  return new Promise((resolve, reject) => {
    const fail = (error: VlaError): void => {
      request.unpipe();
      request.pause();
      reject(error);
    };
    let reader: BusboyInstance;
    try {
      reader = new Busboy({
        headers: { ...request.headers, 'content-type': type },
        limits: boundsOf(limits),
        // A part that is skipped is not read on: one above the stream's high-water mark would keep the form from ending, for good.
        fileHwm: limits.messageBytes,
      });
    } catch (cause) {
      return fail(bad((cause as Error).message, cause));
    }
    const form = collect(reader, fail);
    let read = 0;
    request.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read > limits.messageBytes) fail(bad(`expected at most ${limits.messageBytes} bytes, got more`));
    });
    request.on('error', (cause) => fail(bad(`it broke off (${cause.message})`, cause)));
    request.on('close', () => {
      if (!request.complete) fail(bad('it broke off'));
    });
    reader.on('error', (cause: unknown) => fail(bad(String(cause instanceof Error ? cause.message : cause), cause)));
    reader.on('finish', () => resolve(form));
    request.pipe(reader);
  });
}

const boundsOf = (limits: WireLimits) => ({
  fieldNameSize: 100,
  fieldSize: 4 * limits.textLength,
  fields: MOST_FIELDS,
  fileSize: limits.arrayBytes,
  files: MOST_FILES,
  parts: MOST_FIELDS + MOST_FILES,
  headerPairs: 16,
  headerSize: 4096,
});

function collect(reader: BusboyInstance, fail: (error: VlaError) => void): FormData {
  const fields = new Map<string, string[]>();
  const files = new Map<string, Uint8Array[]>();
  reader.on('field', (name, value, nameCut, valueCut) => {
    if (nameCut || valueCut) fail(bad('expected shorter fields'));
    fields.set(name, [...(fields.get(name) ?? []), value]);
  });
  reader.on('file', (name, stream) => {
    const place = files.get(name) ?? [];
    files.set(name, place);
    // The place is taken now: files may end in another order than they begin.
    const at = place.push(new Uint8Array(0)) - 1;
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('limit', () => fail(bad('expected smaller files')));
    stream.on('error', (cause: Error) => fail(bad(cause.message, cause)));
    stream.on('end', () => (place[at] = new Uint8Array(Buffer.concat(pieces))));
  });
  for (const event of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
    reader.on(event, () => fail(bad('expected fewer parts')));
  }
  return { fields, files };
}
