/** @file A policy from a checkpoint folder, ready to act; in this thread or in a worker. Node only. */

import path from 'node:path';
import { readPolicyCheckpoint } from '../checkpoints/policy-checkpoint.ts';
import type { Arithmetic, Runtime, WeightPrecision } from '../engine/index.ts';
import type { Policy } from '../interfaces/policy.ts';
import { policyOf, type PolicySettings } from '../models/checkpoint-policy.ts';
import { wholeWeights } from './tuned-model.ts';

/** How to run a policy. */
export interface LoadPolicyOptions {
  readonly runtime: Runtime;
  /** In what matrix products are computed; default `f32`. */
  readonly arithmetic?: Arithmetic;
  readonly threads: number;
  /** Run it in a worker thread, so that an inference never blocks the caller. */
  readonly inWorker: boolean;
  /** How large matrices are held; default `f32`. */
  readonly weightPrecision?: WeightPrecision;
  /** Instead of the checkpoint's own. */
  readonly settings?: Partial<PolicySettings>;
  /** Another robot of the mixture that it was trained on; default: the policy's own. */
  readonly robot?: string;
  /** Most inferences of its players that are computed as one; default 1. */
  readonly batch?: number;
}

/**
 * Loads the policy of a checkpoint, or of the best (else newest) checkpoint of a training run. Throws `not-found`,
 * `bad-data`, `mismatch`, `bad-shape` or `not-finite` with the file that is wrong.
 */
export async function loadPolicy(folder: string, options: LoadPolicyOptions): Promise<Policy> {
  if (options.inWorker) {
    const { startPolicyWorker } = await import('./policy-worker-client.ts');
    return startPolicyWorker(folder, options);
  }
  return policyOf(readPolicyCheckpoint(folder, options.settings, wholeWeights, options.robot), {
    name: path.basename(path.resolve(folder)),
    ...(options.batch === undefined ? {} : { batch: options.batch }),
    session: {
      runtime: options.runtime,
      threads: options.threads,
      ...(options.arithmetic === undefined ? {} : { arithmetic: options.arithmetic }),
      ...(options.weightPrecision === undefined ? {} : { weightPrecision: options.weightPrecision }),
    },
  });
}
