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
  /** A share of the batch in, scalars out; the state is the weights, and their gradient after a run. */
  readonly compiled: CompiledGraph;
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
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly update: UpdateNumbers;
}

/** The scalars of the replica's share of the batch; null when another replica failed and nothing was updated. */
export type ReplicaAnswer = { readonly scalars: Float32Array; readonly gradientNorm: number } | null;

const { compiled, session: options, optimiser, memory, replicas } = workerData as ReplicaWorkerData;
const { control, gradients, squares, decayed } = memory;
const { weights, m, v, average } = memory.state;
invariant(weights !== undefined && m !== undefined && v !== undefined, 'the state has weights, m and v');
const state = { weights, m, v, average: average ?? null };
const session = createCompiledSession(compiled, options);
// Reported with the first request.
session.catch(() => undefined);

async function differentiate({ rank, feeds }: ReplicaRequest): Promise<Float32Array> {
  const { writeState, run, readState } = await session;
  // ONNX Runtime does not read or write shared memory: what goes in and out is copied.
  await writeState({ [`${OWN}weights`]: { dtype: 'f32', shape: [state.weights.length], data: state.weights } });
  const results = await run(feeds);
  const left = await readState();
  gradients[rank]!.set(left[`${OWN}weights`]!.data as Float32Array);
  return results[`${OWN}scalars`]!.data as Float32Array;
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
    throw error;
  }
  meet(control, replicas);
  if (someFailed(control, id)) return null;
  const [from, to] = rangeOf(state.weights.length, rank, replicas);
  squares[rank] = averageGradients(gradients, from, to);
  meet(control, replicas);
  const gradientNorm = Math.sqrt(squares.reduce((sum, part) => sum + part, 0));
  updateRange(optimiser, update, { ...state, gradient: gradients[0]!, decayed }, gradientNorm, from, to);
  return { scalars, gradientNorm };
}

answerRequests<ReplicaRequest>(async (request) => ({ value: await step(request), transfer: [] }));
