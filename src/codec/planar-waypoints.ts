/**
 * @file Waypoints of navigation (papers/qwen-vla, "Control signal types"): (Δx, Δy, Δθ), each in the frame of the one before, and the same
 * way as poses in the frame of its start. Metres and radians; x ahead, y to the left, θ to the left.
 */

/** Numbers of a waypoint. */
const SIZE = 3;

/** Row-major [H, 3] of steps to row-major [H, 3] of poses in the frame of the start. */
export function chainWaypoints(steps: ArrayLike<number>): Float64Array {
  const poses = new Float64Array(steps.length);
  let [x, y, heading] = [0, 0, 0];
  for (let at = 0; at < steps.length; at += SIZE) {
    const [cosine, sine] = [Math.cos(heading), Math.sin(heading)];
    x += cosine * steps[at]! - sine * steps[at + 1]!;
    y += sine * steps[at]! + cosine * steps[at + 1]!;
    heading += steps[at + 2]!;
    poses.set([x, y, heading], at);
  }
  return poses;
}

/** The inverse of `chainWaypoints`; headings may be given up to whole turns: each step's turn is the shortest, in [−π, π). */
export function unchainWaypoints(poses: ArrayLike<number>): Float64Array {
  const steps = new Float64Array(poses.length);
  let [x, y, heading] = [0, 0, 0];
  for (let at = 0; at < poses.length; at += SIZE) {
    const [dx, dy] = [poses[at]! - x, poses[at + 1]! - y];
    const [cosine, sine] = [Math.cos(heading), Math.sin(heading)];
    const turn = poses[at + 2]! - heading;
    const shortest = turn - 2 * Math.PI * Math.floor(turn / (2 * Math.PI) + 0.5);
    steps.set([cosine * dx + sine * dy, cosine * dy - sine * dx, shortest], at);
    [x, y, heading] = [poses[at]!, poses[at + 1]!, poses[at + 2]!];
  }
  return steps;
}
