/**
 * @file A policy on a model server of allenai's vla-evaluation-harness. Every observation is answered by one action, so chunks have length 1; the server
 * keeps its own. Node only.
 */

import process from 'node:process';
import { VlaError } from '../../base/errors.ts';
import type { ActionChunk } from '../../interfaces/action-chunk.ts';
import { checkObservation } from '../../interfaces/check-observation.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import type { InferenceOptions, Policy } from '../../interfaces/policy.ts';
import { cameraNames, promptOf, type ClientMapping } from '../client-mapping.ts';
import { contractOfMessage, requireRobot } from '../contract-message.ts';
import {
  Reconnecting,
  cannotContinue,
  checkedChunk,
  transportOf,
  untilConnected,
  type PolicyAddress,
  type PolicyClient,
  type PolicyClientOptions,
} from '../policy-client.ts';
import { openWebSocketLine, type WebSocketLine } from '../websocket-line.ts';
import { isWristCamera } from '../wrist-camera.ts';
import { ARRAY_DIALECTS, arrayMessages } from '../wire/array-dialects.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import {
  HARNESS_PROTOCOL,
  harnessAnswer,
  harnessMessage,
  serverSpecProblems,
  serverWants,
  type HarnessMessage,
  type ServerWants,
} from './vla-eval-messages.ts';

/** The client; docs/guides/protocols.md describes it. */
export const vlaEvalClient: PolicyClient = { connect };

const messages = arrayMessages(ARRAY_DIALECTS.textKeys, DEFAULT_WIRE_LIMITS);

/** A connection after the greeting. `ask` and `tell` number the messages. */
class HarnessLine {
  readonly where: string;
  wants: ServerWants = { state: false, wrist: false, absolute: false };
  private readonly line: WebSocketLine;
  private seq = 0;

  constructor(line: WebSocketLine, where: string) {
    [this.line, this.where] = [line, where];
  }

  get lost(): VlaError | null {
    return this.line.lost;
  }

  close(): void {
    this.line.close();
  }

  /** Sends what has no answer, unless something goes wrong. */
  tell(type: HarnessMessage['type'], payload: object): void {
    this.line.send(messages.encode(harnessAnswer(type, payload, ++this.seq)));
  }

  /** The payload of the answer, which must be of the kind `answer`. */
  async ask(
    type: HarnessMessage['type'],
    payload: object,
    answer: HarnessMessage['type'],
    answerMs: number,
    signal?: AbortSignal,
  ): Promise<WireMap> {
    // What came in between can only be the complaint about something that was told.
    const complaint = this.line.takeUnasked();
    if (complaint !== null) this.read(complaint, null, 'error');
    const seq = ++this.seq;
    const frame = await this.line.ask(messages.encode(harnessAnswer(type, payload, seq)), answerMs, signal);
    return this.read(frame, seq, answer);
  }

  private read(frame: Uint8Array | string, seq: number | null, expected: HarnessMessage['type']): WireMap {
    let message: HarnessMessage;
    try {
      if (typeof frame === 'string') throw new VlaError('bad-data', 'message: expected bytes, got text.');
      message = harnessMessage(messages.decode(frame));
    } catch (error) {
      this.close();
      throw new VlaError('bad-data', `${this.where}: ${(error as Error).message}`, {
        cause: error,
        hint: 'Check that the server speaks vla-evaluation-harness’s protocol.',
      });
    }
    if (message.type === 'error') {
      // The answer to what was asked meanwhile would be taken for the next one.
      if (message.seq !== seq) this.close();
      const { error } = message.payload;
      const text = typeof error === 'string' ? error.slice(0, 500) : 'without a reason';
      throw new VlaError('unsupported', `${this.where}: the server failed: ${text}`, {
        hint: 'The server’s log says more.',
      });
    }
    if (message.type === expected && message.seq === seq) return message.payload;
    this.close();
    throw new VlaError(
      'bad-data',
      `${this.where}: expected ${expected} number ${seq}, got ${message.type} number ${message.seq}.`,
      { hint: 'Messages are out of order; the connection is made anew for the next observation.' },
    );
  }
}

async function connect(options: PolicyClientOptions, address: PolicyAddress): Promise<Policy> {
  const { robot, mapping, token } = options;
  const url = `${transportOf(address, ['ws', 'wss'])}://${address.place}`;
  const names = cameraNames(robot, mapping, (name) => usualName(name, robot));
  let warned = false;
  const open = (signal?: AbortSignal): Promise<HarnessLine> =>
    untilConnected(
      options.connectSeconds,
      async (connectMs) => {
        const { messageBytes } = DEFAULT_WIRE_LIMITS;
        const line = new HarnessLine(await openWebSocketLine({ url, token, connectMs, messageBytes }), url);
        try {
          await greet(line, robot, connectMs, (problem) => {
            if (!warned) process.stderr.write(`${url}: ${problem}\n`);
          });
          warned = true;
          return line;
        } catch (error) {
          line.close();
          throw error;
        }
      },
      signal,
    );
  return new HarnessPolicy(options, names, new Reconnecting(await open(), open));
}

class HarnessPolicy implements Policy {
  readonly name: string;
  readonly embodiment: Embodiment;
  private readonly options: PolicyClientOptions;
  private readonly names: readonly string[];
  private readonly connection: Reconnecting<HarnessLine>;
  private seed: number | null = null;
  private steps = 0;
  /** The connection that the episode was begun on. */
  private episode: HarnessLine | null = null;

