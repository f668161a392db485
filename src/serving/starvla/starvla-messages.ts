/**
 * @file What starVLA's policy server and its clients say to each other: metadata first, then a request and its result, in MessagePack with openpi's
 * arrays. A request is `{type, request_id, payload}`, or a payload alone; results are `{status, ok, type, request_id, data | error}`.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import { contractMessage } from '../contract-message.ts';
import { isMap, type ObservationMapping } from '../observation-mapping.ts';
import type { PolicyContract } from '../policy-service.ts';
import type { WireMap } from '../wire/message-pack.ts';

/** Observations of one request. */
const MOST_EXAMPLES = 64;
const MOST_IMAGES = 16;
const HINT = 'Send {"examples": [{"image": [arrays], "lang": text, "state": array}]}, as starVLA’s clients do.';

const id = z.union([z.string(), z.number()]);
const map = z.custom<WireMap>(isMap, 'expected a map');

const request = z.object({ type: z.string().default('infer'), request_id: id.default('default') });

/** A request, taken apart. */
export interface StarvlaRequest {
  readonly type: string;
  readonly id: string | number;
  readonly payload: unknown;
}

/** A request from what was decoded; `bad-data` for what is none. */
export function starvlaRequest(content: unknown): StarvlaRequest {
  if (!isMap(content)) {
    throw new VlaError('bad-data', 'message: expected a map, got something else.', { hint: HINT });
  }
  const parsed = request.safeParse(content);
  if (!parsed.success) throw badField('message', parsed.error);
  const { type, request_id } = parsed.data;
  return { type, id: request_id, payload: Object.hasOwn(content, 'payload') ? content['payload'] : content };
}

function badField(what: string, error: z.ZodError): VlaError {
  const { path, message } = error.issues[0]!;
  return new VlaError('bad-data', `${what}: ${path.join('.') || 'the whole'}: ${message}.`, { hint: HINT });
}

const infer = z.object({
  examples: z.array(map).min(1).max(MOST_EXAMPLES),
  unnorm_key: z.string().nullish(),
});

/** What is to be inferred: one map per observation, with images as `image.0`, `image.1`, … Throws `bad-data`. */
export function starvlaExamples(payload: unknown, { embodiment }: PolicyContract): WireMap[] {
  const parsed = infer.safeParse(payload);
  if (!parsed.success) throw badField('payload', parsed.error);
  const { examples, unnorm_key: key } = parsed.data;
  if (key !== undefined && key !== null && key !== embodiment.name) {
    throw new VlaError('not-found', `unnorm_key: expected "${embodiment.name}" or none, got "${key.slice(0, 100)}".`, {
      hint: 'The metadata’s available_unnorm_keys has it.',
    });
  }
  return examples.map(({ image, ...rest }) => {
    const images = Array.isArray(image) ? image : [image];
    if (images.length > MOST_IMAGES) {
      throw new VlaError('bad-data', `image: expected at most ${MOST_IMAGES}, got ${images.length}.`, { hint: HINT });
    }
    const numbered = Object.fromEntries(images.map((entry, i) => [imageKey(i), entry as unknown]));
    return Object.assign(Object.create(null) as WireMap, rest, numbered);
  });
}

const imageKey = (at: number): string => `image.${at}`;

/** Images are in the order of the robot's cameras, as starVLA has no names for them. */
export function starvlaMapping({ cameras }: Embodiment): ObservationMapping {
  return {
    images: Object.fromEntries(cameras.map(({ name }, i) => [name, [imageKey(i)]])),
    state: [['state']],
    instruction: ['lang'],
  };
}

/** What the server greets with; `vlakit` has the whole contract, for clients of ours. */
export function starvlaMetadata(contract: PolicyContract): WireMap {
  const { embodiment, horizon } = contract;
  const sizes = new Set(embodiment.cameras.map(({ width, height }) => `${height} ${width}`));
  return {
    env: 'starvla_policy_server',
    action_chunk_size: horizon,
    available_unnorm_keys: [embodiment.name],
    default_unnorm_key: embodiment.name,
    training_obs_image_size: sizes.size === 1 ? [...sizes][0]!.split(' ').map(Number) : null,
    image_order: embodiment.cameras.map(({ name }) => name),
    vlakit: contractMessage(contract),
  };
}

/** A good result. */
export function starvlaResult(type: string, requestId: string | number, data?: WireMap): WireMap {
  return { status: 'ok', ok: true, type, request_id: requestId, ...(data === undefined ? {} : { data }) };
}

/** A bad one. */
export function starvlaError(type: string, requestId: string | number, message: string): WireMap {
  return { status: 'error', ok: false, type, request_id: requestId, error: { message } };
}

const result = z.object({
  ok: z.boolean(),
  data: map.optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** The data of a result; what the server refused becomes `unsupported`, what is no result `bad-data`. `where` names the server. */
export function starvlaData(content: unknown, where: string): WireMap | null {
  const parsed = isMap(content) ? result.safeParse(content) : null;
  if (parsed?.success !== true) {
    throw new VlaError('bad-data', `${where}: expected a result of starVLA, got something else.`, {
      hint: 'Check that the server speaks this protocol.',
    });
  }
  const { ok, data, error } = parsed.data;
  if (ok) return data ?? null;
  throw new VlaError('unsupported', `${where}: the server failed: ${error?.message ?? 'it does not say how'}`, {
    hint: 'The server’s log says more; often the observation has other fields than it expects.',
  });
}
