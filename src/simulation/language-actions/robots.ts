/** @file The six arms of the generator: those of Qwen-VLA's language-action data (papers/qwen-vla, section 3.2.3). */

import type { RobotArm } from './robot.ts';
import { FRANKA_PANDA } from './robots/franka-panda.ts';
import { KINOVA_GEN3 } from './robots/kinova-gen3.ts';
import { TM12 } from './robots/tm12.ts';
import { UR10E, UR5E } from './robots/universal-robots.ts';
import { XARM7 } from './robots/xarm7.ts';

/** By name. */
export const ROBOTS: Readonly<Record<string, RobotArm>> = Object.fromEntries(
  [FRANKA_PANDA, UR5E, UR10E, KINOVA_GEN3, TM12, XARM7].map((robot) => [robot.name, robot]),
);
