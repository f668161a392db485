/**
 * @file A learner of several replicas, each in a thread of its own with its share of every batch. Small models are bound
 * by the cost of starting operators and by barriers within them; whole copies of the graph in parallel have neither.
 * Node only.
 */

import { VlaError } from '../base/errors.ts';
import { elementCount, type Tensor } from '../base/tensor.ts';
import { workerUrl } from '../base/worker-url.ts';
import { startThreadPool } from '../data/thread-pool.ts';
import { compile, input, output, trace } from '../engine/index.ts';
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
import type { Trainable } from './trainable.ts';

/** What a replicated learner needs beside the trainable. */
export interface ReplicatedLearnerOptions extends LearnerOptions {
  /** Number of copies; `session.threads` is for each of them. */
  readonly replicas: number;
}

/**
 * A learner whose batches are `replicas` times as large as `share.inputs`: replica r takes the r-th part of each feed's
 * first axis; a feed of exactly the share's shape goes to all. Loss, metrics and gradient are the means of the replicas'
 * own. For a loss that is a plain mean over samples this is the mean over the batch; a masked mean weighs the samples of
 * each share by that share's mask. Sums are in the order of the replicas: the same numbers in every run.
 *
 * Throws `unsupported` on a runtime other than cpu. A step that fails leaves the state as it was.
 */
export async function createReplicatedLearner(share: Trainable, options: ReplicatedLearnerOptions): Promise<Learner> {
  const { optimiser, schedule, steps, replicas, session } = options;
  const { runtime } = session;
  if (runtime !== 'cpu') {
    throw new VlaError('unsupported', `device.replicas: expected 1 on runtime "${runtime}", got ${replicas}.`, {
      hint: 'Use --set device.replicas=1, or --set device.runtime=cpu.',
    });
  }
  checkOptimiser(optimiser);
  checkSchedule(schedule, steps);
  const layout = flatLayout(flatten<ParameterSpec>(share.parameters));
  const stateNames = stateNamesOf(optimiser);
  const { graph, scalarNames } = traceGradient(share, layout);
  const memory = allocateReplicaMemory(layout, stateNames, replicas);
  const first = joinParameters(layout, options.initial).data;
  for (const name of stateNames) if (name !== 'm' && name !== 'v') vector(memory, name).set(first);
  const workerData: ReplicaWorkerData = {
    compiled: compile(graph, {
      runtime,
      state: { [`${OWN}weights`]: `${OWN}gradient` },
      weights: options.frozen?.weights ?? {},
    }),
    session: {
      ...(session.threads === undefined ? {} : { threads: session.threads }),
      ...(options.frozen?.weightFolder === undefined ? {} : { weightFolder: options.frozen.weightFolder }),
    },
    optimiser,
    memory,
    replicas,
  };
  const url = workerUrl(import.meta.url, './replica-worker');
  const pool = startThreadPool<ReplicaRequest, ReplicaAnswer>(url, replicas, workerData);
  const read = (name: StateName): Tensor => {
    return { dtype: 'f32', shape: [layout.count], data: vector(memory, name).slice() };
  };
  let id = 0;
  return {
    async step(step, feeds) {
      const learningRate = learningRateAt(schedule, step, steps);
      const averageRate = optimiser.emaDecay === null ? 1 : 1 - emaDecayAt(optimiser.emaDecay, step);
      const update = { ...updateScalars(optimiser, learningRate, step), averageRate };
      const shares = Array.from({ length: replicas }, (_, rank) => takeShare(share, feeds, rank, replicas));
      id++;
      const answers = await Promise.all(
        shares.map((own, rank) =>
          pool.run(
            { id, rank, feeds: own, update },
            Object.values(own).map(({ data }) => data.buffer as ArrayBuffer),
          ),
        ),
      );
      // A replica answers null only when another one rejects.
      const given = answers.filter((answer) => answer !== null);
      const mean = (i: number): number => given.reduce((sum, { scalars }) => sum + scalars[i]!, 0) / replicas;
      const [loss, ...metrics] = scalarNames.map((name, i) => [name, mean(i)] as const);
      const { gradientNorm } = given[0]!;
      return { ...Object.fromEntries([loss!]), gradientNorm, ...Object.fromEntries(metrics), learningRate };
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
    close: () => pool.close(),
  };
}

function vector(memory: ReplicaMemory, name: StateName): Float32Array {
  return memory.state[name]!;
}

/** Weights and a share of the batch in; gradient and scalars (loss first) out. The gradient takes the weights' place as state. */
function traceGradient(share: Trainable, layout: FlatLayout) {
  let scalarNames: readonly string[] = [];
  const graph = trace(() => {
    const weights = input(`${OWN}weights`, 'f32', [layout.count]);
    const { gradient, loss, metrics } = flatGradient(share, layout, weights);
    output(`${OWN}gradient`, gradient);
    scalarNames = outputScalars({ loss, ...metrics });
  });
  return { graph, scalarNames };
}

/** Replica `rank`'s copy of its part of the feeds. */
function takeShare(
  { inputs }: Trainable,
  feeds: Readonly<Record<string, Tensor>>,
  rank: number,
  replicas: number,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape, data }]) => {
      const own = inputs[name]?.shape;
      // What does not fit is refused by the replica's session, as it would be without replicas.
      if (own === undefined || shape.join() === own.join()) {
        return [name, { dtype, shape, data: data.slice() } as Tensor];
      }
      const whole = [own[0]! * replicas, ...own.slice(1)];
      if (shape.join() !== whole.join()) {
        throw new VlaError(
          'bad-shape',
          `learner: feed "${name}": expected [${whole.join(', ')}], got [${shape.join(', ')}].`,
        );
      }
      const size = elementCount(own);
      return [name, { dtype, shape: own, data: data.slice(rank * size, (rank + 1) * size) } as Tensor];
    }),
  );
}
