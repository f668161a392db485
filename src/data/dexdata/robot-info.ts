/**
 * @file What Dexdata has no place for and LeRobot needs: rate, robot, names of cameras and numbers. A conversion from LeRobot leaves it in the dataset's
 * folder as dexdata.json, which other readers pass over.
 */

import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { readJson } from '../../base/files.ts';
import type { Feature } from '../../interfaces/episode.ts';

/** The contents of dexdata.json. */
export interface RobotInfo {
  readonly version: 1;
  readonly fps: number;
  readonly robotType: string | null;
  /** LeRobot's features of `images_1`, `images_2` … */
  readonly cameras: readonly string[];
  /** LeRobot's features without the cameras and the standard ones: state, action, and what lies in `extra.features` of a line. */
  readonly features: Readonly<Record<string, Feature>>;
}

/** The file's name. */
export const ROBOT_INFO_NAME = 'dexdata.json';

const featureSchema: z.ZodType<Feature> = z.strictObject({
  dtype: z.enum(['float32', 'float64', 'int64', 'int32', 'bool', 'image', 'video', 'string']),
  shape: z.array(z.number().int().positive()).readonly(),
  names: z.array(z.string()).readonly().nullable(),
});
const infoSchema: z.ZodType<RobotInfo> = z.object({
  version: z.literal(1),
  fps: z.number().positive(),
  robotType: z.string().nullable(),
  cameras: z.array(z.string()).readonly(),
  features: z.record(z.string(), featureSchema).readonly(),
});

/** The dataset's dexdata.json; null where there is none. */
export function readRobotInfo(root: string): RobotInfo | null {
  const file = path.join(root, ROBOT_INFO_NAME);
  if (!fs.existsSync(file)) return null;
  const checked = infoSchema.safeParse(readJson(file));
  if (checked.success) return checked.data;
  throw new VlaError('bad-data', `${file}: ${z.prettifyError(checked.error)}`, {
    hint: 'Delete the file and name rate and cameras yourself, or convert the dataset again.',
  });
}
