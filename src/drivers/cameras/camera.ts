/** @file A camera as drivers see it: a device, a file, a page's video element. */

import type { Image } from '../../interfaces/observation.ts';

/** A source of images. */
export interface Camera {
  /** What the robot calls it. */
  readonly name: string;
  /** Pixels of every image. */
  readonly width: number;
  readonly height: number;
  /**
   * Starts; `hear` gets every image and when it was taken, in seconds on the clock that the camera was made with. `failed` is told once when
   * no more images come.
   */
  open(hear: (image: Image, time: number) => void, failed: (error: Error) => void): Promise<void>;
  close(): Promise<void>;
}
