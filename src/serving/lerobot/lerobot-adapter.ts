/** @file LeRobot's asynchronous inference in front of a policy, for its stock robot client. Node only. */

import type * as Grpc from '@grpc/grpc-js';
import { VlaError } from '../../base/errors.ts';
import { bearer, checkAccess, mayEnter } from '../access.ts';
import type { PolicyService } from '../policy-service.ts';
import type { AdapterOptions, ProtocolAdapter, RunningAdapter } from '../protocol-adapter.ts';
import { listenForConnections } from './connections.ts';
import { MESSAGE_BYTES, loadGrpc, type ObservationPart, type PickledMessage } from './grpc-service.ts';
import { statusOf } from './grpc-status.ts';
import { ObservationParts } from './observation-parts.ts';
import { RobotClients } from './robot-clients.ts';

/** The protocol; docs/guides/lerobot-clients.md describes it. */
export const lerobotAdapter: ProtocolAdapter = { name: 'lerobot', defaultPort: 8080, start };

/** Calls at one time on one connection; a robot has two. */
const CALLS = 16;
/** Clients are pinged so often; one that says nothing at all for so long is gone. */
const PING_MS = 5000;
const SILENT_SECONDS = 15;
/** What a message has beside its part of an observation. */
const ENVELOPE_BYTES = 1024;

type Answer<Response> = Grpc.sendUnaryData<Response>;
type AnyCall = Grpc.ServerUnaryCall<unknown, unknown> | Grpc.ServerReadableStream<unknown, unknown>;

async function start(service: PolicyService, options: AdapterOptions): Promise<RunningAdapter> {
  const { host, port, token, tls, limits } = options;
  checkAccess(host, token);
  const { grpc, service: definition } = await loadGrpc();
  const server = new grpc.Server({
    'grpc.max_receive_message_length': Math.min(limits.messageBytes, MESSAGE_BYTES) + ENVELOPE_BYTES,
    'grpc.max_send_message_length': MESSAGE_BYTES,
    'grpc.max_concurrent_streams': CALLS,
    'grpc.max_connection_idle_ms': 1000 * limits.idleSeconds,
    'grpc.keepalive_time_ms': PING_MS,
  });
  const clients = new RobotClients(service, options);
  const calls = new Calls(grpc, service, options, clients);
  server.addService(
    definition as unknown as Grpc.ServiceDefinition,
    calls.handlers() as Grpc.UntypedServiceImplementation,
  );
  const credentials =
    tls === null
      ? grpc.ServerCredentials.createInsecure()
      : grpc.ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) },
        ]);
  const injector = server.createConnectionInjector(credentials);
  try {
    const connections = await listenForConnections({
      host,
      port,
      most: limits.connections,
      silentSeconds: SILENT_SECONDS,
      began(socket, peer) {
        clients.began(peer);
        injector.injectConnection(socket);
      },
      ended: (peer) => clients.ended(peer),
      refused: () => service.metrics.noteRefusal('connections'),
    });
    return {
      address: `${tls === null ? 'grpc' : 'grpcs'}://${connections.place}`,
      async close() {
        server.forceShutdown();
        await connections.close();
        await clients.close();
      },
    };
  } catch (error) {
    server.forceShutdown();
    await clients.close();
    throw error;
  }
}

/** The four calls. */
class Calls {
  private readonly grpc: typeof Grpc;
  private readonly service: PolicyService;
  private readonly options: AdapterOptions;
  private readonly clients: RobotClients;

  constructor(grpc: typeof Grpc, service: PolicyService, options: AdapterOptions, clients: RobotClients) {
    [this.grpc, this.service, this.options, this.clients] = [grpc, service, options, clients];
  }

  handlers(): Readonly<Record<string, unknown>> {
    return {
      Ready: (call: AnyCall, answer: Answer<object>) =>
        this.obey(call, answer, async () => {
          await this.clients.ready(call.getPeer());
          return {};
        }),
      SendPolicyInstructions: (call: Grpc.ServerUnaryCall<PickledMessage, object>, answer: Answer<object>) =>
        this.obey(call, answer, async () => {
          await this.clients.of(call.getPeer()).agree(call.request.data);
          return {};
        }),
      SendObservations: (call: Grpc.ServerReadableStream<ObservationPart, object>, answer: Answer<object>) =>
        this.obey(call, answer, async () => {
          const client = this.clients.of(call.getPeer());
          client.see(await this.receive(call));
          return {};
        }),
      GetActions: (call: Grpc.ServerUnaryCall<object, PickledMessage>, answer: Answer<PickledMessage>) =>
        this.obey(call, answer, async (signal) => {
          const data = await this.clients.of(call.getPeer()).act(signal, deadlineOf(call));
          return { data };
        }),
    };
  }

  /** Answers a call with what `work` gives, or with the status of what it throws. */
  private obey<Response>(
    call: AnyCall,
    answer: Answer<Response>,
    work: (signal: AbortSignal) => Promise<Response>,
  ): void {
    const { token, onEvent, tracebacks } = this.options;
    const [authorization] = call.metadata.get('authorization');
    if (!mayEnter({ headers: { authorization: String(authorization ?? '') } }, token)) {
      this.service.metrics.noteRefusal('token');
      return answer({
        code: this.grpc.status.UNAUTHENTICATED,
        details: `expected the server’s token as authorization: ${bearer('…')}`,
      });
    }
    const gone = new AbortController();
    call.once('cancelled', () => gone.abort(new VlaError('interrupted', 'the client cancelled its call.')));
    work(gone.signal).then(
      (response) => answer(null, response),
      (error: unknown) => {
        if (gone.signal.aborted) return answer({ code: this.grpc.status.CANCELLED, details: 'cancelled' });
        if (error instanceof VlaError && error.code === 'bad-data') this.service.metrics.noteRefusal('message');
        onEvent?.(
          `robot ${call.getPeer()}: ${error instanceof VlaError ? error.message : String((error as Error).stack)}`,
        );
        answer(statusOf(this.grpc, error, tracebacks));
      },
    );
  }

  /** The observation in a stream. */
  private receive(call: Grpc.ServerReadableStream<ObservationPart, object>): Promise<Uint8Array<ArrayBuffer>> {
    const { limits } = this.options;
    const parts = new ObservationParts(limits.messageBytes);
    return new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        call.removeAllListeners('data');
        // What still comes is thrown away.
        call.resume();
        done();
      };
      const timer = setTimeout(() => {
        settle(() => reject(cutOff(`expected its end within ${limits.transferSeconds} seconds`)));
      }, 1000 * limits.transferSeconds);
      call.on('data', (part: ObservationPart) => {
        try {
          const whole = parts.add(part);
          if (whole !== null) settle(() => resolve(whole));
        } catch (error) {
          settle(() => reject(error as Error));
        }
      });
      call.once('end', () => settle(() => reject(cutOff('expected a part that ends it'))));
      call.once('error', (error) => settle(() => reject(cutOff(error.message))));
      call.once('cancelled', () => settle(() => reject(cutOff('the client cancelled it'))));
    });
  }
}

function cutOff(why: string): VlaError {
  return new VlaError('bad-data', `observation: ${why}.`, { hint: 'Look at the network, and at the client.' });
}

/** Milliseconds until the client gives up; infinite where it does not say. */
function deadlineOf(call: Grpc.ServerUnaryCall<object, PickledMessage>): number {
  const deadline = call.getDeadline();
  return Math.max(0, Number(deadline) - Date.now());
}
