/** @file A policy on a server of starVLA's. Images are sent in the order of the robot's cameras, or as a mapping says. Node only. */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { checkObservation } from '../../interfaces/check-observation.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import type { Policy } from '../../interfaces/policy.ts';
import { cameraOrder, promptOf, type ClientMapping } from '../client-mapping.ts';
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
import { isMap } from '../observation-mapping.ts';
import { ARRAY_DIALECTS, arrayMessages } from '../wire/array-dialects.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import type { WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { openWebSocketLine, type WebSocketLine } from '../websocket-line.ts';
import { starvlaData } from './starvla-messages.ts';

/** The client; docs/guides/protocols.md describes it. */
export const starvlaClient: PolicyClient = { connect };

const messages = arrayMessages(ARRAY_DIALECTS.openpi, DEFAULT_WIRE_LIMITS);

async function connect(options: PolicyClientOptions, address: PolicyAddress): Promise<Policy> {
  const { robot, mapping, token, answerSeconds } = options;
  const url = `${transportOf(address, ['ws', 'wss'])}://${address.place}`;
  const order = cameraOrder(robot, mapping);
  const open = (signal?: AbortSignal): Promise<{ line: WebSocketLine; unnormKey: string | null }> =>
    untilConnected(
      options.connectSeconds,
      async (connectMs) => {
        const { messageBytes } = DEFAULT_WIRE_LIMITS;
        const line = await openWebSocketLine({ url, token, connectMs, messageBytes });
        try {
          const unnormKey = checkMetadata(await line.ask(null, connectMs), options, url);
          return { line, unnormKey };
        } catch (error) {
          line.close();
          throw error;
        }
      },
      signal,
    );
  const first = await open();
  const { unnormKey } = first;
  const connection = new Reconnecting(first.line, async (signal) => (await open(signal)).line);
  return {
    name: options.address,
    embodiment: robot,
    reset: () => undefined,
    async infer(observation, { signal, continuation } = {}) {
      if (continuation !== undefined) throw cannotContinue(url);
      checkObservation(url, robot, observation, 'exact');
      const payload = { examples: [exampleOf(observation, order, mapping)], unnorm_key: unnormKey };
      const request = messages.encode({ type: 'infer', request_id: 'vlakit', payload });
      const answer = await (await connection.get(signal)).ask(request, answerSeconds * 1000, signal);
      const data = starvlaData(decoded(answer, url), url);
      return checkedChunk(chunkOf(data, url), robot, url);
    },
    async close() {
      connection.close();
    },
  };
}

function decoded(answer: Uint8Array | string, where: string): unknown {
  if (typeof answer !== 'string') return messages.decode(answer);
  throw new VlaError('unsupported', `${where}: the server failed: ${answer.trim().split('\n').at(-1)!.slice(0, 500)}`, {
    hint: 'The server’s log says more.',
  });
}

const metadata = z.object({
  available_unnorm_keys: z.array(z.string()).max(1000).default([]),
  default_unnorm_key: z.string().nullish(),
  training_obs_image_size: z.tuple([z.int(), z.int()]).nullish(),
  vlakit: z.unknown().optional(),
});

/** Compares what the server says of itself with the robot; returns the key of its statistics, null where it chooses itself. */
function checkMetadata(answer: Uint8Array | string, options: PolicyClientOptions, where: string): string | null {
  const content = decoded(answer, where);
  const parsed = isMap(content) ? metadata.safeParse(content) : null;
  if (parsed?.success !== true) {
    throw new VlaError('bad-data', `${where}: expected starVLA’s metadata, got something else.`, {
      hint: 'Check that the server speaks this protocol.',
    });
  }
  const { robot, mapping } = options;
  const { vlakit, training_obs_image_size: size, available_unnorm_keys: keys, default_unnorm_key: own } = parsed.data;
  if (vlakit !== undefined) requireRobot(contractOfMessage(vlakit, where), robot, where);
  if (size !== undefined && size !== null) requireImageSize(robot, size, where);
  const wanted = mapping?.unnormKey ?? (keys.includes(robot.name) ? robot.name : null);
  if (wanted !== null && keys.includes(wanted)) return wanted;
  if (wanted === null && ((own !== undefined && own !== null) || keys.length <= 1)) return null;
  throw new VlaError(
    'mismatch',
    `${where}: expected statistics for "${wanted ?? robot.name}", got ${keys.join(', ')}.`,
    {
      hint: 'Say which in the mapping file: {"unnormKey": "…"}.',
    },
  );
}

function requireImageSize({ cameras }: Embodiment, [height, width]: readonly [number, number], where: string): void {
  const other = cameras.find((camera) => camera.height !== height || camera.width !== width);
  if (other === undefined) return;
  throw new VlaError(
    'mismatch',
    `${where}: expected cameras of ${width} × ${height} pixels, got ${other.width} × ${other.height} from "${other.name}".`,
    { hint: 'Open the environment with the image size that the policy was trained on.' },
  );
}

function exampleOf(observation: Observation, order: readonly string[], mapping: ClientMapping | null): WireMap {
  const image = order.map((name) => {
    const { width, height, data } = observation.images[name]!;
    return NumericArray.ofBytes(data, [height, width, 3]);
  });
  const lang = promptOf(observation.instruction, mapping);
  const { state } = observation;
  const sent = mapping?.state === undefined || Object.keys(mapping.state).length > 0;
  return { image, lang, ...(sent ? { state: NumericArray.ofFloats(state, [1, state.length]) } : {}) };
}

function chunkOf(data: WireMap | null, where: string): { horizon: number; dim: number; data: Float32Array } {
  const actions = data === null || !Object.hasOwn(data, 'actions') ? null : data['actions'];
  if (actions instanceof NumericArray && actions.shape.length === 3 && actions.shape[0] === 1) {
    const [, horizon, dim] = actions.shape as [number, number, number];
    return { horizon, dim, data: actions.toFloats() };
  }
  const got = actions instanceof NumericArray ? `[${actions.shape.join(', ')}]` : 'none';
  throw new VlaError('bad-data', `${where}: expected actions [1, horizon, dim], got ${got}.`, {
    hint: 'Servers from before May 2025 answer with normalised actions, which cannot be used.',
  });
}
