/** @file The check that the tensors of a checkpoint are those of its model. */

import { VlaError, nearestName } from '../base/errors.ts';
import type { DType, Tensor } from '../base/tensor.ts';
import type { WeightContent } from '../engine/index.ts';

/**
 * Checks that `weights` are exactly the tensors that `expected` names, with its shapes and only finite numbers. Of weights
 * that lie in files no numbers are read; there any float type will do. Throws `mismatch` for names, `bad-shape` for shapes
 * and types, `not-finite` for numbers.
 */
export function checkWeights(
  where: string,
  weights: Readonly<Record<string, WeightContent>>,
  expected: Readonly<Record<string, { readonly dtype: string; readonly shape: readonly number[] }>>,
): void {
  const hint = 'The weights belong to another model or size: check config.json beside them.';
  for (const [name, { dtype, shape }] of Object.entries(expected)) {
    const got = weights[name];
    if (got === undefined) {
      const near = nearestName(name, Object.keys(weights));
      const instead = near === undefined ? `${Object.keys(weights).length} other tensors` : `"${near}"`;
      throw new VlaError('mismatch', `${where}: expected a tensor "${name}", got ${instead}.`, { hint });
    }
    const inFile = 'file' in got;
    const read =
      inFile && got.swapped === true ? [...got.shape.slice(0, -2), got.shape.at(-1), got.shape.at(-2)] : got.shape;
    if (!(inFile ? FLOATS.has(got.dtype) : got.dtype === dtype) || read.join() !== shape.join()) {
      const [want, have] = [`${dtype} [${shape.join(', ')}]`, `${got.dtype} [${read.join(', ')}]`];
      throw new VlaError('bad-shape', `${where}: tensor "${name}": expected ${want}, got ${have}.`, { hint });
    }
    if (inFile) continue;
    const bad = firstNotFinite(got);
    if (bad >= 0) {
      throw new VlaError(
        'not-finite',
        `${where}: tensor "${name}": expected finite numbers, got ${Number(got.data[bad])} at element ${bad}.`,
        { hint: 'The training diverged or the file is damaged: use an earlier checkpoint.' },
      );
    }
  }
  const extra = Object.keys(weights).find((name) => !Object.hasOwn(expected, name));
  if (extra !== undefined) {
    throw new VlaError('mismatch', `${where}: tensor "${extra}" is not part of the model.`, { hint });
  }
}

const FLOATS: ReadonlySet<DType> = new Set(['f32', 'f16', 'bf16']);

/** The index of the first NaN or infinity of a float tensor, -1 when there is none. */
export function firstNotFinite({ dtype, data }: Tensor): number {
  if (dtype === 'f32' || dtype === 'f64') {
    for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  } else if (dtype === 'bf16' || dtype === 'f16') {
    // Infinities and NaN have all bits of the exponent set.
    const exponent = dtype === 'bf16' ? 0x7f80 : 0x7c00;
    const bits = data as Uint16Array;
    for (let i = 0; i < bits.length; i++) if ((bits[i]! & exponent) === exponent) return i;
  }
  return -1;
}
