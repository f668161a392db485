/**
 * @file A learner of several replicas, each in a thread of its own with its share of every batch. Small models are bound
 * by the cost of starting operators and by barriers within them; whole copies of the graph in parallel have neither.
 * Node only.
 */

import { VlaError } from '../base/errors.ts';
import { elementCount, type Tensor } from '../base/tensor.ts';
import { workerUrl } from '../base/worker-url.ts';
import { startThreadPool } from '../data/thread-pool.ts';
import { compile, input, output, trace, type GradientOptions } from '../engine/index.ts';
import { flatten, type ParameterSpec } from '../nn/parameters.ts';
import { OWN, flatGradient, outputScalars } from './flat-gradient.ts';
import { flatLayout, joinParameters, nameParameters, type FlatLayout } from './flat-parameters.ts';
import type { LearnerOptions } from './graph-learner.ts';
import { requireState, stateNamesOf, type StateName } from './learner-state.ts';
import type { Learner } from './learner.ts';
import { checkOptimiser, updateScalars } from './optimiser.ts';
import { allocateReplicaMemory, type ReplicaMemory } from './replica-memory.ts';
import type { ReplicaAnswer, ReplicaRequest, ReplicaWorkerData } from './replica-worker.ts';
import { checkSchedule, emaDecayAt, learningRateAt } from './schedule.ts';
import { inGroup, type LearnerGroup, type Trainable } from './trainable.ts';

/** What a replicated learner needs beside the trainables. */
export interface ReplicatedLearnerOptions extends LearnerOptions {
  /** Number of copies; `session.threads` is for each of them. */
  readonly replicas: number;
  /** Parts that each replica's share of a batch is learned in, one after the other: less memory, the same gradient. Default 1. */
  readonly accumulate?: number;
}

/**
 * A learner of losses over the same parameters: the gradient of a step is the weighted sum of theirs. Each group's batch is
 * `replicas` × `accumulate` times as large as its trainable's inputs: it is cut along the first axis into as many parts, of
 * which each replica takes its own; a feed of exactly the inputs' shape goes to all. Loss, metrics and gradient of a group
 * are the means of the parts' own. For a loss that is a plain mean over samples this is the mean over the batch; a masked mean
 * weighs the samples of each part by that part's mask. Sums are in a fixed order: the same numbers in every run.
 *
 * Throws `unsupported` on a runtime other than cpu and for an arithmetic other than f32. A step that fails leaves the state as it was.
 */
