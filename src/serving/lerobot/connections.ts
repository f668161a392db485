/**
 * @file The connections of a gRPC server, which it does not tell of itself: how many there are, and when one ends. Node's HTTP/2 stops reading
 * after a client's error in the protocol and then does not see the connection's end; so one that is silent is ended here. Node only.
 */

import net from 'node:net';
import { VlaError } from '../../base/errors.ts';

/** Where to listen, and what to do with connections. */
export interface ConnectionOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Most at one time; more are closed at once. */
  readonly most: number;
  /** One of which nothing comes for so long is ended; healthy ones answer pings. */
  readonly silentSeconds: number;
  /** Takes one over; `peer` as gRPC calls it: `127.0.0.1:40000`. */
  began(socket: net.Socket, peer: string): void;
  /** One ended. */
  ended(peer: string): void;
  /** One was closed because there were too many. */
  refused(): void;
}

/** A listening socket. */
export interface Connections {
  /** `127.0.0.1:8080`. */
  readonly place: string;
  /** Stops listening and ends all connections. */
  close(): Promise<void>;
}

/** Looks at each connection within the time of silence. */
const LOOKS = 4;

/** Listens; rejects with `io` when it cannot. */
export async function listenForConnections(options: ConnectionOptions): Promise<Connections> {
  const { host, port } = options;
  const open = new Set<net.Socket>();
  const watch = setInterval(endSilent, (1000 * options.silentSeconds) / LOOKS).unref();
  const heard = new WeakMap<net.Socket, { readonly bytes: number; quiet: number }>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (open.size >= options.most) {
      options.refused();
      socket.destroy();
      return;
    }
    open.add(socket);
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.once('close', () => {
      open.delete(socket);
      options.ended(peer);
    });
    options.began(socket, peer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new VlaError('io', `${host}:${port}: cannot listen: ${cause.message}.`, {
          cause,
          hint: 'Choose another --port, or end what listens there.',
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const at = server.address() as net.AddressInfo;
  return {
    place: `${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`,
    async close() {
      clearInterval(watch);
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };

  /** Looks are counted rather than time, so that a server that was held up itself ends nobody. */
  function endSilent(): void {
    for (const socket of open) {
      const last = heard.get(socket);
      if (last?.bytes !== socket.bytesRead) heard.set(socket, { bytes: socket.bytesRead, quiet: 0 });
      else if (++last.quiet > LOOKS) socket.destroy();
    }
  }
}
