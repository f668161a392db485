/** @file MCAP files, as replay reads sessions from them. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { McapWriter, type McapTypes } from '@mcap/core';
import { openSink } from '../../../src/recording/mcap-sink.ts';
import { forEachRecord, sessionFrom } from '../../../src/recording/session-file.ts';
import { playLoop, RECORDED_SESSION } from '../../recorded-loop.ts';
import type { FuzzTarget } from '../fuzz.ts';
import { piecesOf } from '../mutate.ts';

/** Magic, records with long lengths, a chunk of an unknown compression, words of messages. */
const PIECES =
  '894d434150300d0a 06ffffffffffffffff 05ffffff7f00000000 03ffffffff 0500000000000000 08ffffffff 0f0c00000000000000 7a737464 ' +
  '6c7a34 02ffffffff 0affffffffffffffff';
const WORDS = '/tick /episode /observation/images/front embodiment.json "tick": null [] {} 1e999 -1 "cameras":null';

/** Files with and without chunks: those without have no checksums of their messages. */
export async function mcapTarget(): Promise<FuzzTarget> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-fuzz-mcap-'));
  const recorded = path.join(folder, 'recorded.mcap');
  const sink = await openSink(
    { file: recorded, existing: 'replace', images: 'raw', chunkBytes: 2000 },
    RECORDED_SESSION,
  );
  await playLoop(sink, 2, 3);
  await sink.close();
  const seeds = [new Uint8Array(fs.readFileSync(recorded)), await withoutChunks(recorded)];
  fs.rmSync(folder, { recursive: true });
  return {
    seeds,
    pieces: [...piecesOf(PIECES, 'hex'), ...piecesOf(WORDS, 'latin1')],
    decode: (bytes) => sessionFrom([bytes], 'mcap'),
  };
}

/** The same records one after the other. */
async function withoutChunks(file: string): Promise<Uint8Array> {
  const records: McapTypes.TypedMcapRecord[] = [];
  forEachRecord(file, (record) => void records.push(structuredClone(record)));
  const pieces: Uint8Array[] = [];
  let size = 0n;
  const writable = {
    position: () => size,
    async write(bytes: Uint8Array) {
      pieces.push(bytes.slice());
      size += BigInt(bytes.length);
    },
  };
  const writer = new McapWriter({ writable, useChunks: false });
  await writer.start({ profile: '', library: 'vlakit' });
  const [schemas, channels] = [new Map<number, number>(), new Map<number, number>()];
  for (const record of records) {
    if (record.type === 'Schema') schemas.set(record.id, await writer.registerSchema(record));
    else if (record.type === 'Channel') {
      // Chunks say again what they need.
      if (channels.has(record.id)) continue;
      channels.set(record.id, await writer.registerChannel({ ...record, schemaId: schemas.get(record.schemaId)! }));
    } else if (record.type === 'Attachment') await writer.addAttachment(record);
    else if (record.type === 'Metadata') await writer.addMetadata(record);
    else if (record.type === 'Message') {
      await writer.addMessage({ ...record, channelId: channels.get(record.channelId)! });
    }
  }
  await writer.end();
  return Buffer.concat(pieces);
}
