/** @file What clients of policy servers share: addresses, how long to try, and connections that are made again when an episode goes on without them. Node only. */

import { setTimeout as sleep } from 'node:timers/promises';
import { VlaError } from '../base/errors.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { ClientMapping } from './client-mapping.ts';

/** Which server, for which robot, and how long to wait. */
export interface PolicyClientOptions {
  /**
   * `PROTOCOL://host:port`; `PROTOCOL+TRANSPORT://…` where the transport is not the usual one, for example `starvla+wss`. `?mapping=FILE` behind it names
   * a mapping file.
   */
  readonly address: string;
  readonly token: string | null;
  /** Whom the actions are for. Most servers do not say what they were trained on; it is compared where they do. */
  readonly robot: Embodiment;
  /** null: the one that the address names, if it names one. */
  readonly mapping: ClientMapping | null;
  /** How long to try to connect, at first and again, and to wait until the policy is warm. */
  readonly connectSeconds: number;
  /** The longest that one answer may take. */
  readonly answerSeconds: number;
}

/** A kind of server. */
export interface PolicyClient {
  /** Connects; rejects with `io` when nobody is there, `mismatch` when the server is for another robot. */
  connect(options: PolicyClientOptions, address: PolicyAddress): Promise<Policy>;
}

/** An address, taken apart. */
export interface PolicyAddress {
  readonly protocol: string;
  /** What was written behind a plus. */
  readonly transport: string | null;
  readonly host: string;
  readonly port: number;
  /** `host:port`, as URLs have it. */
  readonly place: string;
  /** The mapping file behind `?mapping=`. */
  readonly mapping: string | null;
}

const ADDRESS =
  /^([a-z][a-z0-9-]*)(?:\+([a-z]+))?:\/\/((?:\[[0-9a-f:.]+\]|[^/:@?#\s]+):(\d{1,5}))\/?(?:\?mapping=(.+))?$/i;

/** An address from its text; throws `bad-argument`. */
export function parseAddress(text: string): PolicyAddress {
  const found = ADDRESS.exec(text);
  const port = Number(found?.[4]);
  if (found !== null && port > 0 && port < 65_536) {
    const place = found[3]!;
    const host = place.slice(0, place.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
    const [protocol, transport] = [found[1]!.toLowerCase(), found[2]?.toLowerCase() ?? null];
    return { protocol, transport, host, port, place, mapping: found[5] ?? null };
  }
  throw new VlaError('bad-argument', `policy: expected PROTOCOL://host:port, got "${text}".`, {
    hint: 'For example gr00t://127.0.0.1:5555, or gr00t://127.0.0.1:5555?mapping=names.json.',
  });
}

/** The transport of an address among those that a protocol has; the first is the usual one. */
export function transportOf({ protocol, transport }: PolicyAddress, known: readonly string[]): string {
  if (transport === null) return known[0]!;
  if (known.includes(transport)) return transport;
  throw new VlaError('bad-argument', `policy: expected ${protocol}+${known.join(' or +')}, got +${transport}.`, {
    hint: `${protocol}:// alone means ${protocol}+${known[0]}.`,
  });
}

const RETRY_MS = 300;

/** Tries again while nobody listens there; anything else that goes wrong counts at once. `signal`: nobody waits for it any more. */
export async function untilConnected<T>(
  seconds: number,
  connect: (leftMs: number) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const until = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await connect(Math.max(100, until - performance.now()));
    } catch (error) {
      const unreachable = error instanceof VlaError && error.code === 'io';
      if (!unreachable || performance.now() + RETRY_MS > until) throw error;
      if (signal?.aborted === true) {
        throw new VlaError('interrupted', `${error.message} The question was taken back meanwhile.`, { cause: error });
      }
      await sleep(RETRY_MS);
    }
  }
}

/** What is connected, as far as `Reconnecting` needs to know. */
interface Line {
  readonly lost: VlaError | null;
  close(): void;
}

/** A connection that is made anew for the next question when it was lost. A question is never sent twice: its observation would be stale. */
export class Reconnecting<L extends Line> {
  private line: L;
  private readonly again: (signal?: AbortSignal) => Promise<L>;
  private closed = false;

  constructor(line: L, again: (signal?: AbortSignal) => Promise<L>) {
    [this.line, this.again] = [line, again];
  }

  async get(signal?: AbortSignal): Promise<L> {
    if (this.closed) throw new VlaError('bad-argument', 'policy: expected an open connection, got a closed one.');
    if (this.line.lost !== null) this.line = await this.again(signal);
    return this.line;
  }

  close(): void {
    this.closed = true;
    this.line.close();
  }
}

/** The same chunk; throws unless its actions are the robot's and finite. `where` names the server. */
export function checkedChunk(chunk: ActionChunk, robot: Embodiment, where: string): ActionChunk {
  const { names } = robot.action;
  if (chunk.dim !== names.length || chunk.data.length !== chunk.horizon * chunk.dim || chunk.horizon < 1) {
    throw new VlaError('mismatch', `${where}: expected actions of ${names.length} numbers, got ${chunk.dim}.`, {
      hint: 'The server must be made for this robot.',
    });
  }
  const bad = chunk.data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return chunk;
  const at = `${names[bad % chunk.dim]} of action ${Math.floor(bad / chunk.dim)}`;
  throw new VlaError('not-finite', `${where}: expected finite actions, got ${chunk.data[bad]} for ${at}.`, {
    hint: 'The policy or its statistics are damaged.',
  });
}

/** Such servers know nothing of the chunk that is being executed. */
export function cannotContinue(where: string): VlaError {
  return new VlaError('unsupported', `${where}: expected to begin a new chunk, got one to continue.`, {
    hint: 'Choose a strategy that does not condition on the running chunk.',
  });
}
