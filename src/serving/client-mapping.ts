/** @file What somebody else's server calls the robot's cameras, state and actions: a mapping file for clients, checked against the robot. */

import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import { readMapping } from './mapping-file.ts';

const sizes = z.record(z.string(), z.int().positive());
const file = z.strictObject({
  /** Camera of the robot → what the server calls it. Where images have no names: `image.0`, `image.1`, … */
  images: z.record(z.string(), z.string()).default({}),
  /** Groups of the state in the robot's order, and how many numbers each has; empty: no state is sent. */
  state: sizes.optional(),
  /** Groups of the actions. */
  actions: sizes.optional(),
  /** The key of the instruction. */
  instruction: z.string().optional(),
  /** What is sent as instruction, with `{instruction}` in it. */
  prompt: z
    .string()
    .regex(/\{instruction\}/, 'expected {instruction} in it')
    .optional(),
  /** starVLA: which dataset's statistics the server denormalises with. */
  unnormKey: z.string().optional(),
});

/** What a mapping file says; what it leaves out stays as the protocol has it. */
export type ClientMapping = z.infer<typeof file>;

const EXAMPLE =
  'For example {"images": {"front": "ego_view"}, "state": {"arm": 6, "gripper": 1}, "actions": {"arm": 6, "gripper": 1}}.';

/** Reads a mapping file; throws `bad-data`. */
export function readClientMapping(at: string): ClientMapping {
  return readMapping(at, file, EXAMPLE);
}

/** What is sent for an instruction. */
export function promptOf(instruction: string, mapping: ClientMapping | null): string {
  return mapping?.prompt === undefined ? instruction : mapping.prompt.replaceAll('{instruction}', () => instruction);
}

/** What the server calls each camera, in the robot's order; throws `mismatch` for a camera that the robot has not, and for a name given twice. */
export function cameraNames(
  { cameras }: Embodiment,
  mapping: ClientMapping | null,
  own: (name: string, at: number) => string,
): string[] {
  const known = cameras.map(({ name }) => name);
  const strange = Object.keys(mapping?.images ?? {}).filter((name) => !known.includes(name));
  if (strange.length > 0) {
    throw new VlaError('mismatch', `mapping: expected cameras of ${known.join(', ')}, got ${strange.join(', ')}.`, {
      hint: EXAMPLE,
    });
  }
  const names = known.map((name, i) => mapping?.images[name] ?? own(name, i));
  if (new Set(names).size === names.length) return names;
  throw new VlaError('mismatch', `mapping: expected another name for every camera, got ${names.join(', ')}.`, {
    hint: EXAMPLE,
  });
}

/** Cameras in the order in which a server without names wants them: `image.0` first. Throws `mismatch` for other names, and gaps. */
export function cameraOrder(robot: Embodiment, mapping: ClientMapping | null): string[] {
  const names = cameraNames(robot, mapping, (_, i) => `image.${i}`);
  const order = names.map((_, i) => names.indexOf(`image.${i}`));
  if (!order.includes(-1)) return order.map((at) => robot.cameras[at]!.name);
  throw new VlaError('mismatch', `mapping: expected image.0 to image.${names.length - 1}, got ${names.join(', ')}.`, {
    hint: 'This server takes images by their order, not by names.',
  });
}
