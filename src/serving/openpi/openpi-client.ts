/** @file Somebody else's server with openpi's protocol, or one of ours, as a policy. Node only. */

import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type { ActionChunk } from '../../interfaces/action-chunk.ts';
import { checkObservation } from '../../interfaces/check-observation.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import type { InferenceOptions, Policy } from '../../interfaces/policy.ts';
import { contractOfMessage, requireRobot } from '../contract-message.ts';
import type { PolicyContract } from '../policy-service.ts';
import { isWristCamera } from '../wrist-camera.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { connectOpenpi, type OpenpiAddress, type OpenpiConnection } from './openpi-connection.ts';
import { EXTENSION } from './openpi-messages.ts';

/** How the client talks to the server. */
export interface OpenpiClientOptions extends OpenpiAddress {
  /** The robot that is to be moved: the server's policy must fit it. A stock server does not say what it fits. */
  readonly robot: Embodiment;
  /** How long to try to connect, at first and again, the server's warming up included. */
  readonly connectSeconds: number;
  /** The longest that one answer may take. */
  readonly answerSeconds: number;
  /** How often one request is sent again over a new connection when one is lost. */
  readonly retries: number;
  /** An episode that has begun is not gone on with over another connection, where the server knows nothing of it: that is `io`. Default: it is. */
  readonly wholeEpisodes?: boolean;
  /** What the server calls each camera, the state and the instruction; left out: as our servers and LIBERO's do. */
  readonly names?: OutgoingNames;
  /** What was done about lost connections, a line each. */
  readonly onEvent?: (line: string) => void;
}

/** Names on the wire. */
export interface OutgoingNames {
  /** Per camera. */
  readonly images: Readonly<Record<string, string>>;
  readonly state: string;
  readonly instruction: string;
}

/** Pause before the second attempt; it doubles, and a share of it is left to chance so that clients do not come back all at once. */
const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

/**
 * Connects; rejects with `mismatch` and the differences when the server's policy was made for another robot. A lost connection begins a new
 * session: the policy's random numbers begin anew there.
 */
export async function openOpenpiPolicy(options: OpenpiClientOptions): Promise<Policy> {
  if (!/^wss?:\/\/[^/\s]+(\/\S*)?$/.test(options.address)) {
    throw new VlaError('bad-argument', `policy: expected ws://host:port, got "${options.address}".`, {
      hint: 'vlakit serve prints its address.',
    });
  }
  const random = new Random(process.pid, Math.trunc(performance.timeOrigin) % 2 ** 31);
  const client = new Client(options, random);
  await client.connect();
  return client;
}

class Client implements Policy {
  readonly embodiment: Embodiment;
  name: string;
  private readonly options: OpenpiClientOptions;
  private readonly random: Random;
  private contract: PolicyContract | null = null;
  private connection: OpenpiConnection | null = null;
  private seed: number | null = null;
  private begins = true;
  private closed = false;

  constructor(options: OpenpiClientOptions, random: Random) {
    [this.options, this.random, this.embodiment] = [options, random, options.robot];
    this.name = options.address;
  }

  reset({ seed }: { readonly seed: number }): void {
    [this.seed, this.begins] = [seed, true];
  }

