/** @file starVLA's WebSocket protocol in front of a policy, for its stock clients. What goes wrong with a request does not end the connection. Node only. */

import { errorText } from '../error-text.ts';
import { observationFromWire } from '../observation-mapping.ts';
import { requireBinary, startPolicyFront, type FrontProtocol, type ServedClient } from '../policy-front.ts';
import type { ProtocolAdapter } from '../protocol-adapter.ts';
import { CLOSE, type ClientHandler } from '../websocket-clients.ts';
import { ARRAY_DIALECTS } from '../wire/array-dialects.ts';
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

const protocol: FrontProtocol = {
  name: 'starvla',
  dialect: ARRAY_DIALECTS.openpi,
  mapping: starvlaMapping,
  async greet(served) {
    await served.client.send(served.messages.encode(starvlaMetadata(served.contract)));
    return new StarvlaClient(served);
  },
  refusal: (text) => text,
};

/** The protocol; docs/guides/protocols.md describes it. */
export const starvlaAdapter: ProtocolAdapter = {
  name: 'starvla',
  defaultPort: 10093,
  start: (service, options) => startPolicyFront(protocol, service, options),
};

const RESULT = 'inference_result';

class StarvlaClient implements ClientHandler {
  private readonly served: ServedClient;

  constructor(served: ServedClient) {
    this.served = served;
  }

  async hear(frame: Uint8Array, binary: boolean): Promise<void> {
    const { client, messages, options } = this.served;
    let request: StarvlaRequest | null = null;
    try {
      requireBinary(binary);
      request = starvlaRequest(messages.decode(frame));
      await this.send(await this.answer(request));
    } catch (error) {
      if (client.signal.aborted) return;
      const text = errorText(error, options.tracebacks);
      options.onEvent?.(`${client.name}: ${(error as Error).message}`);
      if (request !== null) return this.send(starvlaError(RESULT, request.id, text));
      // As starVLA's server does with what it cannot read.
      await client.send(text);
      client.dismiss(CLOSE.internalError, 'The previous frame says what was wrong.');
    }
  }

  leave(): Promise<void> {
    return this.served.session.close();
  }

  private send(message: WireMap): Promise<void> {
    return this.served.client.send(this.served.messages.encode(message));
  }

  private async answer({ type, id, payload }: StarvlaRequest): Promise<WireMap> {
    if (type === 'ping') return starvlaResult('ping', id);
    if (type !== 'infer' && type !== 'predict_action') {
      return starvlaError('unknown', id, `Unsupported message type '${type.slice(0, 100)}'`);
    }
    const { client, session, contract, mapping, options } = this.served;
    const observations = starvlaExamples(payload, contract).map((example) =>
      observationFromWire(example, mapping, contract.embodiment, options.limits),
    );
    const chunks = [];
    for (const observation of observations) {
      chunks.push(await session.infer(observation, { signal: client.signal }));
    }
    return starvlaResult(RESULT, id, { actions: stackChunks(chunks) });
  }
}
