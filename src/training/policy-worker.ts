/** @file The worker thread of `loadPolicy(…, { inWorker: true })`: opens the policy once and answers for it. */

import { workerData } from 'node:worker_threads';
import { answerRequests } from '../data/thread-pool.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Continuation, Policy } from '../interfaces/policy.ts';
import { loadPolicy, type LoadPolicyOptions } from './load-policy.ts';

/** What the worker is started with. */
export interface PolicyWorkerData {
  readonly folder: string;
  readonly options: LoadPolicyOptions;
}

/** What it is asked. */
export type PolicyRequest =
  | { readonly kind: 'describe' }
  | { readonly kind: 'reset'; readonly seed: number }
  | { readonly kind: 'infer'; readonly observation: Observation; readonly continuation?: Continuation };

/** The answer to "describe". */
export type PolicyDescription = Pick<Policy, 'name' | 'embodiment' | 'continues'>;

const { folder, options } = workerData as PolicyWorkerData;
const opened = loadPolicy(folder, { ...options, inWorker: false });
// Reported to whoever asks first.
opened.catch(() => undefined);

answerRequests<PolicyRequest>(async (request) => {
  const policy = await opened;
  if (request.kind === 'infer') {
    const { observation, continuation } = request;
    const chunk = await policy.infer(observation, continuation === undefined ? {} : { continuation });
    return { value: chunk, transfer: [] };
  }
  if (request.kind === 'reset') await policy.reset({ seed: request.seed });
  const { name, embodiment, continues } = policy;
  const known = continues === undefined ? {} : { continues };
  return { value: { name, embodiment, ...known } satisfies PolicyDescription, transfer: [] };
});
