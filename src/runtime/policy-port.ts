/** @file A policy in another thread, through a message port: in Node between worker threads, in a browser between workers. */

import { VlaError } from '../base/errors.ts';
import { fromPlainError, toPlainError, type PlainError } from '../base/plain-error.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Continuation, Policy } from '../interfaces/policy.ts';

/** One end of a message channel: a `MessagePort`, a worker, or a worker's own scope. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  start?(): void;
  close?(): void;
  /** Node's: whether waiting for it keeps the process alive. */
  ref?(): void;
  unref?(): void;
}

type Order =
  | { readonly kind: 'introduce' }
  | { readonly kind: 'reset'; readonly seed: number }
  | {
      readonly kind: 'infer';
      readonly observation: Observation;
      readonly continuation: Continuation | null;
    }
  | { readonly kind: 'close' };

type Question = { readonly id: number; readonly order: Order } | { readonly id: number; readonly order: 'abort' };

interface Introduction {
  readonly name: string;
  readonly embodiment: Embodiment;
  readonly continues: Policy['continues'] | null;
}

interface Reply {
  readonly id: number;
  readonly value?: Introduction | ActionChunk | null | undefined;
  readonly error?: PlainError;
}

/** Answers what comes through `port` with `policy`, until it is told to close. Errors travel as they are, with code and hint. */
export function servePolicy(policy: Policy, port: Port): void {
  const running = new Map<number, AbortController>();
  const obey = async (id: number, order: Order): Promise<Reply['value']> => {
    if (order.kind === 'introduce') {
      return { name: policy.name, embodiment: policy.embodiment, continues: policy.continues ?? null };
    }
    if (order.kind === 'infer') {
      const controller = new AbortController();
      running.set(id, controller);
      const { observation, continuation } = order;
      const options = { signal: controller.signal, ...(continuation === null ? {} : { continuation }) };
      return policy.infer(observation, options).finally(() => running.delete(id));
    }
    if (order.kind === 'reset') await policy.reset({ seed: order.seed });
    else await policy.close();
    return null;
  };
  port.addEventListener('message', ({ data }) => {
    const { id, order } = data as Question;
    if (order === 'abort') return running.get(id)?.abort(interrupted());
    void obey(id, order).then(
      (value) => port.postMessage({ id, value } satisfies Reply),
      (error: unknown) => port.postMessage({ id, error: toPlainError(error) } satisfies Reply),
    );
  });
  port.start?.();
}

/** The policy at the other end of `port`; resolves when it has introduced itself. */
export async function openPortPolicy(port: Port): Promise<Policy> {
  const waiting = new Map<number, { resolve(value: Reply['value']): void; reject(error: Error): void }>();
  let asked = 0;
  port.addEventListener('message', ({ data }) => {
    const { id, value, error } = data as Reply;
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (error !== undefined) waiter?.reject(fromPlainError(error));
    else waiter?.resolve(value);
  });
  port.start?.();
  const ask = (order: Order, signal?: AbortSignal): Promise<Reply['value']> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const id = asked++;
      const abort = (): void => {
        port.postMessage({ id, order: 'abort' } satisfies Question);
        // Whoever asked does not wait for the other thread, which may be busy.
        waiting.delete(id);
        settled();
        reject(signal?.reason instanceof Error ? signal.reason : interrupted());
      };
      const settled = (): void => {
        signal?.removeEventListener('abort', abort);
        if (waiting.size === 0) port.unref?.();
      };
      waiting.set(id, {
        resolve: (value) => (settled(), resolve(value)),
        reject: (error) => (settled(), reject(error)),
      });
      signal?.addEventListener('abort', abort, { once: true });
      port.ref?.();
      port.postMessage({ id, order } satisfies Question);
    });
  const { name, embodiment, continues } = (await ask({ kind: 'introduce' })) as Introduction;
  return {
    name,
    embodiment,
    ...(continues === null || continues === undefined ? {} : { continues }),
    async reset({ seed }) {
      await ask({ kind: 'reset', seed });
    },
    async infer(observation, { continuation = null, signal } = {}) {
      const order: Order = { kind: 'infer', observation, continuation: continuation ?? null };
      return (await ask(order, signal)) as ActionChunk;
    },
    async close() {
      await ask({ kind: 'close' });
      port.close?.();
    },
  };
}

function interrupted(): VlaError {
  return new VlaError('interrupted', 'inference: whoever asked no longer wants the answer.');
}
