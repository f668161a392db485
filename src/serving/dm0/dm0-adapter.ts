/**
 * @file dexbotic's HTTP protocol, as DM0's server has it, in front of a policy. HTTP has no connections that mean anything: all clients together are one session,
 * and ask one after the other, as at dexbotic's own server. Node only.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { VlaError } from '../../base/errors.ts';
import type { Image, Observation } from '../../interfaces/observation.ts';
import { errorText } from '../error-text.ts';
import { startHttpFront } from '../http-front.ts';
import { mappingFor, observationFromWire, type ObservationMapping } from '../observation-mapping.ts';
import type { PolicyContract, PolicyService, PolicySession } from '../policy-service.ts';
import type { AdapterOptions, ProtocolAdapter, RunningAdapter } from '../protocol-adapter.ts';
import { decodePicture } from '../wire/encoded-image.ts';
import { readForm } from '../wire/form-data.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { DM0_PATH, dm0Answer, dm0Request, type Dm0Example, type Dm0Request } from './dm0-messages.ts';

/** The protocol; docs/guides/protocols.md describes it. */
export const dm0Adapter: ProtocolAdapter = { name: 'dm0', defaultPort: 7891, start };

async function start(service: PolicyService, options: AdapterOptions): Promise<RunningAdapter> {
  const frames = new FrameServer(service, options);
  const front = await startHttpFront(service, {
    ...options,
    onRequest: (request, response) => void frames.handle(request, response),
  });
  return {
    address: front.address('http'),
    async close() {
      await front.close();
      await frames.close();
    },
  };
}

/** Images are in the order of the robot's cameras, as dexbotic has no names for them. */
const imageKey = (at: number): string => `image.${at}`;

class FrameServer {
  private readonly service: PolicyService;
  private readonly options: AdapterOptions;
  private session: PolicySession | null = null;
  private seed: number;
  /** Settles when the request before is answered. */
  private turn: Promise<unknown> = Promise.resolve();
  /** Requests that wait for their turn or have it. */
  private pending = 0;

  constructor(service: PolicyService, options: AdapterOptions) {
    [this.service, this.options, this.seed] = [service, options, options.seed];
  }

  /** One request, to its answer. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      if (request.url?.split('?')[0] !== DM0_PATH) return reply(response, 404, '{"error": "not found"}');
      if (request.method !== 'POST') return reply(response, 405, '{"error": "expected POST"}');
      reply(response, 200, await this.answer(request, gone.signal));
    } catch (error) {
      this.options.onEvent?.(`dm0 client ${request.socket.remoteAddress ?? '?'}: ${(error as Error).message}`);
      const text = errorText(error, this.options.tracebacks);
      reply(response, statusOf(error), JSON.stringify({ error: text }));
    }
  }

  async close(): Promise<void> {
    await this.turn;
    await this.session?.close();
  }

  private async answer(request: IncomingMessage, signal: AbortSignal): Promise<string> {
    if (this.pending >= this.service.limits.waiting) {
      this.service.metrics.noteRefusal('queue');
      throw new VlaError('unsupported', `queue: expected at most ${this.pending} requests at a time, got one more.`, {
        hint: 'Ask again when others have been answered.',
      });
    }
    this.pending++;
    try {
      const asked = dm0Request(await readForm(request, this.options.limits));
      const contract = await this.service.ready(signal);
      const observations: Observation[] = [];
      for (const example of asked.examples) observations.push(await this.observe(example, contract));
      const mine = this.turn.then(() => this.infer(observations, asked, signal));
      this.turn = mine.catch(() => undefined);
      return await mine;
    } finally {
      this.pending--;
    }
  }

  private async observe(example: Dm0Example, { embodiment }: PolicyContract): Promise<Observation> {
    const { limits, mapping } = this.options;
    const own: ObservationMapping = {
      images: Object.fromEntries(embodiment.cameras.map(({ name }, i) => [name, [imageKey(i)]])),
      state: [['states']],
      instruction: ['text'],
    };
    const message = Object.create(null) as Record<string, unknown>;
    for (const [i, bytes] of example.images.entries()) {
      message[imageKey(i)] = asArray(await decodePicture(bytes, `image ${i}`, limits));
    }
    message['text'] = example.text;
    message['states'] = example.state ?? embodiment.state.names.map(() => 0);
    return observationFromWire(message, mappingFor(embodiment, own, mapping), embodiment, limits);
  }

  private async infer(observations: readonly Observation[], asked: Dm0Request, signal: AbortSignal): Promise<string> {
    this.session ??= await this.service.openSession({ seed: this.seed++ });
    if (asked.firstFrame) await this.session.reset({ seed: this.seed++ });
    const chunks = [];
    for (const observation of observations) chunks.push(await this.session.infer(observation, { signal }));
    return dm0Answer(chunks, asked.batched);
  }
}

const asArray = ({ width, height, data }: Image): NumericArray => NumericArray.ofBytes(data, [height, width, 3]);

function statusOf(error: unknown): number {
  if (!(error instanceof VlaError)) return 500;
  if (error.code === 'unsupported' || error.code === 'interrupted' || error.code === 'io') return 503;
  return 400;
}

function reply(response: ServerResponse, status: number, body: string): void {
  if (response.headersSent || response.destroyed) return;
  // What of a refused request is still on its way is not read.
  const close = status === 200 ? {} : { connection: 'close' };
  response.writeHead(status, { 'content-type': 'application/json', ...close }).end(`${body}\n`);
}
