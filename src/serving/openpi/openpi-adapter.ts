/** @file openpi's WebSocket protocol in front of a policy, for its stock clients: metadata first, then an answer for every observation. Node only. */

import { VlaError } from '../../base/errors.ts';
import { contractMessage } from '../contract-message.ts';
import { errorText } from '../error-text.ts';
import { isMap, observationFromWire } from '../observation-mapping.ts';
import { requireBinary, startPolicyFront, type FrontProtocol, type ServedClient } from '../policy-front.ts';
import type { ProtocolAdapter } from '../protocol-adapter.ts';
import { BusyError } from '../request-queue.ts';
import { CLOSE, type ClientHandler } from '../websocket-clients.ts';
import { ARRAY_DIALECTS } from '../wire/array-dialects.ts';
import { EXTENSION, answerMessage, extensionOf, openpiMapping } from './openpi-messages.ts';

const REASON = 'The previous frame says what was wrong.';

const protocol: FrontProtocol = {
  name: 'openpi',
  dialect: ARRAY_DIALECTS.openpi,
  mapping: openpiMapping,
  async greet(served) {
    await served.client.send(served.messages.encode({ [EXTENSION]: contractMessage(served.contract) }));
    return new OpenpiClient(served);
  },
  refusal: (text) => text,
};

/** The protocol; docs/guides/serving.md describes it. */
export const openpiAdapter: ProtocolAdapter = {
  name: 'openpi',
  defaultPort: 8000,
  start: (service, options) => startPolicyFront(protocol, service, options),
};

class OpenpiClient implements ClientHandler {
  private readonly served: ServedClient;
  private prevTotalMs: number | null = null;

  constructor(served: ServedClient) {
    this.served = served;
  }

  async hear(frame: Uint8Array, binary: boolean): Promise<void> {
    const begun = performance.now();
    const { client, options } = this.served;
    try {
      await client.send(await this.answer(frame, binary));
      this.prevTotalMs = performance.now() - begun;
    } catch (error) {
      if (client.signal.aborted) return;
      options.onEvent?.(`${client.name}: ${logged(error)}`);
      await client.send(errorText(error, options.tracebacks));
      // As openpi's server does; only where asking again may help, the connection stays.
      if (!(error instanceof BusyError)) client.dismiss(CLOSE.internalError, REASON);
    }
  }

  leave(): Promise<void> {
    return this.served.session.close();
  }

  private async answer(frame: Uint8Array, binary: boolean): Promise<Uint8Array> {
    const { client, session, contract, mapping, messages, options } = this.served;
    requireBinary(binary);
    const message = messages.decode(frame);
    if (!isMap(message)) {
      throw new VlaError('bad-data', 'message: expected a map, got something else.', { hint: 'Send one observation.' });
    }
    const { episode, tick, deadlineMs } = extensionOf(message);
    const seen = observationFromWire(message, mapping, contract.embodiment, options.limits);
    if (episode !== undefined) await session.reset({ seed: episode });
    const begun = performance.now();
    const buffer = frame.buffer as ArrayBuffer;
    const chunk = await session.infer(tick === undefined ? seen : { ...seen, tick }, {
      signal: client.signal,
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
