/** @file A policy that thinks in a worker thread: the caller's event loop stays free during an inference. Node only. */

import { workerUrl } from '../base/worker-url.ts';
import { startThreadPool } from '../data/thread-pool.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { LoadPolicyOptions } from './load-policy.ts';
import type { PolicyDescription, PolicyRequest, PolicyWorkerData } from './policy-worker.ts';

/** Starts the worker and waits until its policy is loaded; rejects with the error of loading. */
export async function startPolicyWorker(folder: string, options: LoadPolicyOptions): Promise<Policy> {
  const data: PolicyWorkerData = { folder, options };
  const pool = startThreadPool<PolicyRequest, unknown>(workerUrl(import.meta.url, './policy-worker'), 1, data);
  try {
    const { name, embodiment } = (await pool.run({ kind: 'describe' })) as PolicyDescription;
    return {
      name,
      embodiment,
      async reset({ seed }) {
        await pool.run({ kind: 'reset', seed });
      },
      infer: async (observation) => (await pool.run({ kind: 'infer', observation })) as ActionChunk,
      close: () => pool.close(),
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}
