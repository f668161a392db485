/** @file The robot clients of one server, told apart by their connections, as the protocol has no sessions. */

import { VlaError } from '../../base/errors.ts';
import type { PolicyService } from '../policy-service.ts';
import type { AdapterOptions } from '../protocol-adapter.ts';
import { RobotClient } from './robot-client.ts';

/** Clients by peer: `127.0.0.1:40000`. */
export class RobotClients {
  private readonly service: PolicyService;
  private readonly options: AdapterOptions;
  private readonly clients = new Map<string, RobotClient>();
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
    if (client === undefined) {
      const most = this.options.limits.connections;
      if (this.clients.size >= most) {
        this.service.metrics.noteRefusal('connections');
        throw new VlaError('unsupported', `clients: expected at most ${most}, got one more.`, {
          hint: 'Stop another client, or wait until one that is gone is forgotten.',
        });
      }
      client = new RobotClient(this.service, this.options);
      this.clients.set(peer, client);
      this.service.metrics.noteConnection('lerobot');
      this.options.onEvent?.(`robot ${peer} came`);
    }
    client.heard = performance.now();
    try {
      await client.ready(this.seed++);
    } catch (error) {
      this.clients.delete(peer);
      await client.leave();
      throw error;
    }
  }

  /**
   * The client of any other call. LeRobot's client does not say `Ready` again when its connection broke and came back from
   * another port: then it is the one that was at that address, if there was only one.
   */
  of(peer: string): RobotClient {
    const known = this.clients.get(peer);
    if (known !== undefined) {
      known.heard = performance.now();
      return known;
    }
    const host = hostOf(peer);
    const before = [...this.clients.keys()].filter((other) => hostOf(other) === host);
    if (before.length !== 1) {
      throw new VlaError('bad-argument', 'expected Ready first, got another call.', {
        hint: 'Call Ready and SendPolicyInstructions, as LeRobot’s robot client does at its start.',
      });
    }
    const client = this.clients.get(before[0]!)!;
    this.clients.delete(before[0]!);
    this.clients.set(peer, client);
    client.heard = performance.now();
    this.options.onEvent?.(`robot ${before[0]} came back as ${peer}`);
    return client;
  }

  /** Lets all go. */
  async close(): Promise<void> {
    clearInterval(this.watch);
    const all = [...this.clients.values()];
    this.clients.clear();
    await Promise.all(all.map((client) => client.leave()));
  }

  private async dismissIdle(): Promise<void> {
    const before = performance.now() - 1000 * this.options.limits.idleSeconds;
    for (const [peer, client] of this.clients) {
      if (client.heard > before) continue;
      this.clients.delete(peer);
      this.options.onEvent?.(
        `robot ${peer} is let go: nothing was asked for ${this.options.limits.idleSeconds} seconds`,
      );
      await client.leave();
    }
  }
}

function hostOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':'));
}
