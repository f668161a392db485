/** @file A client of LeRobot's gRPC service that sends exactly what it is given. */

import type * as Grpc from '@grpc/grpc-js';
import { PART_BYTES, TRANSFER, loadGrpc, type ObservationPart } from '../../src/serving/lerobot/grpc-service.ts';

/** The four calls; each rejects with gRPC's error, of which `details` is the server's text. */
export interface RobotConnection {
  ready(): Promise<unknown>;
  instruct(pickle: Uint8Array): Promise<unknown>;
  send(parts: readonly ObservationPart[]): Promise<unknown>;
  act(options?: Grpc.CallOptions): Promise<Uint8Array>;
  /** A call of actions that can be cancelled. */
  beginAct(): { readonly answer: Promise<Uint8Array>; cancel(): void };
  close(): void;
}

/** Parts as LeRobot's client cuts them. */
export function partsOf(bytes: Uint8Array, size = PART_BYTES): ObservationPart[] {
  const count = Math.max(1, Math.ceil(bytes.length / size));
  return Array.from({ length: count }, (_, i) => ({
    transferState: i === count - 1 ? TRANSFER.END : i === 0 ? TRANSFER.BEGIN : TRANSFER.MIDDLE,
    data: bytes.subarray(i * size, (i + 1) * size),
  }));
}

/** Connects to `grpc://host:port`; a connection of its own. */
export async function connectRobot(
  address: string,
  { token = null, certificate = null }: { token?: string | null; certificate?: Buffer | null } = {},
): Promise<RobotConnection> {
  const { grpc, service } = await loadGrpc();
  const Client = grpc.makeGenericClientConstructor(service as unknown as Grpc.ServiceDefinition, 'AsyncInference');
  const credentials =
    certificate === null ? grpc.credentials.createInsecure() : grpc.credentials.createSsl(certificate);
  const client = new Client(address.replace(/^grpcs?:\/\//, ''), credentials, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_send_message_length': -1,
  });
  const metadata = (): Grpc.Metadata => {
    const made = new grpc.Metadata();
    if (token !== null) made.set('authorization', `Bearer ${token}`);
    return made;
  };
  type Done<T> = (error: Grpc.ServiceError | null, value?: T) => void;
  type Call = (...args: unknown[]) => Grpc.ClientUnaryCall & Grpc.ClientWritableStream<ObservationPart>;
  const calls = client as unknown as Readonly<Record<string, Call>>;
  const ask = <T>(begin: (done: Done<T>) => void): Promise<T> =>
    new Promise((resolve, reject) => begin((error, value) => (error === null ? resolve(value!) : reject(error))));
  const act = (options: Grpc.CallOptions = {}): { answer: Promise<Uint8Array>; cancel(): void } => {
    let call: Grpc.ClientUnaryCall | undefined;
    const answer = ask<{ data: Uint8Array }>((done) => {
      call = calls['GetActions']!.call(client, {}, metadata(), options, done);
    });
    return { answer: answer.then(({ data }) => data), cancel: () => call!.cancel() };
  };
  return {
    ready: () => ask((done) => calls['Ready']!.call(client, {}, metadata(), done)),
    instruct: (data) => ask((done) => calls['SendPolicyInstructions']!.call(client, { data }, metadata(), done)),
    send: (parts) =>
      ask((done) => {
        const stream = calls['SendObservations']!.call(client, metadata(), done);
        stream.on('error', () => undefined);
        for (const part of parts) stream.write(part);
        stream.end();
      }),
    act: (options) => act(options).answer,
    beginAct: () => act(),
    close: () => client.close(),
  };
}
