/** @file Copies what a loop told into memory of its own, for another thread: the loop may use its buffers again at once. */

import type { InferenceRecord } from '../interfaces/loop-listener.ts';
import type { Image, Observation } from '../interfaces/observation.ts';
import type { Measurement } from '../interfaces/robot.ts';
import type { TickRecord } from '../interfaces/tick-record.ts';
import type { Told } from './recorder-messages.ts';

/** Every message costs about this, beside its numbers and pictures. */
const MESSAGE_BYTES = 512;

/** The copy, its size, and the buffers that travel with it. */
export function copyTold(told: Told): { copy: Told; bytes: number; buffers: ArrayBuffer[] } {
  const buffers: ArrayBuffer[] = [];
  const copy = copied(told, <T extends Uint8Array | Float32Array>(values: T): T => {
    const own = values.slice() as T;
    buffers.push(own.buffer as ArrayBuffer);
    return own;
  });
  return { copy, bytes: buffers.reduce((sum, { byteLength }) => sum + byteLength, MESSAGE_BYTES), buffers };
}

type Keep = <T extends Uint8Array | Float32Array>(values: T) => T;

function copied(told: Told, keep: Keep): Told {
  switch (told.kind) {
    case 'episode':
      return { kind: 'episode', value: { index: told.value.index, seed: told.value.seed } };
    case 'tick':
      return { kind: 'tick', value: copyTick(told.value, keep) };
    case 'inference':
      return { kind: 'inference', value: copyInference(told.value, keep) };
    case 'measurement':
      return { kind: 'measurement', value: copyMeasurement(told.value, keep) };
  }
}

function copyTick({ observation, wanted, action, interventions, ...rest }: TickRecord, keep: Keep): TickRecord {
  return {
    tick: rest.tick,
    epoch: rest.epoch,
    time: rest.time,
    late: rest.late,
    source: rest.source,
    age: rest.age,
    observation: observation === null ? null : copyObservation(observation, keep),
    wanted: wanted === null ? null : keep(wanted),
    action: keep(action),
    interventions: [...interventions],
  };
}

function copyObservation({ images, state, instruction, tick }: Observation, keep: Keep): Observation {
  return {
    images: Object.fromEntries(Object.entries(images).map(([name, image]) => [name, copyImage(image, keep)])),
    state: keep(state),
    instruction,
    ...(tick === undefined ? {} : { tick }),
  };
}

function copyImage({ width, height, data }: Image, keep: Keep): Image {
  return { width, height, data: keep(data) };
}

function copyInference({ observation, continuation, chunk, ...rest }: InferenceRecord, keep: Keep): InferenceRecord {
  const { state, instruction, tick } = observation;
  const { horizon, dim, data, reasoning, progress } = chunk;
  return {
    episode: rest.episode,
    seconds: rest.seconds,
    observation: { state: keep(state), instruction, ...(tick === undefined ? {} : { tick }) },
    chunk: {
      horizon,
      dim,
      data: keep(data),
      ...(reasoning === undefined ? {} : { reasoning }),
      ...(progress === undefined ? {} : { progress }),
    },
    ...(continuation === undefined ? {} : { continuation: { ...continuation, actions: keep(continuation.actions) } }),
  };
}

function copyMeasurement({ sensor, time, value }: Measurement, keep: Keep): Measurement {
  return { sensor, time, value: value instanceof Float32Array ? keep(value) : copyImage(value, keep) };
}
