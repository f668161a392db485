/**
 * @file Pictures as MuJoCo's classic renderer makes them (OpenGL's fixed functions, four samples), computed on the CPU: deterministic,
 * without a graphics driver, in Node and in browsers. Shadows, fog, haze, height fields and skins are not drawn.
 */

import type { Image } from '../../../interfaces/observation.ts';
import type { Camera } from '../camera.ts';
import type { Extent } from '../rasteriser.ts';
import type { ClassicLight } from './lights.ts';
import { addMirror } from './mirror.ts';
import { Pass } from './pass.ts';
import { resolve } from './resolve.ts';
import type { ClassicDrawable, ClassicScene } from './scene.ts';
import { ROWS } from './samples.ts';
import { SkyShader } from './sky.ts';
import { addTransparent, isTransparent } from './transparent.ts';
import type { Poses } from './poses.ts';
import { directView } from './view.ts';

/** Draws scenes into an image of one size; the same scene gives the same bytes. */
export class ClassicRenderer {
  private readonly image: Image;
  private readonly direct: Pass;
  private reflection: Pass | null = null;
  private drawables: readonly ClassicDrawable[] = [];

  /** `width` and `height` in pixels. */
  constructor({ width, height }: { readonly width: number; readonly height: number }) {
    this.image = { width, height, data: new Uint8Array(3 * width * height) };
    this.direct = new Pass(width, height);
  }

  /** One image, in memory that the next one overwrites. */
  render(scene: ClassicScene, poses: Poses, camera: Camera, lights: readonly ClassicLight[]): Image {
    const { direct, image } = this;
    const { data } = image as { data: Uint8Array };
    const { drawables } = scene;
    this.drawables = drawables;
    const { samples, shader, vertices } = direct;
    const view = directView(samples, camera, lights, scene, (vertex, drawable) => vertices.light(vertex, drawable));
    direct.fill(view, drawables, poses, (drawable) => drawable.rgba[3]! > 0 && !isTransparent(drawable, poses, view));
    resolve(samples, shader, new SkyShader(scene.sky, view), data);
    if (drawables.some(({ reflectance }) => reflectance > 0)) {
      this.reflection ??= new Pass(image.width, image.height);
      addMirror(direct, this.reflection, view, scene, poses, lights, data);
    }
    addTransparent(direct, view, drawables, poses, data);
    return image;
  }

  /**
   * What the last image shows of a scene's drawables (those for which `which` says so, say of one body): the box around the samples that
   * see them, and how many; null when none does. Transparent ones count as unseen.
   */
  extent(which: (drawable: ClassicDrawable) => boolean): Extent | null {
    const { width, height, triangleId } = this.direct.samples;
    const shown = new Uint8Array(this.direct.samples.triangles);
    for (const [i, drawable] of this.drawables.entries()) {
      if (which(drawable)) shown.fill(1, ...this.direct.trianglesOf(i));
    }
    let [samples, x0, y0, x1, y1] = [0, width, ROWS * height, 0, 0];
    for (let y = 0, at = 0; y < ROWS * height; y++) {
      for (let x = 0; x < width; x++, at++) {
        if (triangleId[at]! < 0 || shown[triangleId[at]!] !== 1) continue;
        samples++;
        x0 = Math.min(x0, x);
        x1 = Math.max(x1, x + 1);
        y0 = Math.min(y0, y);
        y1 = y + 1;
      }
    }
    const rows = ROWS * height;
    return samples === 0 ? null : { samples, box: [x0 / width, y0 / rows, x1 / width, y1 / rows] };
  }
}
