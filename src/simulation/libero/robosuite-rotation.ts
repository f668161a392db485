/** @file Robosuite's matrix of a quaternion (utils/transform_utils.py): computed in 32-bit floats, with the roundings that numba gives it. */

import type { Matrix3, Quaternion } from '../../base/rotation.ts';

/** The rotation matrix of a quaternion (w, x, y, z), with errors of some 1e-8. */
export function robosuiteMatrix(quaternion: Quaternion): Matrix3 {
  const f = Math.fround;
  const single = quaternion.map(f);
  let norm = 0;
  for (const value of [...single].reverse()) norm = f(norm + f(value * value));
  const scale = Math.sqrt(2 / norm);
  const scaled = single.map((value) => f(value * scale));
  const p = (i: number, k: number): number => f(scaled[i]! * scaled[k]!);
  return [
    1 - p(2, 2) - p(3, 3),
    f(p(1, 2) - p(3, 0)),
    f(p(1, 3) + p(2, 0)),
    f(p(1, 2) + p(3, 0)),
    1 - p(1, 1) - p(3, 3),
    f(p(2, 3) - p(1, 0)),
    f(p(1, 3) - p(2, 0)),
    f(p(2, 3) + p(1, 0)),
    1 - p(1, 1) - p(2, 2),
  ];
}
