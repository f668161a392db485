/** @file What the protocols over WebSockets start: one port for their clients, health and metrics. Node only. */

import { startHttpFront, type HttpFrontOptions } from './http-front.ts';
import type { PolicyService } from './policy-service.ts';
import type { AdapterOptions, RunningAdapter } from './protocol-adapter.ts';
import { webSocketClients, type Greet } from './websocket-clients.ts';

/** Listens; `greet` is asked for every client of the protocol called `name`, `onRequest` for what no front answers itself. */
export async function startWebSocketFront(
  name: string,
  service: PolicyService,
  options: AdapterOptions,
  greet: Greet,
  onRequest?: NonNullable<HttpFrontOptions['onRequest']>,
): Promise<RunningAdapter> {
  const clients = webSocketClients(name, service, options, greet);
  const front = await startHttpFront(service, {
    ...options,
    onUpgrade: (request, socket, head) => clients.upgrade(request, socket, head),
    ...(onRequest === undefined ? {} : { onRequest }),
  });
  return {
    address: front.address('ws'),
    async close() {
      await clients.close();
      await front.close();
    },
  };
}