  constructor(options: PolicyClientOptions, names: readonly string[], connection: Reconnecting<HarnessLine>) {
    [this.options, this.names, this.connection] = [options, names, connection];
    [this.name, this.embodiment] = [options.address, options.robot];
  }

  reset({ seed }: { readonly seed: number }): void {
    this.end();
    this.seed = seed;
  }

  async infer(observation: Observation, { signal, continuation }: InferenceOptions = {}): Promise<ActionChunk> {
    const { robot, mapping, answerSeconds, address } = this.options;
    if (continuation !== undefined) throw cannotContinue(address);
    checkObservation(address, robot, observation);
    const line = await this.connection.get(signal);
    if (this.episode !== line) {
      // A server that was lost in the middle of an episode begins it anew.
      const seed = this.seed === null ? {} : { vlakit: { seed: this.seed } };
      line.tell('episode_start', { task: { name: observation.instruction }, ...seed });
      [this.episode, this.steps] = [line, 0];
    }
    const payload = harnessObservation(observation, robot, this.names, line.wants, mapping);
    const answer = await line.ask('observation', payload, 'action', answerSeconds * 1000, signal);
    this.steps++;
    return checkedChunk(actionOf(answer, line.where), robot, line.where);
  }

  async close(): Promise<void> {
    this.end();
    this.connection.close();
  }

  /** Whether the episode succeeded is not ours to know. */
  private end(): void {
    if (this.episode !== null && this.episode.lost === null) {
      this.episode.tell('episode_end', { metrics: {}, steps: this.steps });
    }
    this.episode = null;
  }
}

/** The names of the harness's LIBERO: the first camera that is no wrist camera is `agentview`, the only wrist camera `wrist`. */
function usualName(name: string, { cameras }: Embodiment): string {
  const wrists = cameras.filter((camera) => isWristCamera(camera.name));
  if (isWristCamera(name)) return wrists.length === 1 ? 'wrist' : name;
  return name === cameras.find((camera) => !isWristCamera(camera.name))?.name ? 'agentview' : name;
}

/** Greets, and compares what the server says of itself with the robot; differences in the harness's words are told, as it tells them. */
async function greet(
  line: HarnessLine,
  robot: Embodiment,
  connectMs: number,
  warn: (problem: string) => void,
): Promise<void> {
  const hello = { harness_version: 'vlakit', protocol_version: HARNESS_PROTOCOL, benchmark: robot.name };
  const answer = await line.ask('hello', hello, 'hello', connectMs);
  const { protocol_version: version, vlakit } = answer;
  if (version !== HARNESS_PROTOCOL) {
    throw new VlaError(
      'unsupported',
      `${line.where}: expected protocol ${HARNESS_PROTOCOL}, got ${String(version).slice(0, 20)}.`,
      { hint: 'Use vla-evaluation-harness 0.4, or one that speaks protocol 1.' },
    );
  }
  if (vlakit !== undefined) requireRobot(contractOfMessage(vlakit, line.where), robot, line.where);
  line.wants = serverWants(answer, line.where);
  if (line.wants.absolute && robot.action.convention.reference !== 'absolute') {
    throw new VlaError(
      'mismatch',
      `${line.where}: expected a robot that is told where to be, got one that is told how to move.`,
      {
        hint: 'The server’s actions are absolute poses (absolute_action).',
      },
    );
  }
  for (const problem of serverSpecProblems(answer, robot)) warn(problem);
}

/** An observation as the harness's LIBERO sends it: what the server did not ask for is left out, unless the mapping names it. */
export function harnessObservation(
  { images, state, instruction }: Observation,
  { cameras }: Embodiment,
  names: readonly string[],
  wants: ServerWants,
  mapping: ClientMapping | null,
): WireMap {
  const sent = cameras.flatMap(({ name }, at) => {
    const named = mapping !== null && Object.hasOwn(mapping.images, name);
    if (isWristCamera(name) && !wants.wrist && !named) return [];
    const { width, height, data } = images[name]!;
    return [[names[at]!, NumericArray.ofBytes(data, [height, width, 3])] as const];
  });
  const groups = mapping?.state === undefined ? null : Object.keys(mapping.state).length;
  const stated = groups === null ? wants.state : groups > 0;
  return {
    images: Object.fromEntries(sent),
    task_description: promptOf(instruction, mapping),
    ...(stated ? { states: NumericArray.ofFloats(state, [state.length]) } : {}),
  };
}

/** `actions`, or `action` as some servers call it: [dim], or one row. */
function actionOf(payload: WireMap, where: string): ActionChunk {
  const actions = payload['actions'] ?? payload['action'];
  const shape = actions instanceof NumericArray ? actions.shape : [];
  if (actions instanceof NumericArray && (shape.length === 1 || (shape.length === 2 && shape[0] === 1))) {
    return { horizon: 1, dim: shape.at(-1)!, data: actions.toFloats().slice() };
  }
  if (Array.isArray(actions) && actions.every((value) => typeof value === 'number')) {
    return { horizon: 1, dim: actions.length, data: Float32Array.from(actions) };
  }
  const got = actions instanceof NumericArray ? `[${shape.join(', ')}]` : 'none';
  throw new VlaError('bad-shape', `${where}: expected one action of numbers, got ${got}.`, {
    hint: 'Servers of this protocol give out the actions of a chunk one by one.',
  });
}
