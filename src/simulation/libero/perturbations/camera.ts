/** @file The scene camera looks from elsewhere, at the same place of the table. The camera in the hand stays. */

import type { Random } from '../../../base/random.ts';
import {
  axisAngleToQuaternion,
  multiplyQuaternions,
  normaliseQuaternion,
  rotateVector,
} from '../../../base/rotation.ts';
import type { Quaternion, Vector3 } from '../../../base/rotation.ts';
import type { LiberoTask } from '../task-model.ts';
import { elementsOf, numbersOf, readXml, setAttributes, writeXml } from '../xml-tree.ts';
import type { Perturbation } from './perturbation.ts';

const CAMERA = 'agentview';
const DEGREE = Math.PI / 180;
/** Around the vertical, either way. */
const AZIMUTH = [10 * DEGREE, 20 * DEGREE] as const;
/** Up or down. */
const ELEVATION = [3 * DEGREE, 8 * DEGREE] as const;
/** Factors on the distance. */
const DISTANCE = [0.95, 1.1] as const;

/** Orbits of 10° to 20°, 3° to 8° higher or lower, a little nearer or farther. */
export const movedCamera: Perturbation = {
  meaning: 'The scene camera looks from 10° to 20° further round and 3° to 8° higher or lower, at the same place.',
  task(task, random) {
    const root = readXml(task.xml, task.name);
    for (const camera of elementsOf(root, 'camera')) {
      if (camera.attributes.get('name') !== CAMERA) continue;
      const position = numbersOf(camera, 'pos') as unknown as Vector3;
      const orientation = normaliseQuaternion(numbersOf(camera, 'quat') as unknown as Quaternion);
      const moved = orbit(position, orientation, surfaceHeight(task), {
        azimuth: eitherWay(random, AZIMUTH),
        elevation: eitherWay(random, ELEVATION),
        distance: random.range(...DISTANCE),
      });
      setAttributes(camera, { pos: moved.position, quat: moved.orientation });
    }
    return { ...task, xml: writeXml(root) };
  },
};

/** Where objects are put, metres above the world's floor. */
export function surfaceHeight(task: LiberoTask): number {
  return task.placements[0]?.reference[2] ?? 0;
}

function eitherWay(random: Random, [low, high]: readonly [number, number]): number {
  const value = random.range(low, high);
  return random.integer(2) === 0 ? value : -value;
}

/** The camera on a sphere around what it looks at, at height `height`; angles in radians. */
export function orbit(
  position: Vector3,
  orientation: Quaternion,
  height: number,
  { azimuth, elevation, distance }: { azimuth: number; elevation: number; distance: number },
): { position: Vector3; orientation: Quaternion } {
  // MuJoCo's cameras look along −z, and x is to the right of the picture.
  const gaze = rotateVector(orientation, [0, 0, -1]);
  const reach = gaze[2] < 0 ? (height - position[2]) / gaze[2] : 1;
  const pivot: Vector3 = [0, 1, 2].map((i) => position[i]! + reach * gaze[i]!) as unknown as Vector3;
  const right = rotateVector(orientation, [1, 0, 0]);
  const turn = multiplyQuaternions(
    axisAngleToQuaternion([0, 0, azimuth]),
    axisAngleToQuaternion([-elevation * right[0], -elevation * right[1], -elevation * right[2]]),
  );
  const arm: Vector3 = [0, 1, 2].map((i) => distance * (position[i]! - pivot[i]!)) as unknown as Vector3;
  const turned = rotateVector(turn, arm);
  return {
    position: [pivot[0] + turned[0], pivot[1] + turned[1], pivot[2] + turned[2]],
    orientation: multiplyQuaternions(turn, orientation),
  };
}
