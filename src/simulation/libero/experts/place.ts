/** @file Where objects go. */

import type { Vector3 } from '../../../base/rotation.ts';

/** Where an object is to rest. */
export interface Place {
  /** Horizontally of the object's origin; vertically of its lowest point: the support. Metres. */
  readonly position: Vector3;
  /** The objects that the way may lead onto. */
  readonly onto: readonly string[];
  /** Whether the object counts as there, so that it may be let go. */
  readonly reached: boolean;
  /** Whether the object gets there over the table, not through the air. */
  readonly slid: boolean;
}
