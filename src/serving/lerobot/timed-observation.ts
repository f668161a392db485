/** @file A robot client's pickled `TimedObservation` as an observation. */

import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import { observationFromWire, type ObservationMapping } from '../observation-mapping.ts';
import { unpickle } from '../../base/pickle/unpickle.ts';
import { PickleMap, PickleObject, kindOf, type PickleValue } from '../../base/pickle/values.ts';
import { requireAtMost } from '../../base/require-at-most.ts';
import type { WireLimits } from '../wire/limits.ts';
import { LEROBOT_NAMES, messageClass } from './names.ts';

/** An observation with its place in time. */
export interface TimedObservation {
  readonly observation: Observation;
  /** Seconds since 1970, on the robot's clock. */
  readonly timestamp: number;
  /** The control period. */
  readonly timestep: number;
  /** The robot has no action left: it is answered whatever was answered before. */
  readonly mustGo: boolean;
  /** Where the client's release has its classes. */
  readonly module: string;
}

/** Reads one; throws a VlaError that says what is missing or wrong. Its images may be views of `bytes`. */
export function readTimedObservation(
  bytes: Uint8Array,
  mapping: ObservationMapping,
  embodiment: Embodiment,
  limits: WireLimits,
): TimedObservation {
  const value = unpickle(bytes, { vocabulary: LEROBOT_NAMES, limits });
  const found = value instanceof PickleObject ? messageClass(value.className) : null;
  if (!(value instanceof PickleObject) || found?.name !== 'TimedObservation') throw bad('a TimedObservation', value);
  const { fields } = value;
  const raw = fields.get('observation');
  const timestamp = fields.get('timestamp');
  const timestep = fields.get('timestep');
  if (!(raw instanceof PickleMap)) throw bad('an observation as dict', raw);
  if (typeof timestamp !== 'number' || !Number.isFinite(timestamp)) throw bad('a timestamp', timestamp);
  if (typeof timestep !== 'number' || !Number.isSafeInteger(timestep) || timestep < 0)
    throw bad('a timestep', timestep);
  const observation = observationFromWire(wireMap(raw, limits), mapping, embodiment, limits);
  return {
    observation: { ...observation, tick: timestep },
    timestamp,
    timestep,
    mustGo: fields.get('must_go') === true,
    module: found.module,
  };
}

/** The dict as a message; a null prototype, so that no key means anything to JavaScript. */
function wireMap({ entries }: PickleMap, limits: WireLimits): Readonly<Record<string, unknown>> {
  const map = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) {
    if (typeof key !== 'string') throw bad('fields named by str', key);
    if (typeof value === 'string') requireAtMost(`${key.slice(0, 60)}: characters`, value.length, limits.textLength);
    map[key] = value;
  }
  return map;
}

function bad(expected: string, got: PickleValue | undefined): VlaError {
  return new VlaError('bad-data', `observation: expected ${expected}, got ${kindOf(got)}.`, {
    hint: 'Use LeRobot’s robot client of version 0.4 or later.',
  });
}