  async infer(observation: Observation, { continuation, signal }: InferenceOptions = {}): Promise<ActionChunk> {
    const { options } = this;
    if (continuation !== undefined) {
      throw new VlaError('unsupported', `${options.address}: openpi’s protocol cannot continue a running chunk.`, {
        hint: 'Use a strategy that asks for whole chunks.',
      });
    }
    checkObservation(this.name, this.embodiment, observation);
    for (let attempt = 0; ; attempt++) {
      try {
        const connection = await this.ready(signal);
        const message = this.message(observation);
        const answer = await connection.ask(message, options.answerSeconds * 1000, signal);
        this.begins = false;
        return chunkOf(answer, this.embodiment.action.names.length, options.address);
      } catch (error) {
        const lost = error instanceof VlaError && error.code === 'io';
        // The server's policy may have died although the connection stands.
        if (lost) this.connection?.close();
        if (!lost || attempt >= options.retries || this.closed || signal?.aborted === true) throw error;
        options.onEvent?.(`${error.message} Trying again.`);
        await this.pause(attempt, signal);
      }
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.connection?.close();
  }

  /** Connects, again and again while nobody listens there. */
  async connect(signal?: AbortSignal): Promise<OpenpiConnection> {
    const { address, connectSeconds, robot } = this.options;
    const until = performance.now() + connectSeconds * 1000;
    for (let attempt = 0; ; attempt++) {
      try {
        const connection = await connectOpenpi(this.options, Math.max(1000, until - performance.now()));
        const message = connection.metadata[EXTENSION];
        try {
          if (message !== undefined) this.agree(contractOfMessage(message, address), robot);
        } catch (error) {
          connection.close();
          throw error;
        }
        [this.connection, this.begins] = [connection, true];
        return connection;
      } catch (error) {
        const unreachable = error instanceof VlaError && error.code === 'io';
        if (!unreachable || performance.now() > until) throw error;
        await this.pause(attempt, signal);
      }
    }
  }

  private agree(contract: PolicyContract, robot: Embodiment): void {
    const { address } = this.options;
    requireRobot(contract, robot, address);
    const { contract: before } = this;
    if (before !== null && (before.statistics !== contract.statistics || before.horizon !== contract.horizon)) {
      throw new VlaError('mismatch', `${address}: expected the same policy after connecting again, got another.`, {
        hint: 'The server was started with another checkpoint; begin anew.',
      });
    }
    [this.contract, this.name] = [contract, contract.policy];
  }

  private async ready(signal?: AbortSignal): Promise<OpenpiConnection> {
    if (this.closed) {
      throw new VlaError('bad-argument', `${this.options.address}: expected an open policy, got a closed one.`, {
        hint: 'Open it again.',
      });
    }
    const lost = this.connection?.lost ?? null;
    if (this.connection !== null && lost === null) return this.connection;
    if (lost !== null && !this.begins && this.options.wholeEpisodes === true) {
      throw new VlaError('io', lost.message, { cause: lost, hint: 'Begin the episode anew.' });
    }
    return this.connect(signal);
  }

  private message({ images, state, instruction, tick }: Observation): WireMap {
    const names = this.options.names ?? conventionalNames(this.embodiment);
    const ours = this.contract !== null;
    const episode = this.begins && this.seed !== null ? { episode: this.seed } : {};
    return {
      ...Object.fromEntries(
        this.embodiment.cameras.map(({ name }) => {
          const { width, height, data } = images[name]!;
          return [names.images[name] ?? `observation/${name}`, NumericArray.ofBytes(data, [height, width, 3])];
        }),
      ),
      [names.state]: NumericArray.ofFloats(state, [state.length]),
      [names.instruction]: instruction,
      ...(ours ? { [EXTENSION]: { ...episode, ...(tick === undefined ? {} : { tick }) } } : {}),
    };
  }

  private async pause(attempt: number, signal?: AbortSignal): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** attempt);
    await sleep(longest * (0.5 + 0.5 * this.random.uniform()), undefined, signal === undefined ? {} : { signal });
  }
}

/** Our own names, which are LIBERO's where there is one scene camera and one at the wrist. */
export function conventionalNames({ cameras }: Embodiment): OutgoingNames {
  const wrists = cameras.filter(({ name }) => isWristCamera(name)).map(({ name }) => name);
  const scenes = cameras.map(({ name }) => name).filter((name) => !wrists.includes(name));
  const libero = scenes.length === 1 && wrists.length <= 1;
  const wire = (name: string): string =>
    libero ? (name === scenes[0] ? 'observation/image' : 'observation/wrist_image') : `observation/images/${name}`;
  return {
    images: Object.fromEntries(cameras.map(({ name }) => [name, wire(name)])),
    state: 'observation/state',
    instruction: 'prompt',
  };
}

/** The chunk of an answer: `actions` of one or two axes, finite and of the robot's size. */
function chunkOf(answer: WireMap, dim: number, where: string): ActionChunk {
  const { actions, reasoning, progress } = answer;
  const shape = actions instanceof NumericArray ? actions.shape : [];
  if (
    !(actions instanceof NumericArray) ||
    shape.length < 1 ||
    shape.length > 2 ||
    shape.at(-1) !== dim ||
    actions.count === 0
  ) {
    throw new VlaError(
      'bad-shape',
      `${where}: expected "actions" of [horizon, ${dim}], got ${actions instanceof NumericArray ? `[${shape.join(', ')}]` : 'none'}.`,
      {
        hint: 'The server’s policy was made for another robot.',
      },
    );
  }
  const data = actions.toFloats().slice();
  if (!data.every(Number.isFinite)) {
    throw new VlaError('not-finite', `${where}: expected finite actions, got others.`, {
      hint: 'See the server’s log.',
    });
  }
  return {
    horizon: data.length / dim,
    dim,
    data,
    ...(typeof reasoning === 'string' ? { reasoning } : {}),
    ...(typeof progress === 'number' ? { progress } : {}),
  };
}
