/**
 * @file A policy on a server of GR00T's (N1.6, N1.7), or of whoever speaks its protocol. The server says what its cameras, state and actions are called; what the
 * robot calls otherwise, a mapping file says. Node only.
 */

import { VlaError } from '../../base/errors.ts';
import { checkObservation } from '../../interfaces/check-observation.ts';
import type { Observation } from '../../interfaces/observation.ts';
import type { Policy } from '../../interfaces/policy.ts';
import { cameraNames, promptOf } from '../client-mapping.ts';
import { isMap } from '../observation-mapping.ts';
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
import { chunkOfGroups, vectorGroups, type VectorGroup } from '../vector-groups.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { connectRequester, type Requester } from '../wire/zmtp-client.ts';
import { decodeGr00t, encodeGr00t, modalityOfMessage } from './gr00t-messages.ts';

/** The client; docs/guides/protocols.md describes it. */
export const gr00tClient: PolicyClient = { connect };

async function connect(options: PolicyClientOptions, address: PolicyAddress): Promise<Policy> {
  transportOf(address, ['tcp']);
  const { host, port } = address;
  const { robot, mapping } = options;
  const where = `gr00t://${address.place}`;
  const open = (signal?: AbortSignal): Promise<Requester> =>
    untilConnected(
      options.connectSeconds,
      (connectMs) => connectRequester({ host, port, connectMs, messageBytes: DEFAULT_WIRE_LIMITS.messageBytes }),
      signal,
    );
  const connection = new Reconnecting(await open(), open);
  const ask: Ask = async (endpoint, data, { seconds = options.answerSeconds, signal } = {}) => {
    const request = {
      endpoint,
      ...(data === null ? {} : { data }),
      ...(options.token === null ? {} : { api_token: options.token }),
    };
    const line = await connection.get(signal);
    // N1.7 reads what N1.6 writes.
    const answer = await line.ask(encodeGr00t(request, 'npy'), seconds * 1000, signal);
    return answerOf(answer, where);
  };
  try {
    const names = namesFor(options, await ask('get_modality_config', null, { seconds: options.connectSeconds }), where);
    return {
      name: options.address,
      embodiment: robot,
      async reset({ seed }) {
        await ask('reset', { options: { seed } });
      },
      async infer(observation, { signal, continuation } = {}) {
        if (continuation !== undefined) throw cannotContinue(where);
        checkObservation(where, robot, observation, 'exact');
        const text = promptOf(observation.instruction, mapping);
        const data = { observation: observationFor(observation, text, names), options: null };
        const answer = await ask('get_action', data, signal === undefined ? {} : { signal });
        const actions = Array.isArray(answer) ? (answer[0] as unknown) : answer;
        const find = (name: string): unknown => (isMap(actions) && Object.hasOwn(actions, name) ? actions[name] : null);
        return checkedChunk(chunkOfGroups(names.actions, find, where), robot, where);
      },
      async close() {
        connection.close();
      },
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

type Ask = (
  endpoint: string,
  data: WireMap | null,
  how?: { readonly seconds?: number; readonly signal?: AbortSignal },
) => Promise<unknown>;

function answerOf(answer: Uint8Array, where: string): unknown {
  const { content } = decodeGr00t(answer, DEFAULT_WIRE_LIMITS);
  if (!isMap(content) || !Object.hasOwn(content, 'error')) return content;
  const text = String(content['error']);
  const refused = /unauthorized|api_token/i.test(text);
  throw new VlaError(refused ? 'bad-argument' : 'unsupported', `${where}: the server failed: ${text.slice(0, 500)}`, {
    hint: refused ? 'Set VLAKIT_TOKEN to what the server has.' : 'The server’s log says more.',
  });
}

interface Names {
  /** Robot's camera, server's name. */
  readonly cameras: readonly (readonly [string, string])[];
  readonly state: readonly VectorGroup[];
  readonly actions: readonly VectorGroup[];
  readonly instruction: string;
}

/** What the server calls everything; throws `mismatch` where that is not what the robot and the mapping have. */
function namesFor({ robot, mapping }: PolicyClientOptions, modalities: unknown, where: string): Names {
  const of = (modality: string) => modalityOfMessage(modalities, modality, where);
  const [video, state, action, language] = [of('video'), of('state'), of('action'), of('language')];
  for (const [name, { delta_indices: instants }] of Object.entries({ video, state })) {
    if (instants.length === 1) continue;
    throw new VlaError(
      'unsupported',
      `${where}: expected a server that needs one instant of ${name}, got ${instants.length}.`,
      {
        hint: 'Policies that look at the past are not driven yet.',
      },
    );
  }
  const cameras = cameraNames(robot, mapping, (name) => name);
  requireSame('cameras', video.modality_keys, cameras, where);
  const stateGroups = groupsFor('state', mapping?.state, state.modality_keys, robot.state.names, where);
  const actionGroups = groupsFor('actions', mapping?.actions, action.modality_keys, robot.action.names, where);
  const instruction = mapping?.instruction ?? language.modality_keys[0]!;
  requireSame('instruction', language.modality_keys, [instruction], where);
  return {
    cameras: cameras.map((name, i) => [robot.cameras[i]!.name, name]),
    state: stateGroups,
    actions: actionGroups,
    instruction,
  };
}

/** Without a mapping: the server has one group, or one per dimension by the robot's own names. */
function groupsFor(
  what: string,
  sizes: Readonly<Record<string, number>> | undefined,
  keys: readonly string[],
  dimensions: readonly string[],
  where: string,
): VectorGroup[] {
  const own =
    keys.length === 1 ? { [keys[0]!]: dimensions.length } : Object.fromEntries(dimensions.map((name) => [name, 1]));
  const groups = vectorGroups(what, sizes ?? own, what, dimensions.length);
  requireSame(
    what,
    keys,
    groups.map(({ name }) => name),
    where,
  );
  return groups;
}

function requireSame(what: string, expected: readonly string[], got: readonly string[], where: string): void {
  if (expected.length === got.length && expected.every((name) => got.includes(name))) return;
  throw new VlaError('mismatch', `${where}: ${what}: expected ${expected.join(', ')}, got ${got.join(', ')}.`, {
    hint: 'A mapping file says what the server calls the robot’s cameras, state and actions.',
  });
}

/** Batch and time have length 1. */
function observationFor(observation: Observation, text: string, names: Names): WireMap {
  const video = names.cameras.map(([camera, name]) => {
    const { width, height, data } = observation.images[camera]!;
    return [name, NumericArray.ofBytes(data, [1, 1, height, width, 3])] as const;
  });
  const state = names.state.map(({ name, from, count }) => {
    const part = observation.state.slice(from, from + count);
    return [name, NumericArray.ofFloats(part, [1, 1, count])] as const;
  });
  return {
    video: Object.fromEntries(video),
    state: Object.fromEntries(state),
    language: { [names.instruction]: [[text]] },
  };
}
