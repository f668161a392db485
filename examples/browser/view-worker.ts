/** @file Draws the world larger than the policy sees it, in a thread of its own, so that drawing never delays the robot. */

import type { Image } from 'vlakit/interfaces/observation';
import { createTabletop, type Tabletop } from 'vlakit/simulation/tabletop';
import type { Moment, ViewSetup } from './messages.ts';

self.onmessage = ({ data: { line, canvases } }: MessageEvent<ViewSetup>): void => {
  const [first] = Object.values(canvases);
  const opening = createTabletop({ imageSize: first!.width });
  line.onmessage = ({ data }: MessageEvent<Moment>): void => {
    void opening
      .then((world) => draw(world, data, canvases))
      // The page goes on without pictures: the worker that simulates says what is wrong.
      .catch((error: unknown) => console.error(error))
      .finally(() => line.postMessage(null));
  };
};

async function draw(world: Tabletop, moment: Moment, canvases: ViewSetup['canvases']): Promise<void> {
  await world.restore(moment);
  const { images } = await world.observe();
  for (const [camera, canvas] of Object.entries(canvases)) {
    canvas.getContext('2d')!.putImageData(withAlpha(images[camera]!), 0, 0);
  }
}

/** RGB as a canvas wants it. */
function withAlpha({ width, height, data }: Image): ImageData {
  const picture = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    picture.data[to] = data[from]!;
    picture.data[to + 1] = data[from + 1]!;
    picture.data[to + 2] = data[from + 2]!;
    picture.data[to + 3] = 255;
  }
  return picture;
}
