/** @file Weights that stay where they are: ranges of bytes inside a safetensors file, read by ONNX Runtime itself. */

import type { SafetensorsHeader } from '../../base/safetensors.ts';
import type { WeightContent } from './write.ts';

/**
 * All tensors of a safetensors file as weights, by name. `file` is relative to the session's `weightFolder`. Nothing is read
 * or converted here; float weights in another element type than declared are cast once, when the session loads.
 */
export function safetensorsWeights(header: SafetensorsHeader, file: string): Record<string, WeightContent> {
  return Object.fromEntries(
    Object.entries(header.tensors).map(([name, { dtype, shape, offset, length }]) => [
      name,
      { dtype, shape, file, offset, length },
    ]),
  );
}
