/**
 * @file A live view of a running loop for Foxglove, over its WebSocket protocol. Nothing is encoded that nobody looks at, and a viewer that
 * is slow misses messages instead of slowing anything down.
 */

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { VlaError } from '../base/errors.ts';
import type { LoopSession, LoopSink } from '../interfaces/loop-listener.ts';
import { checkAccess } from '../serving/access.ts';
import { FoxgloveServer, type IWebSocket } from './foxglove-protocol.ts';
import { openImageEncoder } from './image-encoder.ts';
import type { LiveOptions } from './sinks.ts';
import { Messages, topicsOf, type Message } from './topics.ts';
import { mayView } from './viewer-access.ts';

const SEND_BYTES = 4 * 2 ** 20;
/** Of what viewers say: subscriptions are short. */
const LARGEST_REQUEST = 64 * 1024;
const MOST_VIEWERS = 16;
/** A viewer that says so much nonsense is let go. */
const MOST_MISTAKES = 20;
/** Older viewers ask for the first, newer ones for the second; what they mean is the same. */
const PROTOCOLS = [FoxgloveServer.SUPPORTED_SUBPROTOCOL, 'foxglove.sdk.v1'];

/** The entry that a recorder's thread opens. */
export async function openSink(options: LiveOptions, session: LoopSession): Promise<LoopSink> {
  checkAccess(options.host, options.token);
  const images = await openImageEncoder(options.images);
  const view = new LiveView(session, images.message);
  const { address, close } = await listen(options, view);
  const messages = new Messages(session, images, (topic) => view.watched(topic));
  return {
    notes: [...images.notes, `live view at ${address} (Foxglove: open connection, Foxglove WebSocket)`],
    episode: (start) => view.send(messages.episode(start)),
    tick: async (record) => view.send(await messages.tick(record)),
    inference: (record) => view.send(messages.inference(record)),
    measurement: async (measurement) => view.send(await messages.measurement(measurement)),
    // A live view that skips is as it should be.
    lost: () => {},
    close,
  };
}

/** The topics, and who looks at which. */
class LiveView {
  private readonly server: InstanceType<typeof FoxgloveServer>;
  private readonly channels = new Map<string, number>();
  private readonly subscribed = new Set<number>();

  constructor({ embodiment }: LoopSession, images: 'CompressedImage' | 'RawImage') {
    this.server = new FoxgloveServer({ name: `vlakit: ${embodiment.name}` });
    for (const { schema, ...topic } of topicsOf(embodiment, images)) {
      const bytes = Buffer.from(schema);
      const written = bytes.toString(topic.schemaEncoding === 'protobuf' ? 'base64' : 'utf8');
      this.channels.set(topic.topic, this.server.addChannel({ ...topic, schema: written }));
    }
    this.server.on('subscribe', (channel) => void this.subscribed.add(channel));
    this.server.on('unsubscribe', (channel) => void this.subscribed.delete(channel));
    // Heard with each viewer's own mistakes, below.
    this.server.on('error', () => {});
  }

  watched(topic: string): boolean {
    const channel = this.channels.get(topic);
    return channel !== undefined && this.subscribed.has(channel);
  }

  send(messages: readonly Message[]): void {
    for (const { topic, time, data } of messages) {
      const channel = this.channels.get(topic);
      if (channel !== undefined) this.server.sendMessage(channel, time, data as Uint8Array<ArrayBuffer>);
    }
  }

  /** A new viewer. Beyond `sendBytes` on the way to it, data is left out; answers to its own requests are not. */
  welcome(socket: WebSocket, sendBytes: number): void {
    let mistakes = 0;
    const connection: IWebSocket = {
      binaryType: 'arraybuffer',
      protocol: socket.protocol,
      onerror: null,
      onopen: null,
      onclose: null,
      onmessage: null,
      close: () => socket.close(),
      send(data: string | ArrayBuffer | ArrayBufferView) {
        if (socket.readyState !== socket.OPEN) return;
        const late = socket.bufferedAmount > sendBytes;
        if (late && typeof data !== 'string') return;
        if (late && ++mistakes > MOST_MISTAKES) return socket.terminate();
        socket.send(data);
      },
    };
    const heard = (error: unknown): void => {
      void error;
      if (++mistakes > MOST_MISTAKES) socket.close(1008, 'expected the Foxglove WebSocket protocol');
    };
    this.server.handleConnection(connection, 'viewer');
    socket.on('message', (data: Buffer, binary) => {
      this.server.on('error', heard);
      // The server's own `onmessage` catches what it throws and tells it as an error, at once.
      connection.onmessage?.({ data: binary ? data : String(data) } as never);
      this.server.off('error', heard);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', (code) => connection.onclose?.({ code, reason: '', wasClean: true } as never));
  }
}

async function listen(options: LiveOptions, view: LiveView): Promise<{ address: string; close(): Promise<void> }> {
  const { host, port, token } = options;
  const server = http.createServer((_, response) => response.writeHead(426).end('a Foxglove WebSocket\n'));
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_REQUEST,
    perMessageDeflate: false,
    handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const refuse = (status: string): void => void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    if (!mayView(request, token)) return refuse('401 Unauthorized');
    if (sockets.clients.size >= MOST_VIEWERS) return refuse('503 Service Unavailable');
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.some((name) => PROTOCOLS.includes(name))) return refuse('400 Bad Request');
    sockets.handleUpgrade(request, socket, head, (opened) => view.welcome(opened, options.sendBytes ?? SEND_BYTES));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new VlaError('io', `live view: ${host}:${port}: cannot listen: ${cause.message}.`, {
          cause,
          hint: 'Choose another port, or end what listens there.',
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const at = server.address() as AddressInfo;
  return {
    address: `ws://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