export async function createReplicatedLearner(
  groups: readonly LearnerGroup[],
  options: ReplicatedLearnerOptions,
): Promise<Learner> {
  const { optimiser, schedule, steps, replicas, accumulate = 1, session } = options;
  const { runtime } = session;
  if (runtime !== 'cpu') {
    const several = groups.length > 1 ? `a mixture of ${groups.length} groups` : `${replicas} × ${accumulate} parts`;
    throw new VlaError('unsupported', `device: expected one graph per step on runtime "${runtime}", got ${several}.`, {
      hint: 'Use --set device.runtime=cpu; or one group, with device.replicas=1 and device.accumulate=1.',
    });
  }
  const { arithmetic = 'f32' } = session;
  if (arithmetic !== 'f32') {
    throw new VlaError(
      'unsupported',
      `device: expected arithmetic f32 in replicas, parts and mixtures, got ${arithmetic}.`,
      {
        hint: 'Graphs of 16-bit floats are for a graphics card: one group, with device.replicas=1 and device.accumulate=1.',
      },
    );
  }
  checkOptimiser(optimiser);
  checkSchedule(schedule, steps);
  const layout = flatLayout(flatten<ParameterSpec>(groups[0]!.trainable.parameters));
  const stateNames = stateNamesOf(optimiser);
  const traced = groups.map(({ trainable }) => traceGradient(trainable, layout, options));
  const reached = layout.entries.map((_, i) => traced.some((group) => group.reached[i]!));
  const memory = allocateReplicaMemory(layout, stateNames, replicas, reached);
  const first = joinParameters(layout, options.initial).data;
  for (const name of stateNames) if (name !== 'm' && name !== 'v') vector(memory, name).set(first);
  const workerData: ReplicaWorkerData = {
    groups: traced.map(({ graph }, g) => ({
      weight: groups[g]!.weight,
      compiled: compile(graph, {
        runtime,
        state: { [`${OWN}weights`]: `${OWN}gradient` },
        weights: options.frozen?.weights ?? {},
      }),
    })),
    session: {
      ...(session.threads === undefined ? {} : { threads: session.threads }),
      ...(options.frozen?.weightFolder === undefined ? {} : { weightFolder: options.frozen.weightFolder }),
    },
    optimiser,
    memory,
    replicas,
  };
  const url = workerUrl(import.meta.url, './replica-worker');
  const pool = startThreadPool<ReplicaRequest | null, ReplicaAnswer>(url, replicas, workerData);
  const read = (name: StateName): Tensor => {
    return { dtype: 'f32', shape: [layout.count], data: vector(memory, name).slice() };
  };
  let id = 0;
  return {
    async step(step, feeds) {
      const learningRate = learningRateAt(schedule, step, steps);
      const averageRate = optimiser.emaDecay === null ? 1 : 1 - emaDecayAt(optimiser.emaDecay, step);
      const update = { ...updateScalars(optimiser, learningRate, step), averageRate };
      const shares = Array.from({ length: replicas }, (_, rank) =>
        groups.map((group) =>
          Array.from({ length: accumulate }, (__, part) =>
            takeShare(group, feeds, rank * accumulate + part, replicas * accumulate),
          ),
        ),
      );
      id++;
      const answers = await Promise.all(
        shares.map((own, rank) =>
          pool.run(
            { id, rank, feeds: own, update },
            own.flat().flatMap((part) => Object.values(part).map(({ data }) => data.buffer as ArrayBuffer)),
          ),
        ),
      );
      // A replica answers null only when another one rejects.
      const given = answers.filter((answer) => answer !== null);
      const names = groups.flatMap((group, g) => traced[g]!.scalarNames.map((name) => inGroup(group, name)));
      const mean = (i: number): number => given.reduce((sum, { scalars }) => sum + scalars[i]!, 0) / replicas;
      const scalars = Object.fromEntries(names.map((name, i) => [name, mean(i)]));
      const loss = groups.reduce((sum, group) => sum + group.weight * scalars[inGroup(group, 'loss')]!, 0);
      const { loss: _, ...metrics } = scalars;
      return { loss, gradientNorm: given[0]!.gradientNorm, ...metrics, learningRate };
    },
    async weights() {
      return nameParameters(layout, read(optimiser.emaDecay === null ? 'weights' : 'average'));
    },
    async state() {
      return Object.fromEntries(stateNames.map((name) => [name, read(name)]));
    },
    async restore(state) {
      requireState(layout, stateNames, state);
      for (const name of stateNames) vector(memory, name).set(state[name]!.data as Float32Array);
    },
    async close() {
      await Promise.allSettled(Array.from({ length: replicas }, () => pool.run(null)));
      await pool.close();
    },
  };
}

function vector(memory: ReplicaMemory, name: StateName): Float32Array {
  return memory.state[name]!;
}

/** Weights and a share of the batch in; gradient and scalars (loss first) out. The gradient takes the weights' place as state. */
function traceGradient(share: Trainable, layout: FlatLayout, options: GradientOptions) {
  let scalarNames: readonly string[] = [];
  let reached: readonly boolean[] = [];
  const graph = trace(() => {
    const weights = input(`${OWN}weights`, 'f32', [layout.count]);
    const { gradient, loss, metrics, ...found } = flatGradient(share, layout, weights, options);
    reached = found.reached;
    output(`${OWN}gradient`, gradient);
    scalarNames = outputScalars({ loss, ...metrics });
  });
  return { graph, scalarNames, reached };
}

/** A copy of part `at` of `parts` of a group's feeds. */
function takeShare(
  group: LearnerGroup,
  feeds: Readonly<Record<string, Tensor>>,
  at: number,
  parts: number,
): Record<string, Tensor> {
  const own = Object.entries(group.trainable.inputs).map(([name, { shape }]) => {
    const feed = feeds[inGroup(group, name)];
    // What is missing or does not fit is refused by the replica's session, as it would be without replicas.
    if (feed === undefined) return [];
    const { dtype, data } = feed;
    if (feed.shape.join() === shape.join()) return [[name, { dtype, shape, data: data.slice() } as Tensor]] as const;
    const whole = [shape[0]! * parts, ...shape.slice(1)];
    if (feed.shape.join() !== whole.join()) {
      throw new VlaError(
        'bad-shape',
        `learner: feed "${inGroup(group, name)}": expected [${whole.join(', ')}], got [${feed.shape.join(', ')}].`,
      );
    }
    const size = elementCount(shape);
    return [[name, { dtype, shape, data: data.slice(at * size, (at + 1) * size) } as Tensor]] as const;
  });
  return Object.fromEntries(own.flat());
}
