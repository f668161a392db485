/** @file A contact sheet: the first pictures of episodes spread over a dataset, small, as PNG. */

import { encodePng } from '../../../base/png.ts';
import { createImageResizer } from '../../../data/samples.ts';
import type { Image } from '../../../interfaces/observation.ts';

/** One picture of a sheet. */
export interface SheetPicture {
  readonly caption: string;
  /** PNG, base64. */
  readonly png: string;
}

const WIDTH = 160;

/** Makes small PNG of pictures; those that are small already stay as they are. */
export function createSheet(): (caption: string, image: Image) => SheetPicture {
  const resize = createImageResizer();
  return (caption, image) => {
    const height = Math.max(1, Math.round((image.height * WIDTH) / image.width));
    const small = image.width > WIDTH ? resize(image, { width: WIDTH, height }) : image;
    return { caption, png: Buffer.from(encodePng(small, 9)).toString('base64') };
  };
}
