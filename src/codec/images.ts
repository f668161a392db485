/** @file Camera images to the size a model wants: resize, pad and crop as an ordered list of steps. */

import { VlaError } from '../base/errors.ts';
import type { Image } from '../interfaces/observation.ts';
import { createResizer, type ResizeFilter } from './resize.ts';
import { smartResize, type SmartResizeLimits } from './smart-resize.ts';

/** `fill` is the grey level of padding, 0 to 255. */
export type ImageStep =
  | { readonly kind: 'resize'; readonly width: number; readonly height: number; readonly filter: ResizeFilter }
  /** Keeps the aspect ratio and pads evenly on both sides (openpi's `resize_with_pad`). */
  | {
      readonly kind: 'resize-with-pad';
      readonly width: number;
      readonly height: number;
      readonly filter: ResizeFilter;
      readonly fill: number;
    }
  /** Odd differences put the smaller half first. */
  | { readonly kind: 'pad-to-square'; readonly fill: number }
  /** Odd differences cut the smaller half off first. */
  | { readonly kind: 'centre-crop'; readonly width: number; readonly height: number }
  /** Cuts the middle `share` of both sides (rounded down) out and resizes it to the size of the whole. */
  | { readonly kind: 'centre-zoom'; readonly share: number; readonly filter: ResizeFilter }
  /** Qwen-VL's resize to whole multiples of a factor; see `smartResize`. */
  | ({ readonly kind: 'smart-resize'; readonly filter: ResizeFilter } & SmartResizeLimits);

/** x' = scaleX · x + offsetX and so on, for points given as fractions of width and height. */
export interface FractionMap {
  readonly scaleX: number;
  readonly offsetX: number;
  readonly scaleY: number;
  readonly offsetY: number;
}

/** The steps compiled for one input size. */
export interface ImagePipeline {
  readonly width: number;
  readonly height: number;
  /** Where a point of the input lies in the output, both as fractions. */
  readonly map: FractionMap;
  /** The processed bytes; valid until the next call, because the memory is reused. */
  apply(source: Uint8Array): Uint8Array;
}

interface Stage {
  readonly width: number;
  readonly height: number;
  readonly map: FractionMap;
  readonly run: (source: Uint8Array, target: Uint8Array) => void;
}

const WHOLE: FractionMap = { scaleX: 1, offsetX: 0, scaleY: 1, offsetY: 0 };

const COMPILE: {
  readonly [K in ImageStep['kind']]: (
    step: Extract<ImageStep, { kind: K }>,
    width: number,
    height: number,
  ) => readonly Stage[];
} = {
  resize(step, width, height) {
    const run = createResizer(width, height, step.width, step.height, step.filter);
    return [{ width: step.width, height: step.height, map: WHOLE, run }];
  },
  'resize-with-pad'(step, width, height) {
    const ratio = Math.max(width / step.width, height / step.height);
    const innerWidth = Math.max(1, Math.trunc(width / ratio));
    const innerHeight = Math.max(1, Math.trunc(height / ratio));
    const resize: Stage = {
      width: innerWidth,
      height: innerHeight,
      map: WHOLE,
      run: createResizer(width, height, innerWidth, innerHeight, step.filter),
    };
    return [resize, frame(innerWidth, innerHeight, step.width, step.height, step.fill)];
  },
  'pad-to-square'(step, width, height) {
    const side = Math.max(width, height);
    return [frame(width, height, side, side, step.fill)];
  },
  'centre-crop'(step, width, height) {
    if (step.width > width || step.height > height) {
      throw new VlaError(
        'bad-argument',
        `centre-crop: expected an image of at least ${step.width}×${step.height}, got ${width}×${height}.`,
        { hint: 'Crop less, or resize before the crop.' },
      );
    }
    return [frame(width, height, step.width, step.height, 0)];
  },
  'centre-zoom'({ share, filter }, width, height) {
    const [innerWidth, innerHeight] = [Math.trunc(width * share), Math.trunc(height * share)];
    const run = createResizer(innerWidth, innerHeight, width, height, filter);
    return [frame(width, height, innerWidth, innerHeight, 0), { width, height, map: WHOLE, run }];
  },
  'smart-resize'(step, width, height) {
    const size = smartResize(width, height, step);
    return [{ ...size, map: WHOLE, run: createResizer(width, height, size.width, size.height, step.filter) }];
  },
};

