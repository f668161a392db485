/** @file A policy of this machine as a service: in a thread of its own, which is started again when it dies. */

import { setTimeout as sleep } from 'node:timers/promises';
import { VlaError } from '../base/errors.ts';
import type { ModuleCall } from '../base/user-module.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import type { Observation } from '../interfaces/observation.ts';
import { ServingMetrics } from './metrics.ts';
import type {
  PolicyContract,
  PolicyService,
  PolicySession,
  ServiceLimits,
  ServiceState,
  SessionInferOptions,
} from './policy-service.ts';
import { PolicyThread } from './policy-thread.ts';
import { RequestQueue, type StartedRequest } from './request-queue.ts';

/** What is served. */
export interface LocalServiceOptions {
  /** A module that exports `openPolicy`; it is called without an environment. */
  readonly call: ModuleCall;
  /** SHA-256 of the normalisation statistics, where the policy has some. */
  readonly statistics: string | null;
  readonly limits: ServiceLimits;
  /** What happened to the thread, a line each. */
  readonly onEvent?: (line: string) => void;
}

/** What a service allows unless it is told otherwise. */
export const DEFAULT_SERVICE_LIMITS: ServiceLimits = { sessions: 64, waiting: 128, requestMs: 30_000 };

/** A thread that does not answer for so long after the deadline of what it works on hangs. */
const HANG_MS = 5000;
/** Deaths in a row after which it is not started again, and the first pause before it is. */
const MOST_DEATHS = 5;
const PAUSE_MS = 200;
/** After so long without one, deaths count from zero. */
const CALM_MS = 60_000;

/** Starts the policy's thread and returns at once; `ready` says when, and whether, the policy is warm. */
export function startLocalService(options: LocalServiceOptions): PolicyService {
  return new LocalService(options);
}

class LocalService implements PolicyService {
  state: ServiceState = 'starting';
  readonly limits: ServiceLimits;
  readonly metrics: ServingMetrics;
  readonly queue: RequestQueue;
  readonly sessions = new Set<Session>();
  /** Grows with every thread: sessions of an older one have lost their episode. */
  generation = 0;
  thread!: PolicyThread;
  private readonly options: LocalServiceOptions;
  private readonly closing = new AbortController();
  private contract!: Promise<PolicyContract>;
  private deaths = 0;
  private died = 0;
  private ids = 0;

  constructor(options: LocalServiceOptions) {
    this.options = options;
    this.limits = options.limits;
    this.queue = new RequestQueue(options.limits.waiting, () => this.metrics);
    this.metrics = new ServingMetrics(() => ({
      ready: this.state === 'ready',
      sessions: this.sessions.size,
      waiting: this.queue.waiting,
      running: this.queue.running,
    }));
    this.start();
  }

  /** Starts a thread, and another one when it dies. */
  private start(): void {
    const thread = new PolicyThread({ module: this.options.call.module, options: this.options.call.options });
    this.thread = thread;
    this.generation++;
    this.contract = thread.warm.then(({ together, ...contract }) => {
      // While one batch is computed, the next one gathers in the thread.
      this.queue.parallel = together === 1 ? 1 : 2 * together;
      if (this.state === 'starting') this.state = 'ready';
      return { ...contract, statistics: this.options.statistics };
    });
    this.contract.catch((error: VlaError) => {
      // What cannot be opened at all does not heal; a thread that died is another matter.
      if (thread.alive && this.state === 'starting') {
        this.state = 'failed';
        this.options.onEvent?.(`the policy cannot be served: ${error.message}`);
        void thread.end();
      }
    });
    void thread.gone.then((why) => (why === null ? undefined : this.restart(why)));
  }

  private async restart(why: VlaError): Promise<void> {
    if (this.state === 'closed' || this.state === 'failed') return;
    this.queue.clear(why);
    const now = performance.now();
    this.deaths = now - this.died > CALM_MS ? 1 : this.deaths + 1;
    this.died = now;
    if (this.deaths > MOST_DEATHS) {
      this.state = 'failed';
      this.options.onEvent?.(`${why.message} It died ${this.deaths} times; it is not started again.`);
      return;
    }
    this.state = 'starting';
    this.metrics.noteRestart();
    this.options.onEvent?.(`${why.message} It is started again.`);
    const paused = sleep(PAUSE_MS * 2 ** (this.deaths - 1), undefined, { signal: this.closing.signal });
    this.contract = paused.then(
      () => {
        this.start();
        return this.contract;
      },
      () => Promise.reject(closedError()),
    );
    this.contract.catch(() => undefined);
  }

