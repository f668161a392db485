/** @file The arm begins elsewhere. */

import type { Perturbation } from './perturbation.ts';

const JOINTS = Array.from({ length: 7 }, (_, i) => `robot0_joint${i + 1}`);
/** Radians, over all joints together: the hand moves by up to about 10 cm. */
const TURN = [0.1, 0.2] as const;

/** Every joint is turned a little, in a random direction of joint space. */
export const armStart: Perturbation = {
  meaning: 'The arm’s joints begin 0.1 to 0.2 rad (all together) away from where they began in the demonstrations.',
  start(start, _, random) {
    const direction = JOINTS.map(() => random.normal());
    const scale = random.range(...TURN) / Math.hypot(...direction);
    for (const [i, joint] of JOINTS.entries()) start.joint(joint)[0]! += scale * direction[i]!;
  },
};
