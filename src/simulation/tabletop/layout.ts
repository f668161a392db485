/** @file A scene at the start of an episode: what lies where, and which of it the task is about. */

import { COLOURS, type ColourName, type Rgb } from './colours.ts';
import type { ShapeName } from './objects.ts';

/** A place on the table, metres, base frame. */
export type Point = readonly [x: number, y: number];

/** A thing on the table. */
export interface PlacedObject {
  readonly shape: ShapeName;
  readonly colour: ColourName;
  /** Metres. */
  readonly x: number;
  readonly y: number;
  /** Radians. */
  readonly yaw: number;
  /** Joint position of a fixture, metres; default 0. */
  readonly opening?: number;
}

/** A flat square on the table, its sides `2 × MARK_HALF` along x and y. */
export interface PlacedMark {
  readonly rgb: Rgb;
  readonly x: number;
  readonly y: number;
}

/** Everything that a task decides about a scene before the episode starts. */
export interface Layout {
  readonly objects: readonly PlacedObject[];
  readonly marks: readonly PlacedMark[];
  /** Index of the object that the task is about. */
  readonly target: number;
  /** Indices of the objects that the instruction may name instead of the target. */
  readonly alternatives: readonly number[];
  /** What the instruction calls the goal, for example "blue pad". */
  readonly goalName?: string;
  /** Index of the mark or object that is the goal. */
  readonly goal?: number;
  /** Places of things that no task is about. */
  readonly clutter?: readonly Point[];
}

/** How an instruction calls a thing: "red cube". */
export function objectName({ colour, shape }: PlacedObject): string {
  return `${colour} ${shape}`;
}

/** How an instruction calls a coloured mark: "blue pad". */
export function padName({ rgb }: PlacedMark): string {
  const colour = Object.entries(COLOURS).find(([, candidate]) => candidate.join() === rgb.join())?.[0];
  return `${colour ?? 'dark'} pad`;
}
