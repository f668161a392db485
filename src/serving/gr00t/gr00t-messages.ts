/**
 * @file What GR00T's policy server (N1.6 and N1.7) and its clients say to each other: `{endpoint, data, api_token}` in MessagePack over ZeroMQ. N1.6 writes
 * arrays as `.npy` files, N1.7 as `msgpack_numpy`; both are read, and each client is answered as it asks.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import { isMap, type ObservationMapping } from '../observation-mapping.ts';
import { ARRAY_DIALECTS } from '../wire/array-dialects.ts';
import type { WireLimits } from '../wire/limits.ts';
import { decodeMessagePack, encodeMessagePack, type WireMap } from '../wire/message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';

/** How a side writes its arrays: N1.6, N1.7. */
export type Gr00tDialect = 'npy' | 'lebedov';

const HINT = 'Send {"endpoint": "get_action", "data": {"observation": …}}, as gr00t.policy.server_client does.';

/** A message and how its arrays were written; null: it had none. */
export function decodeGr00t(
  message: Uint8Array,
  limits: WireLimits,
): { content: unknown; dialect: Gr00tDialect | null } {
  let dialect: Gr00tDialect | null = null;
  const hooks = (['npy', 'lebedov'] as const).map((name) => [name, ARRAY_DIALECTS[name].revive(limits)] as const);
  const content = decodeMessagePack(message, limits, (map, keys) => {
    for (const [name, hook] of hooks) {
      const made = hook(map, keys);
      if (made === map) continue;
      dialect = name;
      return made;
    }
    return map;
  });
  return { content, dialect };
}

/** The bytes of a message. */
export function encodeGr00t(value: unknown, dialect: Gr00tDialect): Uint8Array {
  const { pack } = ARRAY_DIALECTS[dialect];
  return encodeMessagePack(value, (part) => (part instanceof NumericArray ? pack(part) : part));
}

const map = z.custom<WireMap>(isMap, 'expected a map');
const request = z.object({
  endpoint: z.string().default('get_action'),
  data: map.nullish(),
  api_token: z.unknown().optional(),
});

/** A request, taken apart. */
export interface Gr00tRequest {
  readonly endpoint: string;
  readonly data: WireMap;
  readonly token: unknown;
}

/** A request from what was decoded; `bad-data` for what is none. */
export function gr00tRequest(content: unknown): Gr00tRequest {
  const parsed = isMap(content) ? request.safeParse(content) : null;
  if (parsed?.success === true) {
    const { endpoint, data, api_token: token } = parsed.data;
    return { endpoint, data: data ?? (Object.create(null) as WireMap), token };
  }
  const issue = parsed?.error.issues[0];
  throw new VlaError('bad-data', `request: ${issue === undefined ? 'expected a map' : issue.message}.`, { hint: HINT });
}

/** The observation of `get_action`, its texts taken out of their lists; `flat`: in the form of GR00T's simulations, `video.front` and so on. */
export function gr00tObservation(data: WireMap): { observation: WireMap; flat: boolean } {
  const observation = Object.hasOwn(data, 'observation') ? data['observation'] : undefined;
  if (!isMap(observation)) {
    throw new VlaError('bad-data', 'data: expected an observation, got none.', { hint: HINT });
  }
  const flat = Object.keys(observation).some((key) => key.startsWith('video.'));
  return { observation: unwrapTexts(observation), flat };
}

/** `[["stack"]]` is one text for a batch of one at one instant. */
function unwrapTexts(given: WireMap): WireMap {
  const out = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of Object.entries(given)) {
    let inner = value;
    while (Array.isArray(inner) && inner.length === 1) inner = inner[0];
    out[key] = typeof inner === 'string' ? inner : key === 'language' && isMap(value) ? unwrapTexts(value) : value;
  }
  return out;
}

/** `options.seed` of a `reset`, where a client sends one. */
export function gr00tSeed(data: WireMap): number | null {
  const options = Object.hasOwn(data, 'options') ? data['options'] : null;
  const seed = isMap(options) && Object.hasOwn(options, 'seed') ? options['seed'] : null;
  return Number.isSafeInteger(seed) && (seed as number) >= 0 ? (seed as number) : null;
}

const LANGUAGE_KEYS = ['task', 'annotation.human.task_description', 'annotation.human.coarse_action'];

/** `video.NAME` is camera NAME; the state is `state.state`, or one group per dimension; nested or flat, batch and time of length 1. */
export function gr00tMapping({ cameras, state }: Embodiment): ObservationMapping {
  return {
    images: Object.fromEntries(cameras.map(({ name }) => [name, [`video.${name}`]])),
    state: [['state.state'], state.names.map((name) => `state.${name}`)],
    instruction: LANGUAGE_KEYS.flatMap((key) => [`language.${key}`, key]),
  };
}

/** Keys per modality. */
export interface Gr00tKeys {
  readonly video: readonly string[];
  readonly state: readonly string[];
  readonly action: readonly string[];
  readonly language: readonly string[];
}

/** The answer to `get_modality_config`. Only the instant itself is asked for. Both N1.6 and N1.7 read this marker. */
export function modalityMessage(keys: Gr00tKeys, horizon: number): WireMap {
  const config = (names: readonly string[], instants: readonly number[]): WireMap => ({
    __ModalityConfig_class__: true,
    as_json: { delta_indices: instants, modality_keys: names },
  });
  const steps = Array.from({ length: horizon }, (_, i) => i);
  return {
    video: config(keys.video, [0]),
    state: config(keys.state, [0]),
    action: config(keys.action, steps),
    language: config(keys.language, [0]),
  };
}

const config = z.object({
  delta_indices: z.array(z.int()).max(4096),
  modality_keys: z.array(z.string()).min(1).max(256),
});

/** What a server says about one modality; `as_json` is a map, or the text of one. Throws `bad-data`. */
export function modalityOfMessage(content: unknown, modality: string, where: string): z.infer<typeof config> {
  const entry = isMap(content) && Object.hasOwn(content, modality) ? content[modality] : null;
  let json = isMap(entry) ? (Object.hasOwn(entry, 'as_json') ? entry['as_json'] : entry) : null;
  try {
    if (typeof json === 'string') json = JSON.parse(json) as unknown;
  } catch {
    json = null;
  }
  const parsed = config.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new VlaError('bad-data', `${where}: expected the keys of "${modality}", got something else.`, {
    hint: 'Check that the server is one of GR00T N1.6 or N1.7.',
  });
}
