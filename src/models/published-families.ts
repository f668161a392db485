/** @file The published checkpoints that can be read: a hand-written list, one entry per family. */

import { DM0_PUBLISHED } from './dm0/published.ts';
import type { PublishedFamily } from './published-layout.ts';
import { QWEN_VLA_PUBLISHED } from './qwen-vla/published.ts';
import { XIAOMI_PUBLISHED } from './xiaomi-robotics-0/published.ts';
import { ZR0_PUBLISHED } from './zr-0/published.ts';

/** Every family whose published folders are known, in the order in which they are tried. */
export const PUBLISHED_FAMILIES: readonly PublishedFamily[] = [
  DM0_PUBLISHED,
  XIAOMI_PUBLISHED,
  ZR0_PUBLISHED,
  QWEN_VLA_PUBLISHED,
];
