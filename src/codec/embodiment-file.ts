/** @file The check of an embodiment that comes out of a file: embodiment.json of a checkpoint, or a recorded dataset. */

import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';

const numbers = z.array(z.number()).readonly();
const vector = z.object({
  names: z.array(z.string()).min(1).readonly(),
  convention: z.object({
    rotation: z.enum(['axis-angle', 'quaternion-xyzw', 'quaternion-wxyz', 'euler-xyz', 'rotation-6d', 'none']),
    frame: z.enum(['base', 'world', 'end-effector', 'camera', 'joint']),
    gripper: z.enum([
      'close-positive',
      'close-negative',
      'close-zero-open-one',
      'close-zero-open-hundred',
      'finger-positions',
      'none',
    ]),
    reference: z.enum(['absolute', 'delta', 'relative-to-chunk-start']),
    unit: z.enum(['si', 'normalised', 'degrees', 'percent']),
  }),
  low: numbers.exactOptional(),
  high: numbers.exactOptional(),
});
const whole = z.number().int().positive();

const schema: z.ZodType<Embodiment> = z.object({
  name: z.string(),
  cameras: z
    .array(z.object({ name: z.string(), width: whole, height: whole, label: z.string().exactOptional() }))
    .readonly(),
  state: vector,
  action: vector,
  controlHz: z.number().positive(),
  holdAction: numbers.nullable(),
  body: z
    .object({
      tag: z.string(),
      arms: z.union([z.literal(0), z.literal(1), z.literal(2)]),
      waist: z.boolean(),
      mobileBase: z.boolean(),
    })
    .exactOptional(),
});

/** The embodiment in `value`; throws `bad-data` that names the field. `where` names the file. */
export function parseEmbodiment(value: unknown, where: string): Embodiment {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new VlaError('bad-data', `${where}: embodiment: ${path.join('.') || 'the whole'}: ${message}.`, {
    cause: result.error,
    hint: 'The file was edited or belongs to another version.',
  });
}
