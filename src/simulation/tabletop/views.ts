/** @file The camera images of a world, and where things are in them. */

import type { ImagePoint } from '../../interfaces/annotation.ts';
import type { Image } from '../../interfaces/observation.ts';
import { cameraOf, project, projectedBox } from '../rendering/camera.ts';
import type { Light } from '../rendering/lights.ts';
import { Rasteriser } from '../rendering/rasteriser.ts';
import type { TableRobot } from './robot-model.ts';
import type { World } from './world.ts';

/** [x0, y0, x1, y1] as fractions of width and height. */
export type Box = readonly [number, number, number, number];

const SKY = [153, 153, 153] as const;
const SAMPLES_PER_SIDE = 2;

/** What a camera shows of a thing; see `Views.look`. */
export interface Look {
  readonly box: Box;
  readonly seen: Box;
  readonly samples: number;
  readonly sample: number;
}

/** Draws a robot's cameras, and finds geoms in their images. */
export class Views {
  private readonly rasterisers: Readonly<Record<string, Rasteriser>>;

  private readonly imageSize: number;

  /** `cameras`: their names, in the order of the embodiment. */
  constructor(cameras: readonly string[], imageSize: number) {
    this.imageSize = imageSize;
    const config = { width: imageSize, height: imageSize, samplesPerSide: SAMPLES_PER_SIDE, background: SKY };
    this.rasterisers = Object.fromEntries(cameras.map((name) => [name, new Rasteriser(config)]));
  }

  /** One image per camera, in memory that the next call overwrites. */
  render({ sim, scene }: World<TableRobot>, lights: readonly Light[]): Record<string, Image> {
    const [positions, orientations] = [sim.data('geom_xpos'), sim.data('geom_xmat')];
    return Object.fromEntries(
      Object.entries(this.rasterisers).map(([name, rasteriser]) => [
        name,
        rasteriser.render(scene, positions, orientations, cameraOf(sim, sim.id('camera', name)), lights),
      ]),
    );
  }

  /** The box around a geom in each of the last images, as if nothing hid it, clipped to the image; null where no sample sees it. */
  boxes(world: World<TableRobot>, geomName: string): Record<string, Box | null> {
    const { sim } = world;
    const drawable = world.drawable(geomName);
    const [positions, orientations] = [sim.data('geom_xpos'), sim.data('geom_xmat')];
    return Object.fromEntries(
      Object.entries(this.rasterisers).map(([name, rasteriser]) => {
        if (!rasteriser.sees(drawable.geom)) return [name, null];
        return [name, projectedBox(cameraOf(sim, sim.id('camera', name)), drawable, positions, orientations)];
      }),
    );
  }

  /** Takes points (metres) to the images of this moment: the cameras' poses are kept. Null behind a camera. */
  locator({ sim }: World<TableRobot>): (position: ArrayLike<number>) => Record<string, ImagePoint | null> {
    const cameras = Object.keys(this.rasterisers).map((name) => [name, cameraOf(sim, sim.id('camera', name))] as const);
    return (position) => Object.fromEntries(cameras.map(([name, camera]) => [name, project(camera, position)]));
  }

  /**
   * What one camera's last image shows of several geoms together: `box` as if nothing hid them, `seen` around the samples that show them and
   * how many there are, `sample` the side of a sample. Null where no sample does.
   */
  look(world: World<TableRobot>, geomNames: readonly string[], camera: string): Look | null {
    const { sim } = world;
    const rasteriser = this.rasterisers[camera]!;
    const [positions, orientations] = [sim.data('geom_xpos'), sim.data('geom_xmat')];
    const view = cameraOf(sim, sim.id('camera', camera));
    const drawables = geomNames.map((name) => world.drawable(name));
    const extents = drawables.flatMap(({ geom }) => rasteriser.extent(geom) ?? []);
    const boxes = drawables.flatMap((drawable) => {
      const box = projectedBox(view, drawable, positions, orientations);
      return box === null ? [] : [box];
    });
    if (extents.length === 0 || boxes.length === 0) return null;
    return {
      box: around(boxes),
      seen: around(extents.map(({ box }) => box)),
      samples: extents.reduce((sum, { samples }) => sum + samples, 0),
      sample: 1 / (this.imageSize * SAMPLES_PER_SIDE),
    };
  }

  /** Boxes of a thing that no camera sees. */
  noBoxes(): Record<string, null> {
    return Object.fromEntries(Object.keys(this.rasterisers).map((name) => [name, null]));
  }
}

function around(boxes: readonly Box[]): Box {
  const side = (k: number): number[] => boxes.map((box) => box[k]!);
  return [Math.min(...side(0)), Math.min(...side(1)), Math.max(...side(2)), Math.max(...side(3))];
}
