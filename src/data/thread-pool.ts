/** @file A few worker threads that answer requests one at a time; errors cross the border as what they were. */

import { Worker, parentPort, type Transferable } from 'node:worker_threads';
import { VlaError } from '../base/errors.ts';
import { fromPlainError, toPlainError, type PlainError } from '../base/plain-error.ts';

type Answer = { readonly value: unknown } | { readonly error: PlainError };

/** How long a worker may go on with what it does when the pool closes; a thread that is ended in native code can take the process along. */
const GRACE_MS = 20_000;

interface Job {
  readonly request: unknown;
  readonly transfer: readonly Transferable[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Worker threads that answer one request at a time each. */
export interface ThreadPool<Request, Result> {
  readonly size: number;
  /** Waits for a free worker and runs the request there. */
  run(request: Request, transfer?: readonly Transferable[]): Promise<Result>;
  /** Ends all workers, each when it has done what it is doing; requests under way are rejected at once. */
  close(): Promise<void>;
}

/** Starts `size` workers of the module `url`, each with `workerData`; the module calls `answerRequests`. */
export function startThreadPool<Request, Result>(
  url: URL,
  size: number,
  workerData: unknown,
): ThreadPool<Request, Result> {
  const waiting: Job[] = [];
  const free: Worker[] = [];
  const busy = new Map<Worker, Job>();
  let closed = false;
  /** Why no worker is left. */
  let failure: unknown;
  // Idle workers do not keep the process alive, but work under way does. A timer does that: `ref` and `unref` of a
  // worker that is starting or ending are not reliable (Node 20).
  let held = 0;
  let timer: NodeJS.Timeout | undefined;
  const hold = (): void => {
    if (held++ === 0) timer = setInterval(() => undefined, 2 ** 30);
  };
  const release = (): void => {
    if (--held === 0) clearInterval(timer);
  };
  const next = (): void => {
    while (free.length > 0 && waiting.length > 0) {
      const worker = free.pop()!;
      const job = waiting.shift()!;
      try {
        worker.postMessage(job.request, [...job.transfer]);
      } catch (error) {
        // What cannot be posted is no fault of the worker.
        free.push(worker);
        job.reject(error);
        continue;
      }
      busy.set(worker, job);
      hold();
    }
  };
  const fail = (worker: Worker, error: unknown): void => {
    busy.get(worker)?.reject(error);
    if (busy.delete(worker)) release();
    const at = free.indexOf(worker);
    if (at >= 0) free.splice(at, 1);
    if (free.length > 0 || busy.size > 0) return;
    // Without workers nothing will ever answer, now or later.
    failure ??= error;
    for (const job of waiting.splice(0)) job.reject(failure);
  };
  const workers = Array.from({ length: size }, () => {
    const worker = new Worker(url, { workerData });
    worker.unref();
    worker.on('message', (answer: Answer) => {
      const job = busy.get(worker);
      busy.delete(worker);
      release();
      free.push(worker);
      if ('error' in answer) job?.reject(fromPlainError(answer.error));
      else job?.resolve(answer.value);
      next();
    });
    worker.on('error', (error) => fail(worker, error));
    worker.on('exit', (code) => {
      if (!closed) fail(worker, new Error(`A worker thread ended with code ${code}.`));
    });
    free.push(worker);
    return worker;
  });
  return {
    size,
    run: (request, transfer = []) =>
      new Promise((resolve, reject) => {
        if (closed || failure !== undefined) {
          reject(closed ? ended() : failure);
          return;
        }
        waiting.push({ request, transfer, resolve: resolve as (value: unknown) => void, reject });
        next();
      }),
    async close() {
      closed = true;
      hold();
      const error = ended();
      for (const job of [...waiting.splice(0), ...busy.values()]) job.reject(error);
      await Promise.all([...busy.keys()].map(idle));
      await Promise.all(workers.map((worker) => worker.terminate()));
      clearInterval(timer);
    },
  };
}

/** Resolves when a busy worker has answered or ended, or after `GRACE_MS`. */
function idle(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GRACE_MS);
    for (const event of ['message', 'exit'] as const) {
      worker.once(event, () => {
        clearTimeout(timer);
        resolve();
      });
    }
  });
}

function ended(): VlaError {
  return new VlaError('interrupted', 'The worker threads were ended.', { hint: 'Run the same command again.' });
}

/** In a worker: answers each request with what `answer` gives, and moves the buffers it names. */
export function answerRequests<Request>(
  answer: (request: Request) => Promise<{ value: unknown; transfer: readonly Transferable[] }>,
): void {
  parentPort!.on('message', (request: Request) => {
    answer(request).then(
      ({ value, transfer }) => parentPort!.postMessage({ value } satisfies Answer, [...transfer]),
      (error: unknown) => parentPort!.postMessage({ error: toPlainError(error) } satisfies Answer),
    );
  });
}
