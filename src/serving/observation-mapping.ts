/** @file Which fields of a message are which cameras, state and instruction of the robot, and what becomes of them: checked against the contract. */

import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { checkObservation } from '../interfaces/check-observation.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Image, Observation } from '../interfaces/observation.ts';
import { readMapping } from './mapping-file.ts';
import { imageFromWire } from './wire/image.ts';
import type { WireLimits } from './wire/limits.ts';
import type { WireMap } from './wire/message-pack.ts';
import { NumericArray } from '../base/numeric-array.ts';

/**
 * Names on the wire. A name is a key of the message, or the way to one: `images/front` is the key `images/front`, else `front` in the
 * map `images`; a dot is as good as a slash. Of several names the first that is there counts.
 */
export interface ObservationMapping {
  /** Per camera of the embodiment. */
  readonly images: Readonly<Record<string, readonly string[]>>;
  /** Ways to give the state; each is a list of parts, one behind the other. */
  readonly state: readonly (readonly string[])[];
  readonly instruction: readonly string[];
}

const oneOrMore = z.union([z.string().transform((name) => [name]), z.array(z.string()).min(1)]);
const file = z.strictObject({
  images: z.record(z.string(), oneOrMore).default({}),
  state: oneOrMore.transform((parts) => [parts]).optional(),
  instruction: oneOrMore.optional(),
  /** For protocols that send actions in groups: how many numbers each has, in the robot's order. */
  actions: z.record(z.string(), z.int().positive()).optional(),
});
/** What a mapping file says; what it leaves out stays as the protocol has it. */
export type MappingFile = z.infer<typeof file>;

/** Reads `{"images": {"front": "observation/image"}, "state": ["joints", "gripper"], "instruction": "prompt"}`; throws `bad-data`. */
export function readMappingFile(at: string): MappingFile {
  return readMapping(at, file, EXAMPLE);
}

const EXAMPLE =
  'For example {"images": {"front": "observation/image"}, "state": "observation/state", "instruction": "prompt"}.';

/** A mapping file over a protocol's own names; throws `mismatch` for a camera that the robot has not. */
export function mappingFor(
  embodiment: Embodiment,
  own: ObservationMapping,
  changes: MappingFile | null,
): ObservationMapping {
  if (changes === null) return own;
  const names = embodiment.cameras.map(({ name }) => name);
  const strange = Object.keys(changes.images).filter((name) => !names.includes(name));
  if (strange.length > 0) {
    throw new VlaError(
      'mismatch',
      `mapping: expected cameras of ${names.join(', ') || 'none'}, got ${strange.join(', ')}.`,
      {
        hint: 'Left of the colon is the policy’s camera, right of it the name on the wire.',
      },
    );
  }
  return {
    images: { ...own.images, ...changes.images },
    state: changes.state ?? own.state,
    instruction: changes.instruction ?? own.instruction,
  };
}

/**
 * The observation in a message. Images are height × width × 3 or 3 × height × width, bytes or floats from 0 to 1; axes of length 1
 * in front do not matter. Throws a VlaError that says which field is missing or wrong.
 */
export function observationFromWire(
  message: WireMap,
  mapping: ObservationMapping,
  embodiment: Embodiment,
  limits: WireLimits,
): Observation {
  const images: Record<string, Image> = {};
  for (const { name } of embodiment.cameras) {
    const names = mapping.images[name] ?? [];
    images[name] = imageFromWire(required(message, names, `an image of camera "${name}"`), `camera "${name}"`, limits);
  }
  const instruction = required(message, mapping.instruction, 'an instruction');
  if (typeof instruction !== 'string') {
    throw new VlaError('bad-data', `instruction: expected a text, got ${kindOf(instruction)}.`, {
      hint: 'Send one text.',
    });
  }
  const observation = { images, state: stateOf(message, mapping.state), instruction };
  checkObservation('observation', embodiment, observation, 'exact');
  return observation;
}

function stateOf(message: WireMap, ways: ObservationMapping['state']): Float32Array {
  const way = ways.find((parts) => parts.every((name) => fieldAt(message, name) !== undefined));
  if (way === undefined)
    throw missing(
      message,
      ways.map((parts) => parts.join(' + ')),
      'the state',
    );
  const parts = way.map((name) => vectorFromWire(fieldAt(message, name), name));
  if (parts.length === 1) return parts[0]!;
  const state = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    state.set(part, at);
    at += part.length;
  }
  return state;
}

/** Numbers of a vector: an array of one axis (others of length 1), a list of numbers, or one number. */
export function vectorFromWire(value: unknown, where: string): Float32Array {
  if (value instanceof NumericArray && value.shape.filter((extent) => extent !== 1).length <= 1)
    return value.toFloats();
  if (typeof value === 'number') return Float32Array.of(value);
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'number')) return Float32Array.from(value);
  throw new VlaError('bad-shape', `${where}: expected a vector of numbers, got ${kindOf(value)}.`, {
    hint: 'Send one axis of numbers.',
  });
}

/** What the message has by a name, or the way along it; undefined: nothing. */
export function fieldAt(message: WireMap, name: string): unknown {
  if (Object.hasOwn(message, name)) return message[name];
  for (let at = 1; at < name.length - 1; at++) {
    if (name[at] !== '/' && name[at] !== '.') continue;
    const inner = Object.hasOwn(message, name.slice(0, at)) ? message[name.slice(0, at)] : undefined;
    const found = isMap(inner) ? fieldAt(inner, name.slice(at + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a value of a message is a map. */
export function isMap(value: unknown): value is WireMap {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function required(message: WireMap, names: readonly string[], what: string): unknown {
  for (const name of names) {
    const found = fieldAt(message, name);
    if (found !== undefined && found !== null) return found;
  }
  throw missing(message, names, what);
}

function missing(message: WireMap, names: readonly string[], what: string): VlaError {
  const got =
    Object.keys(message)
      .slice(0, 20)
      .map((key) => key.slice(0, 60))
      .join(', ') || 'nothing';
  return new VlaError(
    'mismatch',
    `observation: expected ${what} as ${names.join(' or ') || 'a field that a mapping names'}, got ${got}.`,
    {
      hint: 'Start the server with --mapping to say what the fields are called.',
    },
  );
}

function kindOf(value: unknown): string {
  if (value instanceof NumericArray) return `${value.type} [${value.shape.join(', ')}]`;
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}
