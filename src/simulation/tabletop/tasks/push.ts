/** @file Push: slide the named object into the dark zone with the closed gripper. */

import type { Vector3 } from '../../../base/rotation.ts';
import { chooseTarget } from '../draw.ts';
import { funnel, planarDistance } from '../motion.ts';
import { blocksScene, pushable } from '../scenes.ts';
import type { Task } from '../task.ts';
import type { World } from '../world.ts';
import { MARK_HALF } from '../world-model.ts';

/** The object's centre must be this near to the zone's along x and y, metres. */
const INSIDE = MARK_HALF - 0.005;
/** Where the hand waits behind the object, beyond its edge; metres. */
const STANDOFF = 0.034;
/** Height of the grip site while pushing, metres. */
const LOW = 0.02;

/** Push the named object into the zone. */
export const push: Task = {
  name: 'push',
  maxSteps: 140,
  phrasings: {
    train: [
      'push the {object} into the zone',
      'slide the {object} into the dark zone',
      'move the {object} into the zone',
      'please slide the {object} into the zone',
    ],
    heldOut: ['please push the {object} into the dark zone', 'move the {object} into the dark zone'],
  },
  subtasks: ['go behind', 'push'],
  steps: {
    'go behind': { instruction: 'go behind the {object}', because: 'the gripper is not behind the {object}' },
    push: { instruction: 'push the {object} into the dark zone', because: 'the gripper is behind the {object}' },
  },
  scene: 'blocks',
  goals: () => [],

  layout(random) {
    const scene = blocksScene(random);
    return { ...scene, goal: 0, ...chooseTarget(random, pushable(scene)) };
  },

  judge(world) {
    if (world.others().some((object) => isInZone(world, object))) return 'wrong';
    return isInZone(world, world.layout.target) ? 'success' : 'running';
  },

  plan(world) {
    const { target, marks } = world.layout;
    const [object, hand] = [world.position(target), world.robot.position()];
    const zone = marks[0]!;
    const way = Math.hypot(zone.x - object[0], zone.y - object[1]) + 1e-6;
    const [ex, ey] = [(zone.x - object[0]) / way, (zone.y - object[1]) / way];
    // The hand in the frame of the way: along it (negative = behind the object) and beside it.
    const [qx, qy] = [hand[0] - object[0], hand[1] - object[1]];
    const along = qx * ex + qy * ey;
    const [sideX, sideY] = [qx - along * ex, qy - along * ey];
    const behind = world.reach(target, Math.atan2(ey, ex));
    if (hand[2] < LOW + 0.017 && along < -0.5 * behind && Math.hypot(sideX, sideY) < 0.024) {
      const position: Vector3 = [hand[0] + 0.06 * ex - 1.5 * sideX, hand[1] + 0.06 * ey - 1.5 * sideY, LOW];
      return { subtask: 'push', aim: { position, yaw: 0, gripper: 'close', speed: 0.8 } };
    }
    const start: Vector3 = [object[0] - ex * (behind + STANDOFF), object[1] - ey * (behind + STANDOFF), LOW];
    const height = funnel(planarDistance(hand, start), LOW, LOW + 0.08, 0.012, 0.03);
    return { subtask: 'go behind', aim: { position: [start[0], start[1], height], yaw: 0, gripper: 'close' } };
  },

  goal(world) {
    const { x, y } = world.layout.marks[0]!;
    return { position: [x, y, 0], geom: 'mark0' };
  },
};

function isInZone(world: World, object: number): boolean {
  const [x, y, z] = world.position(object);
  const zone = world.layout.marks[0]!;
  return Math.abs(x - zone.x) < INSIDE && Math.abs(y - zone.y) < INSIDE && z < 0.06 && z > 0;
}
