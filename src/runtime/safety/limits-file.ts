/** @file `limits.json`: how a robot may move, in a file beside the robot's driver. */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { readJson, writeFileAtomic } from '../../base/files.ts';
import type { MotionLimits } from '../../interfaces/motion-limits.ts';

const positive = z.number().positive();
const pair = z.tuple([z.number(), z.number()]).readonly();
const triple = z.tuple([z.number(), z.number(), z.number()]).readonly();
const name = z.string().min(1);

const axis = z.discriminatedUnion('kind', [
  z.strictObject({
    name,
    kind: z.literal('motion'),
    scale: positive,
    position: pair.nullable(),
    state: name.nullable(),
    velocity: positive,
    acceleration: positive,
    jerk: positive,
  }),
  z.strictObject({ name, kind: z.literal('gripper'), position: pair, velocity: positive.nullable() }),
]);

const workspace = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('chain'),
    name,
    low: triple,
    high: triple,
    links: z
      .array(
        z.strictObject({
          action: name.nullable(),
          joint: z.enum(['revolute', 'prismatic']),
          position: triple,
          rotation: triple,
          axis: triple.refine((axis) => Math.abs(Math.hypot(...axis) - 1) < 1e-6, 'expected an axis of length 1'),
        }),
      )
      .min(1)
      .readonly(),
  }),
  z.strictObject({
    kind: z.literal('planar'),
    name,
    low: pair,
    high: pair,
    action: z.tuple([name, name, name]).readonly(),
    state: z.tuple([name, name, name, name]).readonly(),
  }),
]);

const schema: z.ZodType<MotionLimits> = z.strictObject({
  embodiment: name,
  axes: z.array(axis).min(1).readonly(),
  workspaces: z.array(workspace).readonly(),
  hold: z.enum(['hold-action', 'last-target']),
  derived: z.array(z.string()).readonly(),
});

/** The limits in `value`; throws `bad-data` that names the field. Nothing has a default, and nothing is ignored. `where` names the file. */
export function parseLimits(value: unknown, where: string): MotionLimits {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new VlaError('bad-data', `${where}: limits: ${path.join('.') || 'the whole'}: ${message}.`, {
    cause: result.error,
    hint: 'docs/guides/safety.md says what belongs into limits.json.',
  });
}

/** Reads a limits.json. */
export function readLimits(file: string): MotionLimits {
  return parseLimits(readJson(file), file);
}

/** Writes a limits.json. */
export function writeLimits(file: string, limits: MotionLimits): void {
  writeFileAtomic(file, `${JSON.stringify(limits, null, 2)}\n`);
}
