/** @file Whole conversations against a running server, as bytes on its socket: a good client is recorded, and what it sent is sent again, spoilt. */

import net from 'node:net';
import { Random } from '../../src/base/random.ts';
import { badMessage } from './mutate.ts';

/** A server of one protocol that runs. */
export interface SocketTarget {
  readonly port: number;
  /** A client that connects to this port of this machine, asks for actions, and rejects unless it gets them. */
  good(port: number): Promise<void>;
  close(): Promise<void>;
}

/** What was seen. */
export interface SocketReport {
  readonly conversations: number;
  /** Good clients that were served between bad ones, and at the end. */
  readonly served: number;
  readonly grownBytes: number;
}

const LONGEST = 200_000;
/** A server that still says nothing then is waiting for more. */
const PATIENCE_MS = 60;
/** A server that goes on talking, as a live view does, is left then. */
const LONGEST_MS = 500;
/** Bad conversations between good ones, and at one time. */
const ROUND = 50;
const AT_ONCE = 10;

/** `count` bad conversations, with good ones between; rejects when a good client is not served. */
export async function fuzzSocket(target: SocketTarget, count: number, seed: number): Promise<SocketReport> {
  const recorded = await record(target);
  const material = { seeds: [recorded], pieces: [], longest: LONGEST };
  let [served, settled] = [0, 0];
  for (let done = 0; done < count; done += ROUND) {
    for (let at = done; at < Math.min(done + ROUND, count); at += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, i) => new Random(seed, at + i));
      await Promise.all(batch.map((random) => say(target.port, badMessage(random, material))));
    }
    await target.good(target.port);
    served++;
    if (done === 0) settled = memory();
  }
  return { conversations: count, served, grownBytes: memory() - settled };
}

/** What a good client sends, heard by a go-between. */
async function record(target: SocketTarget): Promise<Uint8Array> {
  const heard: Buffer[] = [];
  const between = net.createServer((client) => {
    const server = net.connect(target.port, '127.0.0.1');
    client.on('data', (piece) => {
      heard.push(piece);
      server.write(piece);
    });
    server.pipe(client);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  await target.good((between.address() as net.AddressInfo).port);
  between.close();
  return Buffer.concat(heard);
}

/** Says all of it at once, and hears the answer out for a moment. */
function say(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    const leave = (): void => void socket.destroy();
    socket.setTimeout(PATIENCE_MS, leave);
    const longest = setTimeout(leave, LONGEST_MS);
    socket.on('data', () => undefined);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(longest);
      resolve();
    });
  });
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
