/**
 * @file Rotations in the formats that robots use: quaternion (w, x, y, z), axis-angle, matrix (row-major 3 × 3), euler angles, 6-d.
 * All are active rotations of right-handed frames; angles in radians. A matrix maps body coordinates to the parent frame.
 */

/** Three numbers: a position in metres, or an axis times an angle in radians. */
export type Vector3 = readonly [number, number, number];
/** Unit quaternion, scalar first (MuJoCo's order). q and −q are the same rotation. */
export type Quaternion = readonly [w: number, x: number, y: number, z: number];
/** Row-major 3 × 3. */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number];

/** No rotation. */
export const IDENTITY: Quaternion = [1, 0, 0, 0];

/** The product a·b: first b, then a. */
export function multiplyQuaternions(a: Quaternion, b: Quaternion): Quaternion {
  return [
    a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
    a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
    a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
    a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
  ];
}

/** The inverse of a unit quaternion. */
export function invertQuaternion([w, x, y, z]: Quaternion): Quaternion {
  return [w, -x, -y, -z];
}

/** Scales to unit length; a zero quaternion becomes the identity. */
export function normaliseQuaternion([w, x, y, z]: Quaternion): Quaternion {
  const length = Math.hypot(w, x, y, z);
  return length === 0 ? IDENTITY : [w / length, x / length, y / length, z / length];
}

/** The vector `v` rotated by `q`. */
export function rotateVector(q: Quaternion, v: Vector3): Vector3 {
  const m = quaternionToMatrix(q);
  return [
    m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
    m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
    m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
  ];
}

/** x, y, z, w (SciPy, robosuite, ROS) to w, x, y, z. */
export function fromXyzw([x, y, z, w]: readonly [number, number, number, number]): Quaternion {
  return [w, x, y, z];
}

/** w, x, y, z to x, y, z, w. */
export function toXyzw([w, x, y, z]: Quaternion): [number, number, number, number] {
  return [x, y, z, w];
}

/**
 * Axis times angle, angle in [0, 2π) as the quaternion's sign says: no antipodal normalisation, so that it stays continuous where a
 * robot's quaternion does (LIBERO's state does the same; a downward gripper sits at angle π, where normalising would flip the axis).
 */
export function quaternionToAxisAngle([w, x, y, z]: Quaternion): Vector3 {
  const sine = Math.hypot(x, y, z);
  if (sine < 1e-12) return [2 * x, 2 * y, 2 * z];
  const scale = (2 * Math.atan2(sine, w)) / sine;
  return [x * scale, y * scale, z * scale];
}

/** Axis times the shortest angle, in [0, π]. */
export function quaternionToShortestAxisAngle([w, x, y, z]: Quaternion): Vector3 {
  return quaternionToAxisAngle(w < 0 ? [-w, -x, -y, -z] : [w, x, y, z]);
}

/** The rotation by |v| radians about v. */
export function axisAngleToQuaternion([x, y, z]: Vector3): Quaternion {
  const angle = Math.hypot(x, y, z);
  // sin(a/2)/a by its series near zero, exact to the last bit there.
  const scale = angle < 1e-6 ? 0.5 - (angle * angle) / 48 : Math.sin(angle / 2) / angle;
  return normaliseQuaternion([Math.cos(angle / 2), x * scale, y * scale, z * scale]);
}

/** The rotation matrix of a unit quaternion, row-major. */
export function quaternionToMatrix([w, x, y, z]: Quaternion): Matrix3 {
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    1 - 2 * (x * x + z * z),
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    1 - 2 * (x * x + y * y),
  ];
}

/** The quaternion of a rotation matrix, w ≥ 0 (Shepperd's method: divides by the largest component). */
export function matrixToQuaternion(m: ArrayLike<number>): Quaternion {
  const trace = m[0]! + m[4]! + m[8]!;
  let q: Quaternion;
  if (trace >= m[0]! && trace >= m[4]! && trace >= m[8]!) {
    q = [1 + trace, m[7]! - m[5]!, m[2]! - m[6]!, m[3]! - m[1]!];
  } else if (m[0]! >= m[4]! && m[0]! >= m[8]!) {
    q = [m[7]! - m[5]!, 1 + m[0]! - m[4]! - m[8]!, m[1]! + m[3]!, m[2]! + m[6]!];
  } else if (m[4]! >= m[8]!) {
    q = [m[2]! - m[6]!, m[1]! + m[3]!, 1 - m[0]! + m[4]! - m[8]!, m[5]! + m[7]!];
  } else {
    q = [m[3]! - m[1]!, m[2]! + m[6]!, m[5]! + m[7]!, 1 - m[0]! - m[4]! + m[8]!];
  }
  const unit = normaliseQuaternion(q);
  return unit[0] < 0 ? [-unit[0], -unit[1], -unit[2], -unit[3]] : unit;
}