/** Places the input in the middle of a frame of another size: pads where it is smaller, crops where it is larger. */
function frame(width: number, height: number, outputWidth: number, outputHeight: number, fill: number): Stage {
  // Towards zero: the smaller half comes first, both of padding and of what is cut off.
  const left = Math.trunc((outputWidth - width) / 2);
  const top = Math.trunc((outputHeight - height) / 2);
  const columns = Math.min(width, outputWidth);
  return {
    width: outputWidth,
    height: outputHeight,
    map: {
      scaleX: width / outputWidth,
      offsetX: left / outputWidth,
      scaleY: height / outputHeight,
      offsetY: top / outputHeight,
    },
    run(source, target) {
      target.fill(fill);
      for (let y = Math.max(0, top); y < Math.min(outputHeight, top + height); y++) {
        const from = ((y - top) * width + Math.max(0, -left)) * 3;
        target.set(source.subarray(from, from + columns * 3), (y * outputWidth + Math.max(0, left)) * 3);
      }
    },
  };
}

/** Compiles `steps` for inputs of `width` × `height` pixels. Throws `bad-argument` for sizes that no step can take. */
export function createImagePipeline(steps: readonly ImageStep[], width: number, height: number): ImagePipeline {
  if (!isSize(width) || !isSize(height)) {
    throw new VlaError('bad-argument', `image: expected a size of at least 1×1 pixels, got ${width}×${height}.`, {
      hint: 'The camera gave no picture; look at its driver.',
    });
  }
  const stages: Stage[] = [];
  let [w, h] = [width, height];
  for (const step of steps) {
    const compile = COMPILE[step.kind] as (step: ImageStep, width: number, height: number) => readonly Stage[];
    for (const stage of compile(step, w, h)) {
      stages.push(stage);
      [w, h] = [stage.width, stage.height];
    }
  }
  const buffers = stages.map((stage) => new Uint8Array(stage.width * stage.height * 3));
  const map = stages.reduce<FractionMap>(
    (whole, { map }) => ({
      scaleX: map.scaleX * whole.scaleX,
      offsetX: map.scaleX * whole.offsetX + map.offsetX,
      scaleY: map.scaleY * whole.scaleY,
      offsetY: map.scaleY * whole.offsetY + map.offsetY,
    }),
    WHOLE,
  );
  return {
    width: w,
    height: h,
    map,
    apply(source) {
      let current = source;
      for (const [i, stage] of stages.entries()) {
        stage.run(current, buffers[i]!);
        current = buffers[i]!;
      }
      return current;
    },
  };
}

/** Runs `steps` on one image; for many images of one size keep a pipeline instead. */
export function processImage(image: Image, steps: readonly ImageStep[]): Image {
  requireImage(image, 'image');
  const pipeline = createImagePipeline(steps, image.width, image.height);
  return { width: pipeline.width, height: pipeline.height, data: pipeline.apply(image.data).slice() };
}

const isSize = (size: number): boolean => Number.isInteger(size) && size > 0;

/** Throws `bad-shape` when an image has no pixels, or its bytes do not fit its size. */
export function requireImage(image: Image, where: string): void {
  if (!isSize(image.width) || !isSize(image.height)) {
    throw new VlaError('bad-shape', `${where}: expected at least 1×1 pixels, got ${image.width}×${image.height}.`, {
      hint: 'The camera gave no picture; look at its driver.',
    });
  }
  const expected = image.width * image.height * 3;
  if (image.data.length === expected) return;
  throw new VlaError(
    'bad-shape',
    `${where}: expected ${image.width}×${image.height}×3 = ${expected} RGB bytes, got ${image.data.length}.`,
    { hint: 'Images are RGB, height × width × 3 bytes, without an alpha channel or row padding.' },
  );
}
