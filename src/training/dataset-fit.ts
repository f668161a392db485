/** @file Whether a dataset is of the robot that a recipe trains for: sizes, names, cameras and rate. Node only. */

import { VlaError } from '../base/errors.ts';
import { cameraName } from '../data/samples.ts';
import type { Dataset } from '../interfaces/episode.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';

/** Rates that differ by no more than this share are the same: strides such as 30 / 20 are rounded. */
const RATE_TOLERANCE = 1e-6;

/**
 * Throws `mismatch` unless states and actions of `dataset` have the sizes of `embodiment`, its names (where the dataset
 * has any) and, at `stride` frames per action, its rate; and unless those of `cameras` that it has give pictures of the
 * embodiment's size, the only size that the policy will take.
 */
export function requireDatasetFit(
  dataset: Dataset,
  embodiment: Embodiment,
  stride: number,
  cameras: readonly string[],
): void {
  const { name, fps, features } = dataset;
  for (const [feature, { names }] of [
    ['observation.state', embodiment.state],
    ['action', embodiment.action],
  ] as const) {
    const { shape, names: own } = features[feature] ?? { shape: [0], names: null };
    const size = shape.reduce((a, b) => a * b, 1);
    if (size !== names.length) {
      throw new VlaError(
        'mismatch',
        `${name}: "${feature}": expected ${names.length} numbers (${embodiment.name}), got ${size}.`,
        { hint: 'The dataset is of another robot: correct codec.embodiment or data.datasets.' },
      );
    }
    const at = own === null ? -1 : names.findIndex((expected, d) => expected !== own[d]);
    if (at < 0) continue;
    throw new VlaError(
      'mismatch',
      `${name}: "${feature}", dimension ${at}: expected "${names[at]}" (${embodiment.name}), got "${own![at]}".`,
      { hint: 'Give codec.embodiment the names and the order of the dataset (features in meta/info.json).' },
    );
  }
  for (const feature of dataset.cameras) {
    const camera = cameras.includes(cameraName(feature))
      ? embodiment.cameras.find((one) => one.name === cameraName(feature))
      : undefined;
    const [height, width] = features[feature]!.shape;
    if (camera === undefined || (camera.width === width && camera.height === height)) continue;
    throw new VlaError(
      'mismatch',
      `${name}: "${feature}": expected ${camera.width} × ${camera.height} pixels (${embodiment.name}), got ${width} × ${height}.`,
      { hint: 'Give the camera in codec.embodiment the size of the dataset’s pictures.' },
    );
  }
  if (stride !== 1 && embodiment.action.convention.reference === 'delta') {
    throw new VlaError(
      'mismatch',
      `data.stride: expected 1, since the actions of ${embodiment.name} are changes, got ${stride}.`,
      { hint: 'The changes of frames that are left out would be lost: train at the dataset’s own rate.' },
    );
  }
  const rate = fps / stride;
  if (Math.abs(rate - embodiment.controlHz) <= RATE_TOLERANCE * embodiment.controlHz) return;
  throw new VlaError(
    'mismatch',
    `${name}: expected ${embodiment.controlHz} actions per second (${embodiment.name}), got ${rate}: ${fps} frames per second at data.stride ${stride}.`,
    { hint: 'Correct codec.embodiment.controlHz, or set data.stride to frames per second / controlHz.' },
  );
}
