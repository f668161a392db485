/**
 * @file The protocol of allenai's vla-evaluation-harness in front of a policy: one action for every observation. The actions of a chunk are given out one by
 * one, and the policy is asked again when none is left. Node only.
 */

import { VlaError } from '../../base/errors.ts';
import { actionAt, type ActionChunk } from '../../interfaces/action-chunk.ts';
import { errorText } from '../error-text.ts';
import { mappingFor, observationFromWire, type ObservationMapping } from '../observation-mapping.ts';
import type { PolicyContract, PolicyService, PolicySession } from '../policy-service.ts';
import type { AdapterOptions, ProtocolAdapter, RunningAdapter } from '../protocol-adapter.ts';
import { CLOSE, type ClientHandler, type WebSocketClient } from '../websocket-clients.ts';
import { startWebSocketFront } from '../websocket-front.ts';
import { ARRAY_DIALECTS, arrayMessages, type ArrayMessages } from '../wire/array-dialects.ts';
import { decodePictures } from '../wire/encoded-image.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../wire/numeric-array.ts';
import {
  harnessAnswer,
  harnessMapping,
  harnessMessage,
  helloPayload,
  type HarnessMessage,
} from './vla-eval-messages.ts';

/** The protocol; docs/guides/protocols.md describes it. */
export const vlaEvalAdapter: ProtocolAdapter = { name: 'vla-eval', defaultPort: 8000, start };

interface Serving {
  readonly service: PolicyService;
  readonly options: AdapterOptions;
  readonly messages: ArrayMessages;
  /** Seed of the next episode, of whichever client. */
  nextSeed(): number;
}

function start(service: PolicyService, options: AdapterOptions): Promise<RunningAdapter> {
  const messages = arrayMessages(ARRAY_DIALECTS.textKeys, options.limits);
  let seed = options.seed;
  const serving: Serving = { service, options, messages, nextSeed: () => seed++ };
  return startWebSocketFront(
    'vla-eval',
    service,
    options,
    (client) => greet(client, serving),
    (request, response) => {
      const known = request.method === 'GET' && request.url?.split('?')[0] === '/config';
      response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
      // Parameters of the harness's own servers are not ours, and nothing is changed by a GET.
      response.end(known ? '{"applied": {}, "config": {}}\n' : '{"error": "not found"}\n');
    },
  );
}

async function greet(client: WebSocketClient, serving: Serving): Promise<ClientHandler> {
  const { service, options, messages } = serving;
  try {
    const contract = await service.ready(client.signal);
    const session = await service.openSession({ seed: serving.nextSeed() });
    const mapping = mappingFor(contract.embodiment, harnessMapping(contract.embodiment), options.mapping);
    return new HarnessClient(client, serving, session, contract, mapping);
  } catch (error) {
    await client.send(messages.encode(harnessAnswer('error', { error: errorText(error, options.tracebacks) }, 0)));
    client.dismiss(CLOSE.tryAgainLater, 'The previous message says why.');
    return { hear: async () => {}, leave: async () => {} };
  }
}

class HarnessClient implements ClientHandler {
  private readonly client: WebSocketClient;
  private readonly serving: Serving;
  private readonly session: PolicySession;
  private readonly contract: PolicyContract;
  private readonly mapping: ObservationMapping;
  private chunk: ActionChunk | null = null;
  private played = 0;
  private tick = 0;

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
    let message: HarnessMessage | null = null;
    try {
      if (!binary) {
        throw new VlaError('bad-data', 'message: expected a binary message, got text.', { hint: 'Send MessagePack.' });
      }
      message = harnessMessage(serving.messages.decode(frame));
      const answer = await this.answer(message);
      if (answer !== null) await this.send(...answer, message.seq);
    } catch (error) {
      if (client.signal.aborted) return;
      serving.options.onEvent?.(`${client.name}: ${(error as Error).message}`);
      await this.send('error', { error: errorText(error, serving.options.tracebacks) }, message?.seq ?? 0);
    }
  }

  leave(): Promise<void> {
    return this.session.close();
  }

  private send(type: HarnessMessage['type'], payload: object, seq: number): Promise<void> {
    return this.client.send(this.serving.messages.encode(harnessAnswer(type, payload, seq)));
  }

  /** What answers a message; null: nothing does. */
  private async answer({ type, payload }: HarnessMessage): Promise<['hello' | 'action', object] | null> {
    if (type === 'hello') return ['hello', helloPayload(this.contract)];
    if (type === 'observation') return ['action', { actions: await this.act(payload) }];
    if (type === 'action') {
      throw new VlaError('bad-data', 'message: expected an observation, got an action.', {
        hint: 'Servers send those.',
      });
    }
    if (type === 'episode_start') {
      this.chunk = null;
      this.tick = 0;
      await this.session.reset({ seed: this.serving.nextSeed() });
    }
    return null;
  }

  /** The action for this observation, [dim]. */
  private async act(payload: WireMap): Promise<NumericArray> {
    if (this.chunk === null || this.played === this.chunk.horizon) {
      const { limits } = this.serving.options;
      const content = (await decodePictures(payload, limits)) as WireMap;
      const observation = observationFromWire(content, this.mapping, this.contract.embodiment, limits);
      this.chunk = null;
      this.chunk = await this.session.infer({ ...observation, tick: this.tick }, { signal: this.client.signal });
      this.played = 0;
    }
    this.tick++;
    return NumericArray.ofFloats(actionAt(this.chunk, this.played++), [this.chunk.dim]);
  }
}
