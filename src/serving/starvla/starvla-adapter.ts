/** @file starVLA's WebSocket protocol in front of a policy, for its stock clients. What goes wrong with a request does not end the connection. Node only. */

import { VlaError } from '../../base/errors.ts';
import { errorText } from '../error-text.ts';
import { mappingFor, observationFromWire, type ObservationMapping } from '../observation-mapping.ts';
import type { PolicyContract, PolicyService, PolicySession } from '../policy-service.ts';
import type { AdapterOptions, ProtocolAdapter, RunningAdapter } from '../protocol-adapter.ts';
import { CLOSE, type ClientHandler, type WebSocketClient } from '../websocket-clients.ts';
import { startWebSocketFront } from '../websocket-front.ts';
import { ARRAY_DIALECTS, arrayMessages, type ArrayMessages } from '../wire/array-dialects.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { stackChunks } from '../stack-chunks.ts';
import {
  starvlaError,
  starvlaExamples,
  starvlaMapping,
  starvlaMetadata,
  starvlaRequest,
  starvlaResult,
  type StarvlaRequest,
} from './starvla-messages.ts';

/** The protocol; docs/guides/protocols.md describes it. */
export const starvlaAdapter: ProtocolAdapter = { name: 'starvla', defaultPort: 10093, start };

const RESULT = 'inference_result';

interface Serving {
  readonly service: PolicyService;
  readonly options: AdapterOptions;
  readonly messages: ArrayMessages;
  readonly seed: number;
}

function start(service: PolicyService, options: AdapterOptions): Promise<RunningAdapter> {
  const messages = arrayMessages(ARRAY_DIALECTS.openpi, options.limits);
  let seed = options.seed;
  return startWebSocketFront('starvla', service, options, (client) =>
    greet(client, { service, options, messages, seed: seed++ }),
  );
}

/** Sends the metadata when the policy is warm. */
async function greet(client: WebSocketClient, serving: Serving): Promise<ClientHandler> {
  const { service, options, messages, seed } = serving;
  try {
    const contract = await service.ready(client.signal);
    const session = await service.openSession({ seed });
    const mapping = mappingFor(contract.embodiment, starvlaMapping(contract.embodiment), options.mapping);
    await client.send(messages.encode(starvlaMetadata(contract)));
    return new StarvlaClient(client, serving, session, contract, mapping);
  } catch (error) {
    await client.send(errorText(error, options.tracebacks));
    client.dismiss(CLOSE.tryAgainLater, 'The previous frame says why.');
    return { hear: async () => {}, leave: async () => {} };
  }
}

class StarvlaClient implements ClientHandler {
  private readonly client: WebSocketClient;
  private readonly serving: Serving;
  private readonly session: PolicySession;
  private readonly contract: PolicyContract;
  private readonly mapping: ObservationMapping;

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
    const { client, serving } = this;
    let request: StarvlaRequest | null = null;
    try {
      if (!binary) {
        throw new VlaError('bad-data', 'message: expected a binary message, got text.', { hint: 'Send MessagePack.' });
      }
      request = starvlaRequest(serving.messages.decode(frame));
      await this.send(await this.answer(request));
    } catch (error) {
      if (client.signal.aborted) return;
      const text = errorText(error, serving.options.tracebacks);
      serving.options.onEvent?.(`${client.name}: ${(error as Error).message}`);
      if (request !== null) return this.send(starvlaError(RESULT, request.id, text));
      // As starVLA's server does with what it cannot read.
      await client.send(text);
      client.dismiss(CLOSE.internalError, 'The previous frame says what was wrong.');
    }
  }

  leave(): Promise<void> {
    return this.session.close();
  }

  private send(message: WireMap): Promise<void> {
    return this.client.send(this.serving.messages.encode(message));
  }

  private async answer({ type, id, payload }: StarvlaRequest): Promise<WireMap> {
    if (type === 'ping') return starvlaResult('ping', id);
    if (type !== 'infer' && type !== 'predict_action') {
      return starvlaError('unknown', id, `Unsupported message type '${type.slice(0, 100)}'`);
    }
    const { embodiment } = this.contract;
    const { limits } = this.serving.options;
    const observations = starvlaExamples(payload, this.contract).map((example) =>
      observationFromWire(example, this.mapping, embodiment, limits),
    );
    const chunks = [];
    for (const observation of observations) {
      chunks.push(await this.session.infer(observation, { signal: this.client.signal }));
    }
    return starvlaResult(RESULT, id, { actions: stackChunks(chunks) });
  }
}
