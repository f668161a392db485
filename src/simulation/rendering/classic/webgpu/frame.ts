/** @file What is drawn of a scene in one call, image by image, and the uniforms for it. */

import type { Camera } from '../../camera.ts';
import type { ClassicLight } from '../lights.ts';
import { isMirrored, planeOf } from '../mirror.ts';
import { Places } from '../places.ts';
import type { Poses } from '../poses.ts';
import type { ClassicDrawable, ClassicScene } from '../scene.ts';
import { isTransparent, transparentLayers } from '../transparent.ts';
import type { TransparentLayer } from '../transparent.ts';
import { directView, mirroredView } from '../view.ts';
import type { ClassicView } from '../view.ts';
import { DRAWABLE_STRIDE, packDrawable, packView, VIEW_STRIDE } from './uniforms.ts';

/** One image: indices of drawables in the order in which they are drawn. */
export interface Shot {
  /** Number of its view's uniforms. */
  readonly slot: number;
  readonly near: number;
  readonly far: number;
  readonly opaque: readonly number[];
  readonly layers: readonly TransparentLayer[];
  /** What the mirror shows; null: no mirror is seen. */
  readonly reflection: { readonly slot: number; readonly mirror: number; readonly drawn: readonly number[] } | null;
}

/** What is to be drawn. */
export interface FrameRequest {
  readonly scene: ClassicScene;
  readonly poses: Poses;
  readonly cameras: readonly Camera[];
  readonly lights: readonly ClassicLight[];
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** A view's slots: seen directly, and in the mirror. */
const SLOTS = 2;

/** Plans images; its memory grows, never shrinks. */
export class Frame {
  /** The uniforms of all views, `VIEW_STRIDE` bytes each. */
  views = new Float32Array(0);
  /** The uniforms of all drawables of the first view, then of the next one, `DRAWABLE_STRIDE` bytes each. */
  drawables = new Float32Array(0);
  private readonly places = new Places();

  /** Fills the uniforms, and says what to draw. */
  plan(request: FrameRequest): Shot[] {
    const { scene, cameras } = request;
    const slots = SLOTS * cameras.length;
    this.views = atLeast(this.views, (slots * VIEW_STRIDE) / 4);
    this.drawables = atLeast(this.drawables, (slots * scene.drawables.length * DRAWABLE_STRIDE) / 4);
    return cameras.map((camera, i) => this.shot(request, camera, SLOTS * i));
  }

  private shot(request: FrameRequest, camera: Camera, slot: number): Shot {
    const { scene, poses, lights, width, height } = request;
    const { drawables } = scene;
    const view = directView({ width, height }, camera, lights, scene, () => {});
    this.begin(request, view, slot);
    const sees = (index: number): boolean => this.places.sees(index);
    const isOpaque = (one: ClassicDrawable): boolean => one.rgba[3]! > 0 && !isTransparent(one, poses, view);
    const opaque = [...drawables.keys()].filter((i) => sees(i) && isOpaque(drawables[i]!));
    const layers = transparentLayers(drawables, poses, view, sees);
    const pack = (index: number, alpha: number): void =>
      this.pack(drawables, slot * drawables.length + index, index, alpha);
    for (const index of opaque) pack(index, 1);
    for (const { index, alpha } of layers) pack(index, alpha);
    const mirror = opaque.find((i) => drawables[i]!.reflectance > 0);
    const reflection = mirror === undefined ? null : this.reflection(request, view, mirror, slot + 1);
    return { slot, near: view.near, far: view.far, opaque, layers, reflection };
  }

  private reflection(request: FrameRequest, direct: ClassicView, mirror: number, slot: number): Shot['reflection'] {
    const { drawables } = request.scene;
    const surface = drawables[mirror]!;
    const plane = planeOf(surface, request.poses);
    const { position } = direct.camera;
    // Seen from behind there is no mirror.
    if (plane.normal.reduce((sum, n, k) => sum + n * (position[k]! - plane.point[k]!), 0) <= 0) return null;
    const { window, light } = direct;
    const view = mirroredView(direct, plane, surface.reflectance, request.lights, { limit: null, window, light });
    this.begin(request, view, slot);
    const drawn = [...drawables.keys()].filter((i) => this.places.sees(i) && isMirrored(drawables[i]!, surface));
    for (const index of drawn) this.pack(drawables, slot * drawables.length + index, index, 1);
    return { slot, mirror, drawn };
  }

  private begin({ scene, poses, height }: FrameRequest, view: ClassicView, slot: number): void {
    this.places.begin(view, scene.drawables, poses);
    packView(view, height, this.views, (slot * VIEW_STRIDE) / 4);
  }

  private pack(drawables: readonly ClassicDrawable[], slot: number, index: number, alpha: number): void {
    packDrawable(drawables[index]!, this.places, index, alpha, this.drawables, (slot * DRAWABLE_STRIDE) / 4);
  }
}

function atLeast(array: Float32Array<ArrayBuffer>, length: number): Float32Array<ArrayBuffer> {
  return array.length >= length ? array : new Float32Array(length);
}
