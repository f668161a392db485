/** @file What the protocols over WebSockets have in common: clients are greeted when the policy is warm, each with a session of its own. Node only. */

import { VlaError } from '../base/errors.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import { errorText } from './error-text.ts';
import type { HttpFrontOptions } from './http-front.ts';
import { mappingFor, type ObservationMapping } from './observation-mapping.ts';
import type { PolicyContract, PolicyService, PolicySession } from './policy-service.ts';
import type { AdapterOptions, RunningAdapter } from './protocol-adapter.ts';
import { CLOSE, type ClientHandler, type WebSocketClient } from './websocket-clients.ts';
import { startWebSocketFront } from './websocket-front.ts';
import { arrayMessages, type ArrayDialect, type ArrayMessages } from './wire/array-dialects.ts';

/** A client with all that it is served with. */
export interface ServedClient {
  readonly client: WebSocketClient;
  readonly options: AdapterOptions;
  readonly messages: ArrayMessages;
  /** Its handler closes it. */
  readonly session: PolicySession;
  readonly contract: PolicyContract;
  readonly mapping: ObservationMapping;
  /** Seed of the next episode, of whichever client. */
  nextSeed(): number;
}

/** What one protocol makes of it. */
export interface FrontProtocol {
  readonly name: string;
  readonly dialect: ArrayDialect;
  /** What its stock clients call cameras and state. */
  mapping(embodiment: Embodiment): ObservationMapping;
  /** Sends what a client hears first, if anything, and takes it over. */
  greet(served: ServedClient): Promise<ClientHandler>;
  /** What a client hears that cannot be served. */
  refusal(text: string, messages: ArrayMessages): Uint8Array | string;
  readonly onRequest?: NonNullable<HttpFrontOptions['onRequest']>;
}

/** Listens for clients of a protocol. */
export function startPolicyFront(
  protocol: FrontProtocol,
  service: PolicyService,
  options: AdapterOptions,
): Promise<RunningAdapter> {
  const messages = arrayMessages(protocol.dialect, options.limits);
  let seed = options.seed;
  const nextSeed = (): number => seed++;
  const greet = async (client: WebSocketClient): Promise<ClientHandler> => {
    const first = nextSeed();
    let session: PolicySession | null = null;
    try {
      const contract = await service.ready(client.signal);
      session = await service.openSession({ seed: first });
      const mapping = mappingFor(contract.embodiment, protocol.mapping(contract.embodiment), options.mapping);
      return await protocol.greet({ client, options, messages, session, contract, mapping, nextSeed });
    } catch (error) {
      // First of all: the client may be gone.
      await session?.close();
      await client.send(protocol.refusal(errorText(error, options.tracebacks), messages));
      client.dismiss(CLOSE.tryAgainLater, 'The previous frame says why.');
      return { hear: async () => {}, leave: async () => {} };
    }
  };
  return startWebSocketFront(protocol.name, service, options, greet, protocol.onRequest);
}

/** Throws `bad-data` unless the frame is binary. */
export function requireBinary(binary: boolean): void {
  if (binary) return;
  throw new VlaError('bad-data', 'message: expected a binary message, got text.', { hint: 'Send MessagePack.' });
}
