/**
 * @file A server that speaks rosbridge's protocol 2 and has one arm behind it: publishes what is subscribed to, follows trajectories, twists
 * and plain numbers, and keeps every frame that it gets. For tests where no ROS is.
 */

import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** A frame of the protocol. */
export type Frame = Readonly<Record<string, unknown>>;

/** The server. */
export interface RosbridgeServer {
  readonly url: string;
  /** What clients sent, in order. */
  readonly frames: Frame[];
  /** Publishes to whoever subscribed. */
  publish(topic: string, msg: unknown): void;
  /** Sends anything to all clients. */
  sendRaw(data: string | Uint8Array): void;
  /** Resolves when a frame is there that fits. */
  frame(fits: (frame: Frame) => boolean): Promise<Frame>;
  /** Ends all connections, as a robot does that is switched off. */
  drop(): void;
  close(): Promise<void>;
}

/** Starts it on any free port of this machine. */
export async function serveRosbridge(onSubscribe: (topic: string) => void = () => undefined): Promise<RosbridgeServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  const topics = new Map<WebSocket, Set<string>>();
  server.on('connection', (client) => {
    topics.set(client, new Set());
    client.on('close', () => topics.delete(client));
    client.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString('utf8')) as Frame;
      frames.push(frame);
      const topic = String(frame['topic']);
      if (frame['op'] === 'subscribe') {
        topics.get(client)!.add(topic);
        onSubscribe(topic);
      }
      if (frame['op'] === 'unsubscribe') topics.get(client)!.delete(topic);
      for (const look of waiting) look();
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    frames,
    publish(topic, msg) {
      for (const [client, wanted] of topics) {
        if (wanted.has(topic)) client.send(JSON.stringify({ op: 'publish', topic, msg }));
      }
    },
    sendRaw(data) {
      for (const client of topics.keys()) client.send(data);
    },
    frame: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = frames.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    drop() {
      for (const client of topics.keys()) client.terminate();
    },
    close: () =>
      new Promise((resolve) => {
        for (const client of topics.keys()) client.terminate();
        server.close(() => resolve());
      }),
  };
}
