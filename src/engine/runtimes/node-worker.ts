/** @file A session in a worker thread: the same interface, and the caller's thread never waits. */

import { Worker } from 'node:worker_threads';
import { VlaError, type ErrorCode } from '../../base/errors.ts';
import type { Tensor } from '../../base/tensor.ts';
import { workerUrl } from '../../base/worker-url.ts';
import type { CompiledGraph } from '../compile.ts';
import { visibleTypes } from '../feeds.ts';
import type { CompiledSessionOptions, Session } from '../session-types.ts';

/** What the worker is asked: a method of Session with its argument. */
export interface Request {
  readonly id: number;
  readonly method: 'open' | 'run' | 'readState' | 'writeState' | 'close';
  readonly argument: unknown;
}

/** What it answers. An error travels as its parts, since classes do not cross threads. */
export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: {
    readonly code: ErrorCode | undefined;
    readonly message: string;
    readonly hint: string | undefined;
  };
}

/** What the worker needs to open a session. */
export interface OpenArgument {
  readonly compiled: CompiledGraph;
  readonly options: Omit<CompiledSessionOptions, 'worker'>;
}

/** A session in a worker of its own, which ends when the session is closed. */
export async function openWorkerSession(
  compiled: CompiledGraph,
  { threads, initialState, weightFolder }: CompiledSessionOptions,
): Promise<Session> {
  const options = {
    ...(threads === undefined ? {} : { threads }),
    ...(initialState === undefined ? {} : { initialState }),
    ...(weightFolder === undefined ? {} : { weightFolder }),
  };
  const worker = new Worker(workerUrl(import.meta.url, './node-session-worker'));
  const waiting = new Map<number, { resolve(value: unknown): void; reject(cause: Error): void }>();
  let nextId = 0;
  let ended: Error | undefined;
  const end = (cause: Error): void => {
    ended = cause;
    for (const { reject } of waiting.values()) reject(cause);
    waiting.clear();
  };
  worker.on('message', ({ id, result, error }: Answer) => {
    const call = waiting.get(id)!;
    waiting.delete(id);
    if (error === undefined) call.resolve(result);
    else call.reject(restoreError(error));
  });
  worker.on('error', end);
  worker.on('exit', () => end(new VlaError('interrupted', 'session: the worker of this session has ended.')));
  const ask = <T>(method: Request['method'], argument?: unknown): Promise<T> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      const id = nextId++;
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      worker.postMessage({ id, method, argument } satisfies Request);
    });
  try {
    await ask('open', { compiled, options } satisfies OpenArgument);
  } catch (cause) {
    await worker.terminate();
    throw cause;
  }
  return {
    ...visibleTypes(compiled, compiled),
    run: (feeds) => ask<Record<string, Tensor>>('run', feeds),
    readState: (names) => ask<Record<string, Tensor>>('readState', names),
    writeState: (state) => ask<void>('writeState', state),
    async close() {
      if (ended !== undefined) return;
      await ask('close');
      await worker.terminate();
    },
  };
}

function restoreError({ code, message, hint }: NonNullable<Answer['error']>): Error {
  if (code === undefined) return new Error(message);
  return new VlaError(code, message, hint === undefined ? {} : { hint });
}
