/**
 * @file Dynamic loss scaling: gradients of products in 16-bit floats are lost below 6e-8 and infinite beyond 65504, so the loss is multiplied
 * before it is differentiated and the gradient divided after (Micikevicius et al. 2018, section 3.2). The factor is halved when a gradient
 * is not finite, and that step is not taken; it is doubled after 2000 steps that were (the numbers of PyTorch's GradScaler).
 *
 * The graph leaves everything as it was in a step whose gradient is not finite (`adamw`), and the norm says which that was. Factors are powers
 * of two: multiplying by them rounds nothing.
 */

import { VlaError } from '../base/errors.ts';
import { f32, type Tensor } from '../base/tensor.ts';

/** What the next step's factor depends on. */
export interface LossScale {
  readonly scale: number;
  /** Steps taken since it last changed. */
  readonly since: number;
  /** Steps not taken so far: the optimiser has not counted them. */
  readonly skipped: number;
}

/** Before the first step. */
export const FIRST_LOSS_SCALE: LossScale = { scale: 2 ** 16, since: 0, skipped: 0 };

const DOUBLE_AFTER = 2000;

/** After a step; throws `not-finite` when the gradient does not fit into 16 bits as it is. */
export function nextLossScale({ scale, since, skipped }: LossScale, finite: boolean): LossScale {
  if (!finite) {
    if (scale >= 2) return { scale: scale / 2, since: 0, skipped: skipped + 1 };
    throw new VlaError(
      'not-finite',
      `train: expected gradients below 65504, got larger ones with loss scale ${scale}.`,
      {
        hint: 'The training diverged: lower the learning rate or the clipping norm; or compute in f32 (device.arithmetic).',
      },
    );
  }
  return since + 1 < DOUBLE_AFTER ? { scale, since: since + 1, skipped } : { scale: 2 * scale, since: 0, skipped };
}

/** As the training state keeps it, f32 [3]. */
export function lossScaleTensor({ scale, since, skipped }: LossScale): Tensor {
  return f32([scale, since, skipped]);
}

/** The inverse; throws `mismatch` for anything else. */
export function lossScaleOf(kept: Tensor | undefined): LossScale {
  const [scale, since, skipped] = (kept?.dtype === 'f32' ? kept.data : []) as Float32Array;
  if (kept?.shape.join() === '3' && scale! >= 1 && since! >= 0 && skipped! >= 0) {
    return { scale: scale!, since: since!, skipped: skipped! };
  }
  const got = kept === undefined ? 'none' : `${kept.dtype} [${kept.shape.join(', ')}]`;
  throw new VlaError('mismatch', `training state "lossScale": expected f32 [3], got ${got}.`, {
    hint: 'The checkpoint belongs to another run: train into another folder.',
  });
}
