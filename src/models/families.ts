/** @file Every model family, by the name that config.json holds. */

import { VlaError, lookUp } from '../base/errors.ts';
import type { AnyFamily } from './family.ts';
import { dm0 } from './dm0/family.ts';
import { qwenVla } from './qwen-vla/family.ts';
import { xiaomiRobotics0 } from './xiaomi-robotics-0/family.ts';
import { zr0 } from './zr-0/family.ts';

/** All families. */
export const FAMILIES: Readonly<Record<string, AnyFamily>> = Object.fromEntries(
  [dm0, qwenVla, xiaomiRobotics0, zr0].map((family) => [family.name, family]),
);

/** The family that a config.json names. */
export function familyOf(config: unknown, where: string): AnyFamily {
  const family = (config as { family?: unknown } | null)?.family;
  if (typeof family === 'string') return lookUp(`${where}: model family`, family, FAMILIES);
  throw new VlaError('bad-data', `${where}: expected a model configuration with a "family", got none.`, {
    hint: `Families: ${Object.keys(FAMILIES).join(', ')}.`,
  });
}