  async ready(signal?: AbortSignal): Promise<PolicyContract> {
    for (;;) {
      const { contract } = this;
      try {
        return await withSignal(contract, signal);
      } catch (error) {
        // A thread that died while it warmed up has a successor.
        if (this.state !== 'starting' || signal?.aborted === true)
          throw this.state === 'closed' ? closedError() : error;
        if (contract === this.contract) await sleep(1);
      }
    }
  }

  async openSession({ seed }: { readonly seed: number }): Promise<PolicySession> {
    if (this.sessions.size >= this.limits.sessions) {
      this.metrics.noteRefusal('sessions');
      throw new VlaError('unsupported', `sessions: expected at most ${this.limits.sessions}, got one more.`, {
        hint: 'Close another client, or start the server with more --sessions.',
      });
    }
    const session = new Session(this, this.ids++);
    this.sessions.add(session);
    try {
      await session.reset({ seed });
      return session;
    } catch (error) {
      this.sessions.delete(session);
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.closing.abort();
    this.queue.clear(closedError());
    this.sessions.clear();
    await this.thread.end();
  }
}

class Session implements PolicySession {
  readonly id: number;
  private readonly service: LocalService;
  private generation = 0;
  private busy = false;
  private readonly closing = new AbortController();

  constructor(service: LocalService, id: number) {
    [this.service, this.id] = [service, id];
  }

  async reset({ seed }: { readonly seed: number }): Promise<void> {
    this.requireOpen();
    await this.service.ready(this.closing.signal);
    const { thread, generation } = this.service;
    // From here on, a request finds no episode until this one has begun.
    this.generation = 0;
    await thread.ask({ kind: 'begin', session: this.id, seed }).answer;
    this.generation = generation;
  }

  async infer(observation: Observation, options: SessionInferOptions = {}): Promise<ActionChunk> {
    this.requireOpen();
    if (this.busy) {
      throw new VlaError('bad-argument', 'session: expected one request at a time, got another.', {
        hint: 'Wait for the answer, or open another session.',
      });
    }
    this.requireEpisode();
    this.busy = true;
    try {
      const { limits, queue } = this.service;
      const { signal, deadlineMs = Infinity } = options;
      return await queue.add({
        start: () => this.start(observation, options),
        signals: signal === undefined ? [this.closing.signal] : [signal, this.closing.signal],
        deadlineMs: Math.min(deadlineMs, limits.requestMs),
      });
    } finally {
      this.busy = false;
    }
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    const { service } = this;
    if (!service.sessions.delete(this) || service.generation !== this.generation || service.state !== 'ready') return;
    await service.thread.ask({ kind: 'end', session: this.id }).answer.catch(() => null);
  }

  private start(observation: Observation, { continuation, handOver }: SessionInferOptions): StartedRequest {
    this.requireEpisode();
    const { thread, limits, metrics } = this.service;
    metrics.noteRun();
    const { id, answer } = thread.ask(
      { kind: 'infer', session: this.id, observation, continuation: continuation ?? null },
      handOver,
    );
    const hang = setTimeout(() => void thread.end(false), limits.requestMs + HANG_MS);
    return {
      answer: answer.finally(() => clearTimeout(hang)) as Promise<ActionChunk>,
      cancel: () => thread.cancel(id),
    };
  }

  private requireOpen(): void {
    if (!this.closing.signal.aborted && this.service.state !== 'closed') return;
    throw new VlaError('bad-argument', 'session: expected an open one, got a closed one.', {
      hint: 'Open another session.',
    });
  }

  private requireEpisode(): void {
    if (this.generation === this.service.generation && this.service.state === 'ready') return;
    throw new VlaError('io', 'session: the policy was started again, and this episode is lost.', {
      hint: 'Begin a new episode: reset, or connect again.',
    });
  }
}

function closedError(): VlaError {
  return new VlaError('interrupted', 'policy: the server ends.', { hint: 'Start it again.' });
}

function withSignal<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