/** a · b, row-major. */
export function multiplyMatrices(a: Matrix3, b: Matrix3): Matrix3 {
  const entry = (i: number, j: number): number =>
    a[3 * i]! * b[j]! + a[3 * i + 1]! * b[3 + j]! + a[3 * i + 2]! * b[6 + j]!;
  return [
    entry(0, 0),
    entry(0, 1),
    entry(0, 2),
    entry(1, 0),
    entry(1, 1),
    entry(1, 2),
    entry(2, 0),
    entry(2, 1),
    entry(2, 2),
  ];
}

/** The transpose, which is a rotation's inverse. */
export function transposeMatrix(m: Matrix3): Matrix3 {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

/**
 * Roll, pitch, yaw: rotations about the FIXED axes x, then y, then z (R = Rz(yaw)·Ry(pitch)·Rx(roll); URDF's rpy, SciPy's "xyz").
 */
export function eulerToQuaternion([roll, pitch, yaw]: Vector3): Quaternion {
  const [cr, sr] = [Math.cos(roll / 2), Math.sin(roll / 2)];
  const [cp, sp] = [Math.cos(pitch / 2), Math.sin(pitch / 2)];
  const [cy, sy] = [Math.cos(yaw / 2), Math.sin(yaw / 2)];
  return [
    cr * cp * cy + sr * sp * sy,
    sr * cp * cy - cr * sp * sy,
    cr * sp * cy + sr * cp * sy,
    cr * cp * sy - sr * sp * cy,
  ];
}

/** Roll in (−π, π], pitch in [−π/2, π/2], yaw in (−π, π]. At pitch ±π/2 roll is set to 0. */
export function quaternionToEuler(q: Quaternion): Vector3 {
  const m = quaternionToMatrix(q);
  const sine = Math.max(-1, Math.min(1, -m[6]));
  if (Math.abs(sine) > 1 - 1e-12) return [0, Math.sign(sine) * (Math.PI / 2), Math.atan2(-m[1], m[4])];
  return [Math.atan2(m[7], m[8]), Math.asin(sine), Math.atan2(m[3], m[0])];
}

/** The first two COLUMNS of the matrix, one after the other (Zhou et al. 2019, arXiv 1812.07035). */
export function quaternionToRotation6d(q: Quaternion): [number, number, number, number, number, number] {
  const m = quaternionToMatrix(q);
  return [m[0], m[3], m[6], m[1], m[4], m[7]];
}

/** Gram–Schmidt on the two columns; any six numbers with independent halves give a rotation. */
export function rotation6dToMatrix(r: ArrayLike<number>): Matrix3 {
  const a = unit([r[0]!, r[1]!, r[2]!]);
  const along = a[0] * r[3]! + a[1] * r[4]! + a[2] * r[5]!;
  const b = unit([r[3]! - along * a[0], r[4]! - along * a[1], r[5]! - along * a[2]]);
  const c = cross(a, b);
  return [a[0], b[0], c[0], a[1], b[1], c[1], a[2], b[2], c[2]];
}

/** As `rotation6dToMatrix`, as a quaternion. */
export function rotation6dToQuaternion(r: ArrayLike<number>): Quaternion {
  return matrixToQuaternion(rotation6dToMatrix(r));
}

/** The angle between two orientations, in [0, π]. */
export function angleBetween(a: Quaternion, b: Quaternion): number {
  const [w, x, y, z] = multiplyQuaternions(invertQuaternion(a), b);
  return 2 * Math.atan2(Math.hypot(x, y, z), Math.abs(w));
}

/** An angle brought into [−period/2, period/2); the default period is a full turn. */
export function wrapAngle(angle: number, period = 2 * Math.PI): number {
  return angle - period * Math.floor(angle / period + 0.5);
}

/** a × b. */
export function cross(a: Vector3, b: Vector3): Vector3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit([x, y, z]: Vector3): Vector3 {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
