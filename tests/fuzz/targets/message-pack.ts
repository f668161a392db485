/** @file The protocols in MessagePack: openpi, starVLA, GR00T (both ways to write arrays) and vla-evaluation-harness, each up to what the policy is given. */

import { observationFromWire } from '../../../src/serving/observation-mapping.ts';
import { extensionOf, openpiMapping } from '../../../src/serving/openpi/openpi-messages.ts';
import {
  decodeGr00t,
  encodeGr00t,
  gr00tMapping,
  gr00tObservation,
  gr00tRequest,
  gr00tSeed,
} from '../../../src/serving/gr00t/gr00t-messages.ts';
import { starvlaExamples, starvlaMapping, starvlaRequest } from '../../../src/serving/starvla/starvla-messages.ts';
import { harnessMapping, harnessMessage } from '../../../src/serving/vla-eval/vla-eval-messages.ts';
import { VlaError } from '../../../src/base/errors.ts';
import { encodePng } from '../../../src/base/png.ts';
import { isMap } from '../../../src/serving/observation-mapping.ts';
import { ARRAY_DIALECTS, arrayMessages } from '../../../src/serving/wire/array-dialects.ts';
import { decodePictures } from '../../../src/serving/wire/encoded-image.ts';
import { DEFAULT_WIRE_LIMITS } from '../../../src/serving/wire/limits.ts';
import type { WireMap } from '../../../src/serving/wire/message-pack.ts';
import { NumericArray } from '../../../src/base/numeric-array.ts';
import { toyObservation } from '../../serving/toy-observation.ts';
import { toyEmbodiment } from '../../serving/toy-policy.ts';
import type { FuzzTarget } from '../fuzz.ts';
import { piecesOf } from '../mutate.ts';

const embodiment = toyEmbodiment();
const limits = DEFAULT_WIRE_LIMITS;
const { images, state, instruction } = toyObservation('go');
const front = NumericArray.ofBytes(images['front']!.data, [8, 8, 3]);
const wrist = NumericArray.ofBytes(images['wrist']!.data, [8, 8, 3]);
const numbers = NumericArray.ofFloats(state, [2]);

const text = (value: string): Uint8Array => Buffer.concat([Buffer.of(0xa0 | value.length), Buffer.from(value)]);

/** Heads with long lengths, nests, extensions, numbers at the edge. */
const HEADS =
  'c6ffffffff dbffffffff ddffffffff dfffffffff c9ffffffff01 dcffff deffff c1 d4ff00 c0 c3 91 81 9191919191 81a161 ' +
  'cfffffffffffffffff cb7ff8000000000000 ca7f800000 d3ffffffffffffffff';
/** Keys and types of arrays, and of messages. */
const WORDS =
  '__ndarray__ nd kind O |O <U1 >f8 <f4 shape dtype __npgeneric__ vlakit __proto__ __image__ png data as_npy ' +
  '__ndarray_class__ observation constructor payload examples';
const pieces = [...piecesOf(HEADS, 'hex'), ...WORDS.split(' ').map(text)];

function asMap(value: unknown): WireMap {
  if (isMap(value)) return value;
  throw new VlaError('bad-data', 'message: expected a map.');
}

/** openpi. */
export function openpiTarget(): FuzzTarget {
  const messages = arrayMessages(ARRAY_DIALECTS.openpi, limits);
  const mapping = openpiMapping(embodiment);
  const observation = {
    'observation/images/front': front,
    'observation/images/wrist': wrist,
    'observation/state': numbers,
  };
  return {
    pieces,
    seeds: [
      messages.encode({ ...observation, prompt: instruction }),
      messages.encode({ ...observation, prompt: instruction, vlakit: { episode: 3, tick: 4, deadlineMs: 1000 } }),
    ],
    decode(bytes) {
      const message = asMap(messages.decode(bytes));
      extensionOf(message);
      return observationFromWire(message, mapping, embodiment, limits);
    },
  };
}

/** starVLA. */
export function starvlaTarget(): FuzzTarget {
  const messages = arrayMessages(ARRAY_DIALECTS.openpi, limits);
  const mapping = starvlaMapping(embodiment);
  const contract = { policy: 'toy', embodiment, horizon: 2, statistics: null, continues: null };
  const payload = { examples: [{ image: [front, wrist], lang: instruction, state: numbers }], unnorm_key: 'toy' };
  return {
    pieces,
    seeds: [
      messages.encode({ type: 'infer', request_id: 'x', payload }),
      messages.encode({ ...payload, request_id: 1 }),
      messages.encode({ payload: { examples: [...payload.examples, ...payload.examples] } }),
    ],
    decode(bytes) {
      const request = starvlaRequest(messages.decode(bytes));
      return starvlaExamples(request.payload, contract).map((example) =>
        observationFromWire(example, mapping, embodiment, limits),
      );
    },
  };
}

/** GR00T. */
export function gr00tTarget(): FuzzTarget {
  const mapping = gr00tMapping(embodiment);
  const batched = (array: NumericArray): NumericArray =>
    new NumericArray(array.type, [1, 1, ...array.shape], array.bytes);
  const observation = {
    video: { front: batched(front), wrist: batched(wrist) },
    state: { state: batched(numbers) },
    language: { task: [[instruction]] },
  };
  const flat = {
    'video.front': batched(front),
    'video.wrist': batched(wrist),
    'state.state': batched(numbers),
    'annotation.human.task_description': [instruction],
  };
  return {
    pieces,
    seeds: (['npy', 'lebedov'] as const).flatMap((dialect) => [
      encodeGr00t({ endpoint: 'get_action', data: { observation, options: { seed: 3 } }, api_token: 'x' }, dialect),
      encodeGr00t({ endpoint: 'get_action', data: { observation: flat } }, dialect),
    ]),
    decode(bytes) {
      const { data } = gr00tRequest(decodeGr00t(bytes, limits).content);
      gr00tSeed(data);
      return observationFromWire(gr00tObservation(data).observation, mapping, embodiment, limits);
    },
  };
}

/** vla-evaluation-harness, images as arrays and as files. */
export function vlaEvalTarget(): FuzzTarget {
  const messages = arrayMessages(ARRAY_DIALECTS.textKeys, limits);
  const mapping = harnessMapping(embodiment);
  const message = (pictures: object): Uint8Array =>
    messages.encode({
      type: 'observation',
      payload: { images: pictures, states: numbers, task_description: instruction },
      seq: 3,
      timestamp: 1.5,
    });
  const file = (name: 'front' | 'wrist'): object => ({
    __image__: true,
    format: 'png',
    data: encodePng(images[name]!),
  });
  return {
    pieces,
    seeds: [message({ front, wrist }), message({ front: file('front'), wrist: file('wrist') })],
    async decode(bytes) {
      const { payload } = harnessMessage(messages.decode(bytes));
      return observationFromWire((await decodePictures(payload, limits)) as WireMap, mapping, embodiment, limits);
    },
  };
}
