/** @file ROS messages as rosbridge writes them in JSON: byte arrays are base64, numbers that are none are null. */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { Image } from '../../interfaces/observation.ts';

const number = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
const stamp = z.object({ sec: z.number().int(), nanosec: z.number().int().min(0) });
const header = z.object({ stamp });
const numbers = z.array(number);

const schemas = {
  'sensor_msgs/msg/JointState': z.object({
    header,
    name: z.array(z.string()),
    position: numbers,
    velocity: numbers,
    effort: numbers,
  }),
  'std_msgs/msg/Float64MultiArray': z.object({ data: numbers }),
  'sensor_msgs/msg/Image': z.object({
    header,
    height: z.number().int().positive(),
    width: z.number().int().positive(),
    encoding: z.string(),
    step: z.number().int().positive(),
    data: z.string(),
  }),
  'sensor_msgs/msg/CompressedImage': z.object({ header, format: z.string(), data: z.string() }),
} as const;

/** The types that are read. */
export type ReadType = keyof typeof schemas;
/** A message of a type. */
export type RosMessage<T extends ReadType> = z.output<(typeof schemas)[T]>;

/** Reads a message; throws `bad-data` naming the topic and the field. */
export function parseMessage<T extends ReadType>(type: T, value: unknown, topic: string): RosMessage<T> {
  const parsed = schemas[type].safeParse(value);
  if (parsed.success) return parsed.data as RosMessage<T>;
  const { path, message } = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `${topic}: ${type}: ${path.join('.') || 'message'}: ${message}.`);
}

/** Seconds of a header's stamp. */
export function stampSeconds(message: { readonly header: z.output<typeof header> }): number {
  const { sec, nanosec } = message.header.stamp;
  return sec + nanosec * 1e-9;
}

/** The bytes of a base64 text. */
export function base64Bytes(text: string, topic: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new VlaError('bad-data', `${topic}: data: expected base64.`, { cause });
  }
}

/** Where red, green and blue are in a pixel, and how long it is. */
const ENCODINGS: Readonly<Record<string, readonly [red: number, green: number, blue: number, length: number]>> = {
  rgb8: [0, 1, 2, 3],
  bgr8: [2, 1, 0, 3],
  rgba8: [0, 1, 2, 4],
  bgra8: [2, 1, 0, 4],
  mono8: [0, 0, 0, 1],
};

/** The picture of an `Image`; throws `bad-data` for other encodings and wrong lengths. */
export function rawImage(message: RosMessage<'sensor_msgs/msg/Image'>, topic: string): Image {
  const { width, height, encoding, step } = message;
  const layout = ENCODINGS[encoding];
  if (layout === undefined) {
    const known = Object.keys(ENCODINGS).join(', ');
    throw new VlaError('bad-data', `${topic}: encoding: expected one of ${known}, got "${encoding.slice(0, 40)}".`);
  }
  const [red, green, blue, length] = layout;
  const bytes = base64Bytes(message.data, topic);
  if (step < width * length || bytes.length !== step * height) {
    throw new VlaError(
      'bad-data',
      `${topic}: data: expected ${height} rows of ${step} bytes, got ${bytes.length} bytes.`,
    );
  }
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [from, to] = [y * step + x * length, 3 * (y * width + x)];
      data[to] = bytes[from + red]!;
      data[to + 1] = bytes[from + green]!;
      data[to + 2] = bytes[from + blue]!;
    }
  }
  return { width, height, data };
}

const NOW = { sec: 0, nanosec: 0 };

/** A trajectory of one point, to be reached after `seconds`; a stamp of 0 means at once. */
export function jointTrajectory(joints: readonly string[], positions: readonly number[], seconds: number): object {
  const sec = Math.floor(seconds);
  return {
    header: { stamp: NOW, frame_id: '' },
    joint_names: joints,
    points: [
      {
        positions,
        velocities: [],
        accelerations: [],
        effort: [],
        time_from_start: { sec, nanosec: Math.round((seconds - sec) * 1e9) },
      },
    ],
  };
}

/** Plain numbers. */
export function float64MultiArray(data: readonly number[]): object {
  return { layout: { dim: [], data_offset: 0 }, data };
}

/** The numbers of a `Twist`. */
export const TWIST_PARTS = ['linear.x', 'linear.y', 'linear.z', 'angular.x', 'angular.y', 'angular.z'] as const;

/** Metres and radians per second; what is not given is 0. */
export function twist(parts: Readonly<Partial<Record<(typeof TWIST_PARTS)[number], number>>>): object {
  const vector = (kind: 'linear' | 'angular'): object => ({
    x: parts[`${kind}.x`] ?? 0,
    y: parts[`${kind}.y`] ?? 0,
    z: parts[`${kind}.z`] ?? 0,
  });
  return { linear: vector('linear'), angular: vector('angular') };
}
