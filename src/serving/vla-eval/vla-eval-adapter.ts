/**
 * @file The protocol of allenai's vla-evaluation-harness in front of a policy: one action for every observation. The actions of a chunk are given out one by
 * one, and the policy is asked again when none is left. Node only.
 */

import { VlaError } from '../../base/errors.ts';
import { actionAt, type ActionChunk } from '../../interfaces/action-chunk.ts';
import { errorText } from '../error-text.ts';
import { isMap, observationFromWire } from '../observation-mapping.ts';
import { requireBinary, startPolicyFront, type FrontProtocol, type ServedClient } from '../policy-front.ts';
import type { ProtocolAdapter } from '../protocol-adapter.ts';
import type { ClientHandler } from '../websocket-clients.ts';
import { ARRAY_DIALECTS } from '../wire/array-dialects.ts';
import { decodePictures } from '../wire/encoded-image.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import {
  harnessAnswer,
  harnessMapping,
  harnessMessage,
  helloPayload,
  type HarnessMessage,
} from './vla-eval-messages.ts';

const protocol: FrontProtocol = {
  name: 'vla-eval',
  dialect: ARRAY_DIALECTS.textKeys,
  mapping: harnessMapping,
  greet: async (served) => new HarnessClient(served),
  refusal: (error, messages) => messages.encode(harnessAnswer('error', { error }, 0)),
  onRequest(request, response) {
    const known = request.method === 'GET' && request.url?.split('?')[0] === '/config';
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    // Parameters of the harness's own servers are not ours, and nothing is changed by a GET.
    response.end(known ? '{"applied": {}, "config": {}}\n' : '{"error": "not found"}\n');
  },
};

/** The protocol; docs/guides/protocols.md describes it. */
export const vlaEvalAdapter: ProtocolAdapter = {
  name: 'vla-eval',
  defaultPort: 8000,
  start: (service, options) => startPolicyFront(protocol, service, options),
};

class HarnessClient implements ClientHandler {
  private readonly served: ServedClient;
  private chunk: ActionChunk | null = null;
  private played = 0;
  private tick = 0;

  constructor(served: ServedClient) {
    this.served = served;
  }

  async hear(frame: Uint8Array, binary: boolean): Promise<void> {
    const { client, messages, options } = this.served;
    let message: HarnessMessage | null = null;
    try {
      requireBinary(binary);
      message = harnessMessage(messages.decode(frame));
      const answer = await this.answer(message);
      if (answer !== null) await this.send(...answer, message.seq);
    } catch (error) {
      if (client.signal.aborted) return;
      options.onEvent?.(`${client.name}: ${(error as Error).message}`);
      await this.send('error', { error: errorText(error, options.tracebacks) }, message?.seq ?? 0);
    }
  }

  leave(): Promise<void> {
    return this.served.session.close();
  }

  private send(type: HarnessMessage['type'], payload: object, seq: number): Promise<void> {
    return this.served.client.send(this.served.messages.encode(harnessAnswer(type, payload, seq)));
  }

  /** What answers a message; null: nothing does. */
  private async answer({ type, payload }: HarnessMessage): Promise<['hello' | 'action', object] | null> {
    if (type === 'hello') return ['hello', helloPayload(this.served.contract)];
    if (type === 'observation') return ['action', { actions: await this.act(payload) }];
    if (type === 'action') {
      throw new VlaError('bad-data', 'message: expected an observation, got an action.', {
        hint: 'Servers send those.',
      });
    }
    if (type === 'episode_start') {
      this.chunk = null;
      this.tick = 0;
      await this.served.session.reset({ seed: seedOf(payload) ?? this.served.nextSeed() });
    }
    return null;
  }

  /** The action for this observation, [dim]. */
  private async act(payload: WireMap): Promise<NumericArray> {
    if (this.chunk === null || this.played === this.chunk.horizon) {
      const { client, session, contract, mapping, options } = this.served;
      const content = (await decodePictures(payload, options.limits)) as WireMap;
      const observation = observationFromWire(content, mapping, contract.embodiment, options.limits);
      this.chunk = null;
      this.chunk = await session.infer({ ...observation, tick: this.tick }, { signal: client.signal });
      this.played = 0;
    }
    this.tick++;
    return NumericArray.ofFloats(actionAt(this.chunk, this.played++), [this.chunk.dim]);
  }
}

/** The seed that our own client names. */
function seedOf(payload: WireMap): number | null {
  const own = payload['vlakit'];
  const seed = isMap(own) ? own['seed'] : null;
  return typeof seed === 'number' && Number.isSafeInteger(seed) && seed >= 0 ? seed : null;
}
