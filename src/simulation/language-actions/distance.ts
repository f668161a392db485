/** @file Distances between the shapes of links (segments with a radius) and of things (boxes); plain numbers, no garbage. */

/**
 * Squared distance from the segment a–b to the box with half sizes h, all in the box's own frame; 0 inside. The squared distance of a
 * point is convex along the segment and its derivative piecewise linear: Newton's method, kept within a bracket, is exact in a few steps.
 */
export function segmentBoxSquared(
  ax: number,
  ay: number,
  az: number,
  bx: number,
  by: number,
  bz: number,
  hx: number,
  hy: number,
  hz: number,
): number {
  const dx = bx - ax;
  const dy = by - ay;
  const dz = bz - az;
  let low = 0;
  let high = 1;
  let t = 0.5;
  for (let i = 0; i < 24; i++) {
    const ex = excess(ax + t * dx, hx);
    const ey = excess(ay + t * dy, hy);
    const ez = excess(az + t * dz, hz);
    const slope = ex * dx + ey * dy + ez * dz;
    const curve = (ex === 0 ? 0 : dx * dx) + (ey === 0 ? 0 : dy * dy) + (ez === 0 ? 0 : dz * dz);
    // Level here, and so the least: inside the box, or along one of its faces.
    if (curve === 0) break;
    if (slope > 0) high = t;
    else low = t;
    let next = t - slope / curve;
    if (next <= 0 && low === 0) next = 0;
    else if (next >= 1 && high === 1) next = 1;
    else if (next <= low || next >= high) next = (low + high) / 2;
    if (Math.abs(next - t) < 1e-9) break;
    t = next;
  }
  return excess(ax + t * dx, hx) ** 2 + excess(ay + t * dy, hy) ** 2 + excess(az + t * dz, hz) ** 2;
}

/** How far a coordinate lies outside [−half, half], with its sign. */
function excess(value: number, half: number): number {
  return value > half ? value - half : value < -half ? value + half : 0;
}

/** Squared distance between the segments a–b and c–d (each six numbers of `p`, from `at` on). */
export function segmentsSquared(p: Float64Array, at: number, q: Float64Array, to: number): number {
  const ux = p[at + 3]! - p[at]!;
  const uy = p[at + 4]! - p[at + 1]!;
  const uz = p[at + 5]! - p[at + 2]!;
  const vx = q[to + 3]! - q[to]!;
  const vy = q[to + 4]! - q[to + 1]!;
  const vz = q[to + 5]! - q[to + 2]!;
  const rx = p[at]! - q[to]!;
  const ry = p[at + 1]! - q[to + 1]!;
  const rz = p[at + 2]! - q[to + 2]!;
  const uu = ux * ux + uy * uy + uz * uz;
  const vv = vx * vx + vy * vy + vz * vz;
  const uv = ux * vx + uy * vy + uz * vz;
  const ur = ux * rx + uy * ry + uz * rz;
  const vr = vx * rx + vy * ry + vz * rz;
  const determinant = uu * vv - uv * uv;
  let s = determinant > 1e-12 * uu * vv ? unit((uv * vr - ur * vv) / determinant) : 0;
  let t = vv > 0 ? (uv * s + vr) / vv : 0;
  // Beyond an end of c–d: that end, and the nearest point of a–b to it.
  if (t < 0 || t > 1 || vv === 0) {
    t = unit(t);
    s = uu > 0 ? unit((uv * t - ur) / uu) : 0;
  }
  return (rx + s * ux - t * vx) ** 2 + (ry + s * uy - t * vy) ** 2 + (rz + s * uz - t * vz) ** 2;
}

function unit(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/**
 * Whether two boxes touch: box a has half sizes `a`, box b half sizes `b`, centre `t` and axes `r` (row-major, columns are b's axes) in a's
 * frame. Fifteen separating axes; boxes that only nearly meet edge to edge may count as touching.
 */
export function boxesTouch(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  t: ArrayLike<number>,
  r: ArrayLike<number>,
): boolean {
  const a0 = a[0]!;
  const a1 = a[1]!;
  const a2 = a[2]!;
  const b0 = b[0]!;
  const b1 = b[1]!;
  const b2 = b[2]!;
  for (let i = 0; i < 3; i++) {
    const own = b0 * Math.abs(r[3 * i]!) + b1 * Math.abs(r[3 * i + 1]!) + b2 * Math.abs(r[3 * i + 2]!);
    if (Math.abs(t[i]!) > a[i]! + own) return false;
    const along = t[0]! * r[i]! + t[1]! * r[3 + i]! + t[2]! * r[6 + i]!;
    const other = a0 * Math.abs(r[i]!) + a1 * Math.abs(r[3 + i]!) + a2 * Math.abs(r[6 + i]!);
    if (Math.abs(along) > b[i]! + other) return false;
  }
  for (let i = 0; i < 3; i++) {
    const i1 = (i + 1) % 3;
    const i2 = (i + 2) % 3;
    for (let j = 0; j < 3; j++) {
      const j1 = (j + 1) % 3;
      const j2 = (j + 2) % 3;
      const gap = Math.abs(t[i2]! * r[3 * i1 + j]! - t[i1]! * r[3 * i2 + j]!);
      const ra = a[i1]! * Math.abs(r[3 * i2 + j]!) + a[i2]! * Math.abs(r[3 * i1 + j]!);
      const rb = b[j1]! * Math.abs(r[3 * i + j2]!) + b[j2]! * Math.abs(r[3 * i + j1]!);
      if (gap > ra + rb + 1e-12) return false;
    }
  }
  return true;
}
