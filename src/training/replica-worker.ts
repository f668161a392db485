/** @file Worker of the replicated learner: the gradient of one share of a batch, then the update of one range of the vector. */

import { workerData } from 'node:worker_threads';
import { invariant } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { answerRequests } from '../data/thread-pool.ts';
import { createCompiledSession, type CompiledGraph, type SessionOptions } from '../engine/index.ts';
import { OWN } from './flat-gradient.ts';
import type { OptimiserConfig } from './optimiser.ts';
import { averageGradients, updateRange, type UpdateNumbers } from './range-update.ts';
import { markFailed, meet, rangeOf, someFailed, type ReplicaMemory } from './replica-memory.ts';

/** What a replica is started with. */
export interface ReplicaWorkerData {
  /** A part of a batch in, scalars out; the state is the weights, and their gradient after a run. The gradients are summed with these weights. */
  readonly groups: readonly { readonly weight: number; readonly compiled: CompiledGraph }[];
  readonly session: Pick<SessionOptions, 'threads' | 'weightFolder'>;
  readonly optimiser: OptimiserConfig;
  readonly memory: ReplicaMemory;
  readonly replicas: number;
}

/** One replica's part of a step. All replicas get theirs at the same time. */
export interface ReplicaRequest {
  /** Number of the step's request, from 1, the same for all replicas. */
  readonly id: number;
  readonly rank: number;
  /** Group by group, the parts of its share. */
  readonly feeds: readonly (readonly Readonly<Record<string, Tensor>>[])[];
  readonly update: UpdateNumbers;
}

/** The scalars of the replica's share of the batch, group after group; null when another replica failed and nothing was updated. */
export type ReplicaAnswer = { readonly scalars: Float32Array; readonly gradientNorm: number } | null;

const { groups, session: options, optimiser, memory, replicas } = workerData as ReplicaWorkerData;
const { control, gradients, squares, decayed } = memory;
const { weights, m, v, average } = memory.state;
invariant(weights !== undefined && m !== undefined && v !== undefined, 'the state has weights, m and v');
const state = { weights, m, v, average: average ?? null };
const sessions = groups.map(({ compiled }) => createCompiledSession(compiled, options));
// Reported with the first request.
for (const session of sessions) session.catch(() => undefined);

/** Leaves the gradient of the replica's share in its vector; resolves with the scalars of all groups. */
async function differentiate({ rank, feeds }: ReplicaRequest): Promise<Float32Array> {
  const sum = gradients[rank]!;
  const scalars: number[] = [];
  let first = true;
  for (const [g, parts] of feeds.entries()) {
    const { writeState, run, readState } = await sessions[g]!;
    const share = groups[g]!.weight / parts.length;
    let means: number[] | null = null;
    for (const part of parts) {
      // ONNX Runtime does not read or write shared memory: what goes in and out is copied.
      await writeState({ [`${OWN}weights`]: { dtype: 'f32', shape: [state.weights.length], data: state.weights } });
      const results = await run(part);
      const gradient = (await readState())[`${OWN}weights`]!.data as Float32Array;
      addScaled(sum, gradient, share, first);
      first = false;
      const own = [...(results[`${OWN}scalars`]!.data as Float32Array)].map((value) => value / parts.length);
      means = means === null ? own : means.map((mean, i) => mean + own[i]!);
    }
    scalars.push(...means!);
  }
  return Float32Array.from(scalars);
}

/** sum ← (0, or else sum) + share · gradient. */
function addScaled(sum: Float32Array, gradient: Float32Array, share: number, overwrite: boolean): void {
  if (overwrite && share === 1) sum.set(gradient);
  else for (let i = 0; i < sum.length; i++) sum[i] = (overwrite ? 0 : sum[i]!) + share * gradient[i]!;
}

async function step(request: ReplicaRequest): Promise<ReplicaAnswer> {
  const { id, rank, update } = request;
  let scalars: Float32Array;
  try {
    scalars = await differentiate(request);
  } catch (error) {
    // The others must not wait for this one, nor update without it.
    markFailed(control, id);
    meet(control, replicas);
    // Who answers may get the next step at once, which may fail too: only when all have read the mark.
    meet(control, replicas);
    throw error;
  }
  meet(control, replicas);
  if (someFailed(control, id)) {
    meet(control, replicas);
    return null;
  }
  const [from, to] = rangeOf(state.weights.length, rank, replicas);
  squares[rank] = averageGradients(gradients, from, to);
  meet(control, replicas);
  const gradientNorm = Math.sqrt(squares.reduce((sum, part) => sum + part, 0));
  updateRange(optimiser, update, { ...state, gradient: gradients[0]!, decayed }, gradientNorm, from, to);
  return { scalars, gradientNorm };
}

answerRequests<ReplicaRequest | null>(async (request) => {
  // Nothing to learn: whoever asks wants to know when the thread may end. To end it while a session is made ends the process.
  if (request === null) await Promise.allSettled(sessions);
  return { value: request === null ? null : await step(request), transfer: [] };
});
