/** @file The colours that objects have and instructions name. */

/** Names of colours, which are also the adjectives of instructions. */
export type ColourName = 'red' | 'green' | 'blue' | 'yellow' | 'purple' | 'white';
export type Rgb = readonly [number, number, number];

/** Red, green, blue in [0, 1]. */
export const COLOURS: Readonly<Record<ColourName, Rgb>> = {
  red: [0.85, 0.12, 0.1],
  green: [0.1, 0.6, 0.2],
  blue: [0.12, 0.25, 0.85],
  yellow: [0.95, 0.8, 0.1],
  purple: [0.55, 0.15, 0.7],
  white: [0.93, 0.93, 0.93],
};

/** All colours of objects. */
export const COLOUR_NAMES = Object.keys(COLOURS) as ColourName[];
