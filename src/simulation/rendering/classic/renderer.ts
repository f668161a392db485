/**
 * @file Pictures as MuJoCo's classic renderer makes them (OpenGL's fixed functions, four samples), computed on the CPU: deterministic,
 * without a graphics driver, in Node and in browsers. Shadows, fog, haze, height fields and skins are not drawn.
 */

import type { Image } from '../../../interfaces/observation.ts';
import type { Sim } from '../../mujoco/sim.ts';
import type { Camera } from '../camera.ts';
import type { ClassicLight } from './lights.ts';
import { addMirror } from './mirror.ts';
import { Pass } from './pass.ts';
import { resolve } from './resolve.ts';
import type { ClassicScene } from './scene.ts';
import { SkyShader } from './sky.ts';
import { addTransparent, isTransparent } from './transparent.ts';
import type { Poses } from './vertices.ts';
import { directView } from './view.ts';

/** Where a simulation's geoms and sites are now; live views of its memory. */
export function posesOf(sim: Sim): Poses {
  return {
    geomPositions: sim.data('geom_xpos'),
    geomOrientations: sim.data('geom_xmat'),
    sitePositions: sim.data('site_xpos'),
    siteOrientations: sim.data('site_xmat'),
  };
}

/** Draws scenes into an image of one size; the same scene gives the same bytes. */
export class ClassicRenderer {
  private readonly image: Image;
  private readonly direct: Pass;
  private reflection: Pass | null = null;

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
    const { vertices, buffers } = direct;
    const view = directView(buffers, camera, lights, scene, (vertex, drawable) => vertices.light(vertex, drawable));
    direct.fill(view, drawables, poses, (drawable) => drawable.rgba[3]! > 0 && !isTransparent(drawable, poses, view));
    resolve(
      buffers,
      direct.shader,
      new SkyShader(scene.sky, view, buffers.pattern.rows, buffers.pattern.columns),
      data,
    );
    if (drawables.some(({ reflectance }) => reflectance > 0)) {
      this.reflection ??= new Pass(image.width, image.height);
      addMirror(direct, this.reflection, view, scene, poses, lights, data);
    }
    addTransparent(direct, view, drawables, poses, data);
    return image;
  }
}
