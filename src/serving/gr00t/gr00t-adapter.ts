/**
 * @file GR00T's ZeroMQ protocol in front of a policy, for its stock clients: ping, get_action, reset, get_modality_config. `kill` is refused. A client is a
 * connection, with an episode of its own. Node only.
 */

import { VlaError } from '../../base/errors.ts';
import { checkAccess, isToken } from '../access.ts';
import { errorText } from '../error-text.ts';
import { mappingFor, observationFromWire } from '../observation-mapping.ts';
import type { PolicyService, PolicySession } from '../policy-service.ts';
import type { AdapterOptions, ProtocolAdapter, RunningAdapter } from '../protocol-adapter.ts';
import { chunkGroups, vectorGroups } from '../vector-groups.ts';
import { serveReplies, type ReplyClient } from '../wire/zmtp-server.ts';
import {
  decodeGr00t,
  encodeGr00t,
  gr00tMapping,
  gr00tObservation,
  gr00tRequest,
  gr00tSeed,
  modalityMessage,
  type Gr00tDialect,
  type Gr00tRequest,
} from './gr00t-messages.ts';

/** The protocol; docs/guides/protocols.md describes it. */
export const gr00tAdapter: ProtocolAdapter = { name: 'gr00t', defaultPort: 5555, start };

async function start(service: PolicyService, options: AdapterOptions): Promise<RunningAdapter> {
  const { host, port, token, tls, limits } = options;
  checkAccess(host, token);
  if (tls !== null) {
    throw new VlaError('unsupported', 'gr00t: expected no certificate, got one: GR00T’s clients speak without TLS.', {
      hint: 'Listen on 127.0.0.1 and lead a tunnel there, for example of ssh.',
    });
  }
  let seed = options.seed;
  return serveReplies({
    host,
    port,
    limits,
    connected(name) {
      service.metrics.noteConnection('gr00t');
      options.onEvent?.(`gr00t ${name} came`);
      return new Gr00tClient(`gr00t ${name}`, service, options, () => seed++);
    },
    refused(reason, message) {
      service.metrics.noteRefusal(reason);
      options.onEvent?.(`gr00t: ${message}`);
    },
  });
}

class Gr00tClient implements ReplyClient {
  private readonly name: string;
  private readonly service: PolicyService;
  private readonly options: AdapterOptions;
  private readonly nextSeed: () => number;
  private session: PolicySession | null = null;
  private dialect: Gr00tDialect = 'npy';

  constructor(name: string, service: PolicyService, options: AdapterOptions, nextSeed: () => number) {
    [this.name, this.service, this.options, this.nextSeed] = [name, service, options, nextSeed];
  }

  async answer(message: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    try {
      const { content, dialect } = decodeGr00t(message, this.options.limits);
      this.dialect = dialect ?? this.dialect;
      return encodeGr00t(await this.obey(gr00tRequest(content), signal), this.dialect);
    } catch (error) {
      this.options.onEvent?.(`${this.name}: ${(error as Error).message}`);
      return encodeGr00t({ error: errorText(error, this.options.tracebacks) }, this.dialect);
    }
  }

  async gone(): Promise<void> {
    await this.session?.close();
    this.options.onEvent?.(`${this.name} went`);
  }

  private obey(request: Gr00tRequest, signal: AbortSignal): Promise<unknown> {
    if (!isToken(request.token, this.options.token)) {
      this.service.metrics.noteRefusal('token');
      throw new VlaError('bad-argument', 'api_token: expected the server’s token, got another or none.', {
        hint: 'Give the client the api_token that the server was started with.',
      });
    }
    switch (request.endpoint) {
      case 'ping':
        return Promise.resolve({ status: 'ok', message: 'Server is running' });
      case 'get_action':
        return this.act(request, signal);
      case 'reset':
        return this.reset(request, signal);
      case 'get_modality_config':
        return this.modalities(signal);
      case 'kill':
        throw new VlaError('unsupported', 'kill: a client cannot end this server.', { hint: 'End it where it runs.' });
      default:
        throw new VlaError('not-found', `Unknown endpoint: ${request.endpoint.slice(0, 100)}`, {
          hint: 'There are ping, get_action, reset and get_modality_config.',
        });
    }
  }

  private async act({ data }: Gr00tRequest, signal: AbortSignal): Promise<unknown> {
    const { limits, mapping } = this.options;
    const { embodiment } = await this.service.ready(signal);
    const { observation, flat } = gr00tObservation(data);
    const names = mappingFor(embodiment, gr00tMapping(embodiment), mapping);
    const seen = observationFromWire(observation, names, embodiment, limits);
    const groups = vectorGroups('actions', mapping?.actions, 'action', embodiment.action.names.length);
    this.session ??= await this.service.openSession({ seed: this.nextSeed() });
    const chunk = await this.session.infer(seen, { signal });
    return [chunkGroups(chunk, groups, flat ? 'action.' : ''), {}];
  }

  private async reset({ data }: Gr00tRequest, signal: AbortSignal): Promise<unknown> {
    await this.service.ready(signal);
    const seed = gr00tSeed(data) ?? this.nextSeed();
    if (this.session === null) this.session = await this.service.openSession({ seed });
    else await this.session.reset({ seed });
    return {};
  }

  private async modalities(signal: AbortSignal): Promise<unknown> {
    const { embodiment, horizon } = await this.service.ready(signal);
    const { mapping } = this.options;
    const names = mappingFor(embodiment, gr00tMapping(embodiment), mapping);
    const plain = (key: string): string => key.replace(/^(video|state|language)[./]/, '');
    const groups = vectorGroups('actions', mapping?.actions, 'action', embodiment.action.names.length);
    const keys = {
      video: embodiment.cameras.map(({ name }) => plain(names.images[name]![0]!)),
      state: names.state[0]!.map(plain),
      action: groups.map(({ name }) => name),
      language: [plain(names.instruction[0]!)],
    };
    return modalityMessage(keys, horizon);
  }
}
