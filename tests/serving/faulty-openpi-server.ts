/** @file A server with openpi's protocol, as a stock one greets, that plays flatland and misbehaves at chosen questions. */

import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import { NumericArray } from '../../src/base/numeric-array.ts';
import type { ActionChunk } from '../../src/interfaces/action-chunk.ts';
import type { Environment } from '../../src/interfaces/environment.ts';
import type { Observation } from '../../src/interfaces/observation.ts';
import { ARRAY_DIALECTS, arrayMessages } from '../../src/serving/wire/array-dialects.ts';
import { DEFAULT_WIRE_LIMITS } from '../../src/serving/wire/limits.ts';
import type { WireMap } from '../../src/serving/wire/message-pack.ts';
import { flatlandEmbodiment } from '../flatland/flatland.ts';
import { openPolicy } from '../flatland/flatland-policy.ts';
import type { TestContext } from './serve-for-test.ts';

/** A way to misbehave. */
export type ServerFault =
  | 'nan'
  | 'infinite'
  | 'wrong-shape'
  | 'no-actions'
  | 'late'
  | 'hang-up'
  /** Behind a good answer. */
  | 'leave'
  | 'error'
  | 'garbage';

/** A server, which counts its questions. */
export interface FaultyServer {
  readonly address: string;
  /** Questions so far. */
  readonly asked: () => number;
  /** Hangs up on everybody, and listens no more. */
  close(): Promise<void>;
}

const messages = arrayMessages(ARRAY_DIALECTS.openpi, DEFAULT_WIRE_LIMITS);
/** Longer than any test waits. */
const LATE_MS = 20_000;

/** `faults` by the number of the question, from 0; `port` 0: any that is free. */
export async function faultyServer(
  t: TestContext,
  faults: Readonly<Record<number, ServerFault>>,
  { imageSize = 24, port = 0 } = {},
): Promise<FaultyServer> {
  const world = { embodiment: flatlandEmbodiment(imageSize) } as Environment;
  const policy = await openPolicy({ horizon: 4, noise: 0, fault: null, cameraName: null }, world);
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  let asked = 0;
  const answer = async (socket: WebSocket, data: Buffer): Promise<void> => {
    const fault = faults[asked++];
    const chunk = await policy.infer(observationOf(messages.decode(new Uint8Array(data)) as WireMap, imageSize));
    if (fault === 'hang-up') return socket.terminate();
    if (fault === 'error') return socket.send('Traceback (most recent call last):\nRuntimeError: CUDA out of memory');
    if (fault === 'garbage') return socket.send(Buffer.from([0xc1, 0, 0]));
    if (fault === 'late') await sleep(LATE_MS, undefined, { ref: false });
    socket.send(messages.encode(answerWith(chunk, fault ?? null)));
    if (fault === 'leave') socket.close();
  };
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => void answer(socket, data));
    socket.send(messages.encode({ model: 'stock' }));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const close = async (): Promise<void> => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  };
  t.after(close);
  return { address: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked, close };
}

function observationOf(message: WireMap, imageSize: number): Observation {
  const picture = message['observation/image'] as NumericArray;
  const data = Uint8Array.from(picture.toFloats());
  return {
    images: { front: { width: imageSize, height: imageSize, data } },
    state: (message['observation/state'] as NumericArray).toFloats(),
    instruction: message['prompt'] as string,
  };
}

function answerWith({ data, horizon, dim }: ActionChunk, fault: ServerFault | null): WireMap {
  const values = data.slice();
  if (fault === 'nan') values[3] = NaN;
  if (fault === 'infinite') values[0] = Infinity;
  if (fault === 'no-actions') return { action: NumericArray.ofFloats(values, [horizon, dim]) };
  const shape = fault === 'wrong-shape' ? [horizon / 2, 2 * dim] : [horizon, dim];
  return { actions: NumericArray.ofFloats(values, shape) };
}
