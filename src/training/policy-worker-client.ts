/** @file A policy that thinks in a worker thread: the caller's event loop stays free during an inference. Node only. */

import { VlaError } from '../base/errors.ts';
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
    const description = (await pool.run({ kind: 'describe' })) as PolicyDescription;
    return {
      ...description,
      async reset({ seed }) {
        await pool.run({ kind: 'reset', seed });
      },
      async infer(observation, { continuation, signal } = {}) {
        requireWanted(signal);
        const asked = continuation === undefined ? {} : { continuation };
        const chunk = (await pool.run({ kind: 'infer', observation, ...asked })) as ActionChunk;
        requireWanted(signal);
        return chunk;
      },
      close: () => pool.close(),
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

function requireWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new VlaError('interrupted', 'policy: whoever asked for a chunk no longer wants it.', { cause: signal.reason });
}
