/** @file What is known about a frame beyond its numbers: the truth of a simulator, or the answers of an annotator. */

/** An axis-aligned box in fractions of the image's width and height, 0 to 1: left, top, right, bottom. */
export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/** A point in fractions of the image's width and height, 0 to 1. */
export type ImagePoint = readonly [x: number, y: number];

/** Something that the robot deals with. */
export interface AnnotatedObject {
  readonly name: string;
  /** Camera name → where it is seen; cameras that do not see it are left out. */
  readonly boxes: Readonly<Record<string, Box>>;
}

/** A frame described. Every part may be missing: whoever reads it uses what is there. */
export interface Annotation {
  /** One or two sentences about what is seen. */
  readonly scene?: string;
  /** What the robot does now, as an instruction: "reach for the red block". */
  readonly subtask?: string;
  /** What has been done, and what remains to be done (the present subtask first), in order. */
  readonly finished?: readonly string[];
  readonly todo?: readonly string[];
  /** Share of the task that is done, 0 to 1. */
  readonly progress?: number;
  /** Why the present subtask is next, in a sentence or two. */
  readonly plan?: string;
  readonly targets?: readonly AnnotatedObject[];
  /** Where the object shall end up. */
  readonly goal?: AnnotatedObject;
  /** Camera name → where the hand will be in the image, from now on, evenly spaced in time. */
  readonly trace?: Readonly<Record<string, readonly ImagePoint[]>>;
}
