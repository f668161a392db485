/** @file Where the drawables of an image are in camera coordinates, also in a mirror, and which of them can be in the picture. */

import type { Rgb } from './lights.ts';
import { placeOf } from './poses.ts';
import type { Poses } from './poses.ts';
import type { ClassicDrawable } from './scene.ts';
import { reflect } from './view.ts';
import type { ClassicView } from './view.ts';

/** Numbers per drawable: the rotation from its frame to the camera's (row-major, 9), then the translation, metres. */
export const PLACE_STRIDE = 12;

/** The places of all drawables in one view; memory that the next view overwrites. */
export class Places {
  /** `PLACE_STRIDE` numbers per drawable. */
  values = new Float64Array(0);
  private view!: ClassicView;
  private drawables: readonly ClassicDrawable[] = [];
  /** Of the drawable at hand: orientation 9 and position 3 in the world. */
  private readonly world = new Float64Array(12);

  /** A new image. */
  begin(view: ClassicView, drawables: readonly ClassicDrawable[], poses: Poses): void {
    this.view = view;
    this.drawables = drawables;
    if (this.values.length < PLACE_STRIDE * drawables.length) {
      this.values = new Float64Array(PLACE_STRIDE * drawables.length);
    }
    for (const [i, drawable] of drawables.entries()) this.place(i, drawable, poses);
  }

  /** Whether any of a drawable may be in the picture. */
  sees(index: number): boolean {
    const at = PLACE_STRIDE * index + 9;
    const { radius } = this.drawables[index]!.geometry;
    return !isOutside(this.view, this.values[at]!, this.values[at + 1]!, this.values[at + 2]!, radius);
  }

  private place(index: number, drawable: ClassicDrawable, poses: Poses): void {
    const { camera, mirror } = this.view;
    const world = this.world;
    placeOf(drawable, poses, world);
    if (drawable.isPlane) this.follow(drawable.follows, world);
    const r = camera.orientation;
    const put = (column: number, [x, y, z]: Rgb): void => {
      for (let k = 0; k < 3; k++) {
        const at = column < 3 ? 3 * k + column : 9 + k;
        this.values[PLACE_STRIDE * index + at] = r[k]! * x + r[3 + k]! * y + r[6 + k]! * z;
      }
    };
    for (let k = 0; k < 3; k++) {
      const axis = [world[k]!, world[3 + k]!, world[6 + k]!] as const;
      put(k, mirror === null ? axis : reflect(mirror, axis, 0));
    }
    const at = [world[9]!, world[10]!, world[11]!] as const;
    const [x, y, z] = mirror === null ? at : reflect(mirror, at, 1);
    const p = camera.position;
    put(3, [x - p[0]!, y - p[1]!, z - p[2]!]);
  }

  /** Moves an infinite plane under the camera by whole steps. */
  private follow(steps: readonly [number, number], world: Float64Array): void {
    const away = [0, 1, 2].map((i) => this.view.camera.position[i]! - world[9 + i]!);
    for (const k of [0, 1] as const) {
      if (steps[k] === 0) continue;
      const along = away.reduce((sum, value, i) => sum + value * world[3 * i + k]!, 0);
      for (let i = 0; i < 3; i++) world[9 + i]! += steps[k] * Math.round(along / steps[k]) * world[3 * i + k]!;
    }
  }
}

/** Whether a sphere lies behind the camera or outside what is seen. */
function isOutside({ near, frustum }: ClassicView, x: number, y: number, z: number, radius: number): boolean {
  if (z - radius > -near) return true;
  // Distances from the pyramid's sides: its slanted sides are farther than they look, by 1 / cosine.
  const h = Math.abs(x + z * frustum.middleX) + z * frustum.x;
  const v = Math.abs(y + z * frustum.middleY) + z * frustum.y;
  const slopeX = Math.abs(frustum.middleX) + frustum.x;
  const slopeY = Math.abs(frustum.middleY) + frustum.y;
  return h > radius * Math.sqrt(1 + slopeX * slopeX) || v > radius * Math.sqrt(1 + slopeY * slopeY);
}
