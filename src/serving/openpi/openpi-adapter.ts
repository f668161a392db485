/** @file openpi's WebSocket protocol in front of a policy, for its stock clients: metadata first, then an answer for every observation. Node only. */

import { VlaError } from '../../base/errors.ts';
import { contractMessage } from '../contract-message.ts';
import { errorText } from '../error-text.ts';
import { isMap, mappingFor, observationFromWire, type ObservationMapping } from '../observation-mapping.ts';
import type { PolicyContract, PolicyService, PolicySession } from '../policy-service.ts';
import type { AdapterOptions, ProtocolAdapter, RunningAdapter } from '../protocol-adapter.ts';
import { BusyError } from '../request-queue.ts';
import { CLOSE, type ClientHandler, type WebSocketClient } from '../websocket-clients.ts';
import { startWebSocketFront } from '../websocket-front.ts';
import { ARRAY_DIALECTS, arrayMessages, type ArrayMessages } from '../wire/array-dialects.ts';
import { EXTENSION, answerMessage, extensionOf, openpiMapping } from './openpi-messages.ts';

const REASON = 'The previous frame says what was wrong.';

/** The protocol; docs/guides/serving.md describes it. */
export const openpiAdapter: ProtocolAdapter = { name: 'openpi', defaultPort: 8000, start };

function start(service: PolicyService, options: AdapterOptions): Promise<RunningAdapter> {
  const messages = arrayMessages(ARRAY_DIALECTS.openpi, options.limits);
  let seed = options.seed;
  return startWebSocketFront('openpi', service, options, (client) =>
    greet(client, { service, options, messages, seed: seed++ }),
  );
}

interface Serving {
  readonly service: PolicyService;
  readonly options: AdapterOptions;
  readonly messages: ArrayMessages;
  readonly seed: number;
}

/** Sends the metadata when the policy is warm. */
async function greet(client: WebSocketClient, serving: Serving): Promise<ClientHandler> {
  const { service, options, messages, seed } = serving;
  let session: PolicySession | null = null;
  try {
    const contract = await service.ready(client.signal);
    session = await service.openSession({ seed });
    const mapping = mappingFor(contract.embodiment, openpiMapping(contract.embodiment), options.mapping);
    await client.send(messages.encode({ [EXTENSION]: contractMessage(contract) }));
    return new OpenpiClient(client, serving, session, contract, mapping);
  } catch (error) {
    await client.send(errorText(error, options.tracebacks));
    client.dismiss(CLOSE.tryAgainLater, 'The previous frame says why.');
    await session?.close();
    return { hear: async () => {}, leave: async () => {} };
  }
}

class OpenpiClient implements ClientHandler {
  private readonly client: WebSocketClient;
  private readonly serving: Serving;
  private readonly session: PolicySession;
  private readonly contract: PolicyContract;
  private readonly mapping: ObservationMapping;
  private prevTotalMs: number | null = null;

  constructor(
    client: WebSocketClient,
    serving: Serving,
    session: PolicySession,
    contract: PolicyContract,
    mapping: ObservationMapping,
  ) {
    [this.client, this.serving, this.session] = [client, serving, session];
    [this.contract, this.mapping] = [contract, mapping];
  }

  async hear(frame: Uint8Array, binary: boolean): Promise<void> {
    const begun = performance.now();
    const { client, serving } = this;
    try {
      await client.send(await this.answer(frame, binary));
      this.prevTotalMs = performance.now() - begun;
    } catch (error) {
      if (client.signal.aborted) return;
      serving.options.onEvent?.(`${client.name}: ${logged(error)}`);
      await client.send(errorText(error, serving.options.tracebacks));
      // As openpi's server does; only where asking again may help, the connection stays.
      if (!(error instanceof BusyError)) client.dismiss(CLOSE.internalError, REASON);
    }
  }

  leave(): Promise<void> {
    return this.session.close();
  }

  private async answer(frame: Uint8Array, binary: boolean): Promise<Uint8Array> {
    const { messages, options } = this.serving;
    if (!binary) {
      throw new VlaError('bad-data', 'message: expected a binary message, got text.', { hint: 'Send MessagePack.' });
    }
    const message = messages.decode(frame);
    if (!isMap(message)) {
      throw new VlaError('bad-data', 'message: expected a map, got something else.', { hint: 'Send one observation.' });
    }
    const { episode, tick, deadlineMs } = extensionOf(message);
    const seen = observationFromWire(message, this.mapping, this.contract.embodiment, options.limits);
    if (episode !== undefined) await this.session.reset({ seed: episode });
    const begun = performance.now();
    const buffer = frame.buffer as ArrayBuffer;
    const chunk = await this.session.infer(tick === undefined ? seen : { ...seen, tick }, {
      signal: this.client.signal,
      // Small frames share their memory with others.
      handOver: buffer.byteLength === frame.byteLength ? [buffer] : [],
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    });
    return messages.encode(answerMessage(chunk, { inferMs: performance.now() - begun, prevTotalMs: this.prevTotalMs }));
  }
}

function logged(error: unknown): string {
  if (error instanceof VlaError && error.code !== 'unsupported') return error.message;
  const { cause } = error as Error;
  return (cause instanceof Error ? cause.stack : (error as Error).stack) ?? String(error);
}
