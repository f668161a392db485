/** @file The camera images as the papers' policies get them: upright, and mirrored left to right (raw robosuite images turned by 180°). */

import type { Image } from '../../interfaces/observation.ts';
import type { Sim } from '../mujoco/sim.ts';
import { cameraOf } from '../rendering/camera.ts';
import { classicLights } from '../rendering/classic/lights.ts';
import { CAMERAS } from './embodiment.ts';
import type { VisualModel } from './look-file.ts';
import type { LiberoRenderer } from './renderers.ts';

/** Draws LIBERO's two cameras. */
export class LiberoViews {
  private readonly renderer: LiberoRenderer;
  private positions = new Float64Array(0);
  private orientations = new Float64Array(0);

  /** `renderer` is closed with the views. */
  constructor(renderer: LiberoRenderer) {
    this.renderer = renderer;
  }

  /**
   * One fresh image per camera, of the poses that the simulation has computed last before the call. `glowing`: the sites that show a state
   * which is on; the others are hidden.
   */
  async render(sim: Sim, model: VisualModel, glowing: ReadonlySet<number>): Promise<Record<string, Image>> {
    for (const { id, rgba } of model.stateSites) rgba[3] = glowing.has(id) ? 1 : 0;
    this.placeGeoms(sim, model);
    const poses = {
      geomPositions: this.positions,
      geomOrientations: this.orientations,
      sitePositions: sim.data('site_xpos'),
      siteOrientations: sim.data('site_xmat'),
    };
    const cameras = CAMERAS.map((name) => cameraOf(sim, sim.id('camera', name)));
    const images = await this.renderer.render(model.scene, poses, cameras, classicLights(sim));
    return Object.fromEntries(CAMERAS.map((name, i) => [name, mirrored(images[i]!)]));
  }

  /** Ends the renderer. */
  close(): void {
    this.renderer.close();
  }

  private placeGeoms(sim: Sim, { scene, geoms, body, position, orientation }: VisualModel): void {
    if (this.positions.length !== 3 * geoms) {
      this.positions = new Float64Array(3 * geoms);
      this.orientations = new Float64Array(9 * geoms);
    }
    const { positions, orientations } = this;
    const [bodyPositions, bodyOrientations] = [sim.data('xpos'), sim.data('xmat')];
    for (const { carrier, id } of scene.drawables) {
      if (carrier !== 'geom') continue;
      const owner = body[id]!;
      for (let i = 0; i < 3; i++) {
        const row = 9 * owner + 3 * i;
        const [a, b, c] = [bodyOrientations[row]!, bodyOrientations[row + 1]!, bodyOrientations[row + 2]!];
        const [x, y, z] = [position[3 * id]!, position[3 * id + 1]!, position[3 * id + 2]!];
        positions[3 * id + i] = bodyPositions[3 * owner + i]! + a * x + b * y + c * z;
        for (let k = 0; k < 3; k++) {
          const column = 9 * id + k;
          orientations[9 * id + 3 * i + k] =
            a * orientation[column]! + b * orientation[column + 3]! + c * orientation[column + 6]!;
        }
      }
    }
  }
}

/** A copy whose rows run the other way. */
function mirrored({ width, height, data }: Image): Image {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    let from = 3 * (y * width + width - 1);
    for (let to = 3 * y * width; to < 3 * (y + 1) * width; to += 3, from -= 3) {
      out[to] = data[from]!;
      out[to + 1] = data[from + 1]!;
      out[to + 2] = data[from + 2]!;
    }
  }
  return { width, height, data: out };
}
