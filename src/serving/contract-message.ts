/** @file The contract as it travels in a server's metadata, and its check by whoever reads it. */

import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { embodimentDifferences } from '../interfaces/embodiment-fit.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { PolicyContract } from './policy-service.ts';

/** Changes with anything that old and new sides would understand differently. */
const VERSION = 1;
const LONGEST_TEXT = 1000;

const text = z.string().max(LONGEST_TEXT);
const numbers = z.array(z.number()).max(4096);
const vector = z.object({
  names: z.array(text).min(1).max(4096),
  convention: z.object({
    rotation: z.enum(['axis-angle', 'quaternion-xyzw', 'quaternion-wxyz', 'euler-xyz', 'rotation-6d', 'none']),
    frame: z.enum(['base', 'world', 'end-effector', 'camera', 'joint']),
    gripper: z.enum(['close-positive', 'close-negative', 'close-zero-open-one', 'finger-positions', 'none']),
    reference: z.enum(['absolute', 'delta', 'relative-to-chunk-start']),
    unit: z.enum(['si', 'normalised']),
  }),
  low: numbers.exactOptional(),
  high: numbers.exactOptional(),
});
const whole = z.int().positive();
const schema = z.object({
  version: z.literal(VERSION),
  policy: text,
  embodiment: z.object({
    name: text,
    cameras: z.array(z.object({ name: text, width: whole, height: whole, label: text.exactOptional() })).max(64),
    state: vector,
    action: vector,
    controlHz: z.number().positive(),
    holdAction: numbers.nullable(),
    body: z
      .object({
        tag: text,
        arms: z.union([z.literal(0), z.literal(1), z.literal(2)]),
        waist: z.boolean(),
        mobileBase: z.boolean(),
      })
      .exactOptional(),
  }),
  horizon: whole,
  statistics: text.nullable(),
  continues: z.object({ kind: z.enum(['prefix', 'guided', 'guided-forward']), longest: z.int().min(0) }).nullable(),
});

/** The contract as plain data. */
export function contractMessage(contract: PolicyContract): Readonly<Record<string, unknown>> {
  return { version: VERSION, ...contract };
}

/** A contract from a message; `bad-data` that names the field. `where` names the server. */
export function contractOfMessage(message: unknown, where: string): PolicyContract {
  const parsed = schema.safeParse(message);
  if (parsed.success) {
    const { version: _, ...contract } = parsed.data;
    return contract;
  }
  const { path, message: what } = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `${where}: contract: ${path.join('.') || 'the whole'}: ${what}.`, {
    hint: 'Use the same version of vlakit on both sides.',
  });
}

/** Throws a `mismatch` with every difference between the robot and the one that the policy was made for. */
export function requireRobot({ policy, embodiment }: PolicyContract, robot: Embodiment, where: string): void {
  const differences = embodimentDifferences(embodiment, robot);
  const sizes = embodiment.cameras.flatMap(({ name, width, height }) => {
    const own = robot.cameras.find((camera) => camera.name === name);
    if (own === undefined || (own.width === width && own.height === height)) return [];
    return [`camera ${name}: expected ${width} × ${height} pixels, got ${own.width} × ${own.height}`];
  });
  const all = [...differences, ...sizes];
  if (all.length === 0) return;
  throw new VlaError(
    'mismatch',
    `${where}: policy "${policy}" does not fit robot "${robot.name}": ${all.join('; ')}.`,
    {
      hint:
        differences.length === 0
          ? 'Give images of the expected size (a simulator: --image-size); nothing is resized silently.'
          : 'Use a policy that was made for this robot; nothing is converted silently.',
    },
  );
}
