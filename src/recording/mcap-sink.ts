/**
 * @file A recording as an MCAP file. It grows chunk by chunk under its own name: after a crash it ends behind the last whole chunk, and
 * readers read it up to there. MCAP specification: https://mcap.dev/spec.
 */

import fs from 'node:fs/promises';
import path from 'node:path';
import { McapWriter } from '@mcap/core';
import { VlaError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import type { LoopSession, LoopSink } from '../interfaces/loop-listener.ts';
import { openImageEncoder } from './image-encoder.ts';
import type { McapOptions } from './sinks.ts';
import { Messages, topicsOf, wallTime, type Message } from './topics.ts';

const CHUNK_BYTES = 64 * 1024;
/** What was written is asked onto the disk this often, for the day when the power goes. */
const SYNC_MS = 1000;

/** The entry that a recorder's thread opens. */
export async function openSink(options: McapOptions, session: LoopSession): Promise<LoopSink> {
  const { file } = options;
  const images = await openImageEncoder(options.images);
  const messages = new Messages(session, images);
  const output = await openOutput(file, options.existing);
  const writer = new McapWriter({ writable: output, chunkSize: options.chunkBytes ?? CHUNK_BYTES });
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw fileError('mcap', file, cause);
    }
  };
  const channels = await attempt(() => begin(writer, session, images.message));
  let sequence = 0;
  const write = (said: readonly Message[]): Promise<void> =>
    attempt(async () => {
      // All messages of one call carry one number: that is how a tick finds its pictures again.
      sequence++;
      for (const { topic, time, data } of said) {
        const channelId = channels.get(topic);
        // A camera that the embodiment does not know.
        if (channelId === undefined) continue;
        await writer.addMessage({ channelId, sequence, logTime: time, publishTime: time, data });
      }
    });
  return {
    notes: images.notes,
    episode: (start) => write(messages.episode(start)),
    tick: async (record) => write(await messages.tick(record)),
    inference: (record) => write(messages.inference(record)),
    measurement: async (measurement) => write(await messages.measurement(measurement)),
    lost: (count) => write([messages.log('ERROR', `the recorder was too slow: ${count} records were dropped here`)]),
    async close() {
      try {
        await attempt(() => writer.end());
      } finally {
        await output.close();
      }
    },
  };
}

/** Writes the header, what describes the robot, and gives the channel of each topic. */
async function begin(
  writer: McapWriter,
  session: LoopSession,
  images: 'CompressedImage' | 'RawImage',
): Promise<Map<string, number>> {
  const { embodiment, about } = session;
  await writer.start({ profile: '', library: 'vlakit' });
  const time = wallTime(session, 0);
  const description = new TextEncoder().encode(`${JSON.stringify(embodiment, null, 2)}\n`);
  await writer.addAttachment({
    name: 'embodiment.json',
    mediaType: 'application/json',
    logTime: time,
    createTime: time,
    data: description,
  });
  await writer.addMetadata({
    name: 'vlakit',
    metadata: new Map(Object.entries({ robot: embodiment.name, controlHz: String(embodiment.controlHz), ...about })),
  });
  const schemas = new Map<string, number>();
  const channels = new Map<string, number>();
  for (const { topic, encoding, schemaName, schemaEncoding, schema } of topicsOf(embodiment, images)) {
    const known = schemas.get(schemaName);
    const schemaId =
      known ?? (await writer.registerSchema({ name: schemaName, encoding: schemaEncoding, data: schema }));
    schemas.set(schemaName, schemaId);
    channels.set(
      topic,
      await writer.registerChannel({ topic, schemaId, messageEncoding: encoding, metadata: new Map() }),
    );
  }
  return channels;
}

/** What @mcap/core writes to. */
interface Output {
  write(bytes: Uint8Array): Promise<void>;
  position(): bigint;
  close(): Promise<void>;
}

async function openOutput(file: string, existing: 'refuse' | 'replace'): Promise<Output> {
  let handle: fs.FileHandle;
  try {
    await fs.mkdir(path.dirname(file), { recursive: true });
    handle = await fs.open(file, existing === 'refuse' ? 'wx' : 'w');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError('mcap', file, cause);
    throw new VlaError('io', `mcap: ${file}: expected a new file, got one that exists.`, {
      cause,
      hint: 'Choose another name; recordings are not overwritten.',
    });
  }
  let position = 0n;
  let synced = performance.now();
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
      position += BigInt(bytes.length);
      if (performance.now() - synced < SYNC_MS) return;
      synced = performance.now();
      await handle.datasync();
    },
    position: () => position,
    close: () => handle.close(),
  };
}
