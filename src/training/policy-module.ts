/** @file A checkpoint as a policy module: what evaluation workers import to open a policy of their own. Node only. */

import { workerUrl } from '../base/worker-url.ts';
import type { Arithmetic, Runtime, WeightPrecision } from '../engine/index.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { PolicySettings } from '../models/checkpoint-policy.ts';
import { loadPolicy } from './load-policy.ts';

/** Which checkpoint, for the thread that opens it. */
export interface CheckpointPolicyOptions {
  /** A checkpoint or a training run. */
  readonly folder: string;
  /** Instead of the checkpoint's own. */
  readonly settings?: Partial<PolicySettings>;
  /** Another robot of the mixture that it was trained on. */
  readonly robot?: string;
  /** Where it is computed; default `cpu`. */
  readonly runtime?: Runtime;
  /** In what matrix products are computed; default `f32`. */
  readonly arithmetic?: Arithmetic;
  /** Threads within one operator; default 1. */
  readonly threads?: number;
  /** How large matrices are held; default `f32`. */
  readonly weightPrecision?: WeightPrecision;
  /** Most inferences of its players that are computed as one; default 1. */
  readonly batch?: number;
}

/** Opens the policy for one thread. */
export function openPolicy({ folder, ...options }: CheckpointPolicyOptions): Promise<Policy> {
  return loadPolicy(folder, { threads: 1, runtime: 'cpu', ...options, inWorker: false });
}

/** Names the module with its options, in the form that evaluations take. */
export function checkpointPolicy(options: CheckpointPolicyOptions): {
  module: string;
  options: CheckpointPolicyOptions;
} {
  return { module: workerUrl(import.meta.url, './policy-module').href, options };
}
