/** @file What a robot client asks for when it connects, held against what is served: nothing is loaded because a client names it. */

import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { ObservationMapping } from '../observation-mapping.ts';
import type { PolicyContract } from '../policy-service.ts';
import { unpickle, type PickleLimits } from '../../base/pickle/unpickle.ts';
import { PickleMap, PickleObject, PickleTuple, kindOf, type PickleValue } from '../../base/pickle/values.ts';
import { LEROBOT_NAMES, messageClass } from './names.ts';

/** A client's `RemotePolicyConfig`. */
export interface PolicySetup {
  /** Where the client's release has its classes. */
  readonly module: string;
  readonly policy: string;
  /** The numbers of the robot in its order: `shoulder_pan.pos`, … */
  readonly stateNames: readonly string[];
  /** Camera → [height, width, channels]. */
  readonly cameras: Readonly<Record<string, readonly number[]>>;
  readonly actionsPerChunk: number;
  /** Whether fields are to be renamed on the way to the policy. */
  readonly renames: boolean;
}

const HINT = 'Use LeRobot’s robot client of version 0.4 or later.';
const STATE = 'observation.state';
const CAMERA = 'observation.images.';
/** The name that asks for whatever is served. */
const ANY = 'vlakit';
const MOST_NAMES = 4096;

/** Reads a pickled `RemotePolicyConfig`; throws `bad-data`. */
export function readPolicySetup(bytes: Uint8Array, limits: PickleLimits): PolicySetup {
  const value = unpickle(bytes, { vocabulary: LEROBOT_NAMES, limits });
  const found = value instanceof PickleObject ? messageClass(value.className) : null;
  if (!(value instanceof PickleObject) || found?.name !== 'RemotePolicyConfig') {
    throw bad('a RemotePolicyConfig', value);
  }
  const policy = value.fields.get('pretrained_name_or_path');
  const count = value.fields.get('actions_per_chunk');
  const renames = value.fields.get('rename_map');
  if (typeof policy !== 'string') throw bad('pretrained_name_or_path as str', policy);
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1) {
    throw bad('actions_per_chunk of at least 1', count);
  }
  const features = mapOf('lerobot_features', value.fields.get('lerobot_features'));
  const cameras = [...features.entries].flatMap(([key, feature]) => {
    if (typeof key !== 'string' || !key.startsWith(CAMERA)) return [];
    return [[key.slice(CAMERA.length), listOf(key, fieldOf(key, feature, 'shape')).map(Number)] as const];
  });
  const state = features.entries.get(STATE);
  return {
    module: found.module,
    policy,
    stateNames: state === undefined ? [] : namesOf(fieldOf(STATE, state, 'names')),
    cameras: Object.fromEntries(cameras),
    actionsPerChunk: count,
    renames: renames instanceof PickleMap && renames.entries.size > 0,
  };
}

function namesOf(value: PickleValue | undefined): string[] {
  return listOf(STATE, value).map((name) => {
    if (typeof name !== 'string') throw bad('names as str', name);
    return name;
  });
}

function fieldOf(where: string, feature: PickleValue, name: string): PickleValue | undefined {
  return mapOf(where, feature).entries.get(name);
}

function mapOf(where: string, value: PickleValue | undefined): PickleMap {
  if (!(value instanceof PickleMap)) throw bad(`${where} as dict`, value);
  return value;
}

function listOf(where: string, value: PickleValue | undefined): readonly PickleValue[] {
  const items = value instanceof PickleTuple ? value.items : value;
  if (!Array.isArray(items) || items.length > MOST_NAMES) throw bad(`${where} with a list`, value);
  return items as readonly PickleValue[];
}

function bad(expected: string, got: PickleValue | undefined): VlaError {
  return new VlaError('bad-data', `policy instructions: expected ${expected}, got ${kindOf(got)}.`, { hint: HINT });
}

/** LeRobot's own names on the wire: cameras and numbers without prefixes, and `task`. */
export function lerobotMapping({ cameras, state }: Embodiment): ObservationMapping {
  return {
    images: Object.fromEntries(cameras.map(({ name }) => [name, [name, name.replace(/^observation\.images\./, '')]])),
    state: [state.names],
    instruction: ['task'],
  };
}

/** Throws `mismatch` with all differences between what the client asks for, or has, and what is served. */
export function requireAgreement(setup: PolicySetup, contract: PolicyContract, mapping: ObservationMapping): void {
  const { policy, horizon, embodiment } = contract;
  const differences = [
    ...(setup.policy === policy || setup.policy === ANY
      ? []
      : [`pretrained_name_or_path: expected ${policy} (or ${ANY}), got ${setup.policy.slice(0, 200)}`]),
    ...(setup.actionsPerChunk <= horizon
      ? []
      : [`actions_per_chunk: expected at most ${horizon}, got ${setup.actionsPerChunk}`]),
    ...(setup.renames ? ['rename_map: expected none, got some'] : []),
    ...numberDifferences(setup, embodiment, mapping),
    ...embodiment.cameras.flatMap((camera) => cameraDifferences(setup, camera, mapping.images[camera.name] ?? [])),
  ];
  if (differences.length === 0) return;
  throw new VlaError('mismatch', `the robot does not fit policy "${policy}": ${differences.join('; ')}.`, {
    hint: 'Start the client with what the policy was made for, or the server with --mapping.',
  });
}

/** The client moves its motors in the order of its numbers, whatever an action's numbers are called here. */
function numberDifferences(setup: PolicySetup, embodiment: Embodiment, mapping: ObservationMapping): string[] {
  const way = mapping.state.find((names) => names.every((name) => setup.stateNames.includes(name)));
  const got = setup.stateNames.slice(0, 100).join(', ') || 'none';
  if (way === undefined) return [`state: expected ${mapping.state[0]?.join(', ') ?? 'none'}, got ${got}`];
  const own = setup.stateNames.flatMap((name) =>
    way.includes(name) ? [embodiment.state.names[way.indexOf(name)]!] : [],
  );
  const moved = own.filter((name) => embodiment.action.names.includes(name));
  const same =
    moved.length === embodiment.action.names.length && moved.every((name, i) => name === embodiment.action.names[i]);
  return same ? [] : [`actions: expected numbers for ${embodiment.action.names.join(', ')}, got a robot with ${got}`];
}

function cameraDifferences(
  { cameras }: PolicySetup,
  { name, width, height }: Embodiment['cameras'][number],
  wire: readonly string[],
): string[] {
  const found = wire.find((candidate) => Object.hasOwn(cameras, candidate));
  if (found === undefined) {
    return [`camera ${name}: expected it, got ${Object.keys(cameras).slice(0, 20).join(', ') || 'no camera'}`];
  }
  const shape = cameras[found]!;
  const same = shape.length === 3 && shape[0] === height && shape[1] === width && shape[2] === 3;
  return same ? [] : [`camera ${name}: expected ${height}, ${width}, 3, got ${shape.join(', ')}`];
}
