/** @file Refuses an observation that does not fit the robot: missing camera, wrong size, NaN. */

import { VlaError } from '../base/errors.ts';
import type { Embodiment } from './embodiment.ts';
import type { Observation } from './observation.ts';

const FIT = 'Give what embodiment.json of the policy describes, or use a policy for this robot.';

/**
 * Throws a VlaError unless `observation` has every camera of `embodiment` with whole pixels, and a finite state of the
 * right length. `sizes: 'exact'` also wants the cameras' declared sizes.
 */
export function checkObservation(
  where: string,
  embodiment: Embodiment,
  observation: Observation,
  sizes: 'exact' | 'any' = 'any',
): void {
  for (const camera of embodiment.cameras) checkImage(where, camera, observation, sizes);
  const { names } = embodiment.state;
  const { state } = observation;
  if (state.length !== names.length) {
    throw new VlaError('bad-shape', `${where}: expected a state of ${names.length} values, got ${state.length}.`, {
      hint: FIT,
    });
  }
  const bad = state.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new VlaError(
      'not-finite',
      `${where}: expected a finite state, got ${state[bad]} for "${names[bad]}" (dimension ${bad}).`,
      { hint: 'A sensor or the simulation failed before the policy was asked.' },
    );
  }
}

function checkImage(
  where: string,
  camera: Embodiment['cameras'][number],
  observation: Observation,
  sizes: 'exact' | 'any',
): void {
  const image = Object.hasOwn(observation.images, camera.name) ? observation.images[camera.name] : undefined;
  if (image === undefined) {
    const got = Object.keys(observation.images).join(', ') || 'no image at all';
    throw new VlaError('mismatch', `${where}: expected an image of camera "${camera.name}", got ${got}.`, {
      hint: FIT,
    });
  }
  const { width, height, data } = image;
  if (!(width > 0) || !(height > 0) || data.length !== width * height * 3) {
    throw new VlaError(
      'bad-shape',
      `${where}: expected width × height × 3 bytes from camera "${camera.name}", got ${width} × ${height} and ${data.length} bytes.`,
      { hint: FIT },
    );
  }
  if (sizes === 'exact' && (width !== camera.width || height !== camera.height)) {
    throw new VlaError(
      'bad-shape',
      `${where}: expected ${camera.width} × ${camera.height} pixels from camera "${camera.name}", got ${width} × ${height}.`,
      { hint: FIT },
    );
  }
}
