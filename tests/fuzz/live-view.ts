/** @file The live view of a loop as a server that is fuzzed: a viewer that is served gets a tick. */

import { WebSocket } from 'ws';
import { startRecorder } from '../../src/recording/recorder.ts';
import { liveSink } from '../../src/recording/sinks.ts';
import { RECORDED_SESSION, tickAt } from '../recorded-loop.ts';
import type { SocketTarget } from './sockets.ts';

const TOPIC = '/tick';
/** Bad viewers hold their places until they are seen to be gone: a good one asks again, for so long. */
const PATIENCE_MS = 10_000;
const AGAIN_MS = 100;

/** A loop that goes on at 50 Hz, with its view. */
export async function liveTarget(): Promise<SocketTarget> {
  const view = liveSink({ host: '127.0.0.1', port: 0, token: null, images: 'raw' });
  const recorder = await startRecorder({ session: RECORDED_SESSION, sinks: [view], mostWaiting: 2 });
  const timer = setInterval(() => recorder.tick(tickAt(0, 4)), 20);
  return {
    port: Number(/:(\d+)/.exec(recorder.notes.join('\n').replace(/^.*ws:\/\/[^:]*/s, ''))![1]),
    async good(port) {
      for (const end = performance.now() + PATIENCE_MS; ;) {
        try {
          return await look(port);
        } catch (error) {
          if (performance.now() > end) throw error;
          await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        }
      }
    },
    async close() {
      clearInterval(timer);
      await recorder.close();
    },
  };
}

/** A viewer that subscribes to the ticks and leaves with the first one. */
async function look(port: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, ['foxglove.websocket.v1']);
  let late: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      late = setTimeout(() => reject(new Error(`${TOPIC}: expected a message, got none`)), PATIENCE_MS);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the view ended the connection')));
      socket.on('message', (data: Buffer, binary) => {
        if (binary) return resolve();
        const said = JSON.parse(String(data)) as { op: string; channels?: { id: number; topic: string }[] };
        const channelId = said.channels?.find(({ topic }) => topic === TOPIC)?.id;
        if (said.op !== 'advertise' || channelId === undefined) return;
        socket.send(JSON.stringify({ op: 'subscribe', subscriptions: [{ id: 0, channelId }] }));
      });
    });
  } finally {
    clearTimeout(late);
    socket.close();
  }
}
