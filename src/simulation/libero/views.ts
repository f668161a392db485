/** @file The camera images as the papers' policies get them: upright, and mirrored left to right (raw robosuite images turned by 180°). */

import { quaternionToMatrix } from '../../base/rotation.ts';
import type { Quaternion } from '../../base/rotation.ts';
import type { Image } from '../../interfaces/observation.ts';
import type { Sim } from '../mujoco/sim.ts';
import { cameraOf } from '../rendering/camera.ts';
import { lightsOf } from '../rendering/lights.ts';
import { Rasteriser } from '../rendering/rasteriser.ts';
import { CAMERAS } from './embodiment.ts';
import type { VisualModel } from './visual-model.ts';

const SAMPLES_PER_SIDE = 2;

/** Draws LIBERO's two cameras. */
export class LiberoViews {
  private readonly rasteriser: Rasteriser;
  private model: VisualModel | null = null;
  private positions = new Float64Array(0);
  private orientations = new Float64Array(0);
  /** Row-major, per geom: its orientation in its body's frame. */
  private local = new Float64Array(0);

  constructor(imageSize: number) {
    this.rasteriser = new Rasteriser({
      width: imageSize,
      height: imageSize,
      samplesPerSide: SAMPLES_PER_SIDE,
      background: [0, 0, 0],
    });
  }

  /** One fresh image per camera, of the poses that the simulation has computed last. */
  render(sim: Sim, model: VisualModel): Record<string, Image> {
    this.show(model);
    this.placeGeoms(sim, model);
    const lights = lightsOf(sim);
    return Object.fromEntries(
      CAMERAS.map((name) => {
        const camera = cameraOf(sim, sim.id('camera', name));
        return [name, mirrored(this.rasteriser.render(model.scene, this.positions, this.orientations, camera, lights))];
      }),
    );
  }

  private show(model: VisualModel): void {
    if (this.model === model) return;
    this.model = model;
    this.positions = new Float64Array(3 * model.geoms);
    this.orientations = new Float64Array(9 * model.geoms);
    this.local = new Float64Array(9 * model.geoms);
    for (const { geom } of model.scene.drawables) {
      const quaternion = [...model.orientation.subarray(4 * geom, 4 * geom + 4)] as unknown as Quaternion;
      this.local.set(quaternionToMatrix(quaternion), 9 * geom);
    }
  }

  private placeGeoms(sim: Sim, model: VisualModel): void {
    const [bodyPositions, bodyOrientations] = [sim.data('xpos'), sim.data('xmat')];
    const { positions, orientations, local } = this;
    for (const { geom } of model.scene.drawables) {
      const body = model.body[geom]!;
      for (let i = 0; i < 3; i++) {
        const row = 9 * body + 3 * i;
        const [a, b, c] = [bodyOrientations[row]!, bodyOrientations[row + 1]!, bodyOrientations[row + 2]!];
        const at = 3 * geom;
        positions[at + i] =
          bodyPositions[3 * body + i]! +
          a * model.position[at]! +
          b * model.position[at + 1]! +
          c * model.position[at + 2]!;
        for (let k = 0; k < 3; k++) {
          const of = 9 * geom + k;
          orientations[9 * geom + 3 * i + k] = a * local[of]! + b * local[of + 3]! + c * local[of + 6]!;
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
