/** @file The robot clients of one server, told apart by their connections, as the protocol has no sessions. */

import { VlaError } from '../../base/errors.ts';
import type { PolicyService } from '../policy-service.ts';
import type { AdapterOptions } from '../protocol-adapter.ts';
import { RobotClient } from './robot-client.ts';

/** How long a client is kept whose connection broke, and how many of them: it may come back, but places are for those that are there. */
const GRACE_MS = 10_000;
/** A robot at work asks for actions every 2 seconds at least, or is being answered. */
const ABSENT_MS = 10_000;
const MOST_GONE = 4;

/** Clients by peer: `127.0.0.1:40000`. */
export class RobotClients {
  private readonly service: PolicyService;
  private readonly options: AdapterOptions;
  private readonly clients = new Map<string, RobotClient>();
  private readonly connected = new Set<string>();
  /** Peers whose connection ended, the first first, with the timers that let them go. */
  private readonly gone = new Map<string, NodeJS.Timeout>();
  private readonly watch: NodeJS.Timeout;
  private seed: number;

  constructor(service: PolicyService, options: AdapterOptions) {
    [this.service, this.options, this.seed] = [service, options, options.seed];
    const period = Math.min(10_000, 500 * options.limits.idleSeconds);
    this.watch = setInterval(() => void this.dismissIdle(), period).unref();
  }

  /** The client of a `Ready`, whose episode begins. */
  async ready(peer: string): Promise<void> {
    let client = this.clients.get(peer);
    if (!this.connected.has(peer)) {
      // Its call was still on the way: nobody would ever see its end.
      throw new VlaError('interrupted', `robot ${peer}: its connection ended.`);
    }
    if (client === undefined) {
      client = new RobotClient(this.service, this.options);
      this.clients.set(peer, client);
      this.service.metrics.noteConnection('lerobot');
      this.options.onEvent?.(`robot ${peer} came`);
    }
    client.heard = performance.now();
    try {
      await this.begin(client);
    } catch (error) {
      this.forget(peer);
      await client.leave();
      throw error;
    }
  }

  /** Begins an episode; where all places are taken, that of a robot which asks for nothing any more becomes free. */
  private async begin(client: RobotClient): Promise<void> {
    const seed = this.seed++;
    try {
      await client.ready(seed);
    } catch (error) {
      const before = performance.now() - ABSENT_MS;
      const absent = [...this.clients].find(([, other]) => other.heard < before && !other.answering);
      if (absent === undefined || !(error instanceof VlaError && error.code === 'unsupported')) throw error;
      await this.dismiss(absent[0], 'another one needs its place');
      await client.ready(seed);
    }
  }

  /**
   * The client of any other call. LeRobot's client does not say `Ready` again when its connection broke and came back from
   * another port: then it is the one at that address whose connection ended, or the only one there, if nobody saw an end.
   */
  of(peer: string): RobotClient {
    const client = this.clients.get(peer) ?? this.comeBack(peer);
    client.heard = performance.now();
    return client;
  }

  /** A connection began. */
  began(peer: string): void {
    this.connected.add(peer);
  }

  /** A connection ended. */
  ended(peer: string): void {
    this.connected.delete(peer);
    if (!this.clients.has(peer)) return;
    this.gone.set(peer, setTimeout(() => void this.dismiss(peer, 'its connection ended'), GRACE_MS).unref());
    if (this.gone.size > MOST_GONE) void this.dismiss(this.gone.keys().next().value!, 'its connection ended');
  }

  private comeBack(peer: string): RobotClient {
    const host = hostOf(peer);
    const gone = [...this.gone.keys()].filter((other) => hostOf(other) === host);
    const before = gone.length > 0 ? gone : [...this.clients.keys()].filter((other) => hostOf(other) === host);
    if (before.length !== 1) {
      throw new VlaError('bad-argument', 'expected Ready first, got another call.', {
        hint: 'Call Ready and SendPolicyInstructions, as LeRobot’s robot client does at its start.',
      });
    }
    const client = this.clients.get(before[0]!)!;
    this.forget(before[0]!);
    this.clients.set(peer, client);
    this.options.onEvent?.(`robot ${before[0]} came back as ${peer}`);
    return client;
  }

  /** Lets all go. */
  async close(): Promise<void> {
    clearInterval(this.watch);
    await Promise.all([...this.clients.keys()].map((peer) => this.dismiss(peer, 'the server ends')));
  }

  private async dismissIdle(): Promise<void> {
    const { idleSeconds } = this.options.limits;
    const before = performance.now() - 1000 * idleSeconds;
    const idle = [...this.clients].filter(([, client]) => client.heard <= before);
    await Promise.all(idle.map(([peer]) => this.dismiss(peer, `nothing was asked for ${idleSeconds} seconds`)));
  }

  private async dismiss(peer: string, why: string): Promise<void> {
    const client = this.clients.get(peer);
    this.forget(peer);
    if (client === undefined) return;
    this.options.onEvent?.(`robot ${peer} is let go: ${why}`);
    await client.leave();
  }

  private forget(peer: string): void {
    clearTimeout(this.gone.get(peer));
    this.gone.delete(peer);
    this.clients.delete(peer);
  }
}

function hostOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':'));
}
