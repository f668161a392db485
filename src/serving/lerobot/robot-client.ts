/** @file One robot client of LeRobot: what it agreed to, its newest observation, its episode. */

import { VlaError } from '../../base/errors.ts';
import type { PolicyContract, PolicyService, PolicySession } from '../policy-service.ts';
import { mappingFor, type ObservationMapping } from '../observation-mapping.ts';
import type { AdapterOptions } from '../protocol-adapter.ts';
import { NewestObservation } from './newest-observation.ts';
import { lerobotMapping, readPolicySetup, requireAgreement, type PolicySetup } from './policy-setup.ts';
import { pickleActions } from './timed-actions.ts';
import { readTimedObservation, type TimedObservation } from './timed-observation.ts';

/** How long a robot waits for actions when it sent no observation; then it is told that there are none (LeRobot has the same). */
const WAIT_MS = 2000;

interface Agreed {
  readonly setup: PolicySetup;
  readonly contract: PolicyContract;
  readonly mapping: ObservationMapping;
}

/** A client from its first `Ready` on. */
export class RobotClient {
  /** When it last asked for something, ms of `performance.now`. */
  heard = performance.now();
  /** Whether a call of it waits for actions. */
  answering = false;
  private readonly service: PolicyService;
  private readonly options: AdapterOptions;
  private readonly queue = new NewestObservation();
  private session: PolicySession | null = null;
  private agreed: Agreed | null = null;
  private gone = false;

  constructor(service: PolicyService, options: AdapterOptions) {
    [this.service, this.options] = [service, options];
  }

  /** Begins an episode, when the policy is warm. */
  async ready(seed: number): Promise<void> {
    this.queue.clear();
    this.agreed = null;
    if (this.session !== null) return this.session.reset({ seed });
    const session = await this.service.openSession({ seed });
    if (this.gone || this.session !== null) return session.close();
    this.session = session;
  }

  /** Holds the client's pickled `RemotePolicyConfig` against what is served. */
  async agree(bytes: Uint8Array): Promise<void> {
    const { limits, mapping: changes } = this.options;
    const setup = readPolicySetup(bytes, limits);
    const contract = await this.service.ready();
    const mapping = mappingFor(contract.embodiment, lerobotMapping(contract.embodiment), changes);
    requireAgreement(setup, contract, mapping);
    this.agreed = { setup, contract, mapping };
  }

  /** Takes a pickled `TimedObservation`, in memory that nobody else reads. */
  see(bytes: Uint8Array<ArrayBuffer>): void {
    const { mapping, contract } = this.requireAgreed();
    this.queue.offer(readTimedObservation(bytes, mapping, contract.embodiment, this.options.limits));
  }

  /** The pickled actions for the newest observation; empty when there is none for a while. `deadlineMs` from now. */
  async act(signal: AbortSignal, deadlineMs: number): Promise<Uint8Array> {
    const agreed = this.requireAgreed();
    if (this.answering) {
      throw new VlaError('unsupported', 'actions: expected one call at a time, got another.', {
        hint: 'Wait for the answer.',
      });
    }
    this.answering = true;
    try {
      const begun = performance.now();
      const seen = await this.queue.take(Math.min(WAIT_MS, deadlineMs), signal);
      if (seen === null || this.session === null) return new Uint8Array();
      return await this.infer(seen, agreed, signal, deadlineMs - (performance.now() - begun));
    } finally {
      this.answering = false;
    }
  }

  /** Gives its place free. */
  async leave(): Promise<void> {
    this.gone = true;
    await this.session?.close();
  }

  private async infer(
    seen: TimedObservation,
    { setup, contract }: Agreed,
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<Uint8Array> {
    const chunk = await this.session!.infer(seen.observation, {
      signal,
      handOver: memoryOf(seen),
      ...(Number.isFinite(deadlineMs) ? { deadlineMs } : {}),
    });
    if (!chunk.data.every(Number.isFinite)) {
      throw new VlaError('not-finite', 'actions: expected finite numbers from the policy, got others.', {
        hint: 'Nothing was sent to the robot.',
      });
    }
    const { timestamp, timestep, module } = seen;
    const period = 1 / contract.embodiment.controlHz;
    return pickleActions(chunk, setup.actionsPerChunk, { timestamp, timestep, period }, module);
  }

  private requireAgreed(): Agreed {
    if (this.agreed !== null) return this.agreed;
    throw new VlaError('bad-argument', 'expected policy instructions first, got another call.', {
      hint: 'Call Ready and SendPolicyInstructions, as LeRobot’s robot client does at its start.',
    });
  }
}

/** What the images lie in; they may share it. */
function memoryOf({ observation }: TimedObservation): ArrayBuffer[] {
  return [...new Set(Object.values(observation.images).map(({ data }) => data.buffer as ArrayBuffer))];
}
