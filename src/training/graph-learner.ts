/**
 * @file The training step as one graph: forward, gradient, clipping, AdamW and averaging over one flat parameter vector
 * that stays in the session between steps.
 */

import { VlaError } from '../base/errors.ts';
import { zeros, type Tensor } from '../base/tensor.ts';
import {
  concat,
  constant,
  createSession,
  gradient,
  input,
  output,
  reshape,
  split,
  trace,
  type Graph,
  type SessionOptions,
  type Value,
} from '../engine/index.ts';
import { flatten, mapTree, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import { flatLayout, joinParameters, nameParameters, type FlatLayout } from './flat-parameters.ts';
import type { Learner } from './learner.ts';
import { adamw, checkOptimiser, movedAverage, updateScalars, type OptimiserConfig } from './optimiser.ts';
import { checkSchedule, emaDecayAt, learningRateAt, type ScheduleConfig } from './schedule.ts';
import type { Trainable } from './trainable.ts';

/** State of the step graph. The names are those of training-state/state.safetensors. */
const STATE = ['weights', 'm', 'v', 'average'] as const;
type StateName = (typeof STATE)[number];

const SCALARS = ['stepSize', 'epsilon', 'decay', 'averageRate'] as const;

/** Inputs and outputs of the step graph that are not the trainable's own start with this. */
const OWN = 'step.';

/** A traced training step. */
export interface StepGraph {
  readonly graph: Graph;
  readonly layout: FlatLayout;
  readonly stateNames: readonly StateName[];
  /** Names of the elements of the output vector `step.scalars`. */
  readonly scalarNames: readonly string[];
}

/** Traces loss, gradient and update of a trainable as one graph. */
export function traceStep(trainable: Trainable, optimiser: OptimiserConfig): StepGraph {
  checkOptimiser(optimiser);
  const layout = flatLayout(flatten<ParameterSpec>(trainable.parameters));
  const stateNames = optimiser.emaDecay === null ? STATE.slice(0, 3) : STATE;
  let scalarNames: string[] = [];
  const graph = trace(() => {
    const state = Object.fromEntries(
      stateNames.map((name) => [name, input(OWN + name, 'f32', [layout.count])]),
    ) as Record<StateName, Value>;
    const scalars = Object.fromEntries(SCALARS.map((name) => [name, input(OWN + name, 'f32', [])])) as Record<
      (typeof SCALARS)[number],
      Value
    >;
    const leaves = splitVector(layout, state.weights);
    const byName = new Map(layout.entries.map(({ name }, i) => [name, leaves[i]!]));
    const tree: Tree<Value> = mapTree<Tree<ParameterSpec>, ParameterSpec, Value>(trainable.parameters, (_, name) =>
      byName.get(name)!,
    );
    const feeds = Object.fromEntries(
      Object.entries(trainable.inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    );
    const { loss, metrics } = trainable.loss(tree, feeds);
    const gradients = gradient(loss, leaves);
    const flat = concat(
      gradients.map((g, i) => reshape(g, [layout.entries[i]!.count])),
      0,
    );
    const vectors = { weights: state.weights, gradient: flat, m: state.m, v: state.v };
    const updated = adamw(optimiser, vectors, constant(decayMask(layout)), scalars);
    output(`${OWN}weights.next`, updated.weights);
    output(`${OWN}m.next`, updated.m);
    output(`${OWN}v.next`, updated.v);
    if (optimiser.emaDecay !== null) {
      output(`${OWN}average.next`, movedAverage(state.average, updated.weights, scalars.averageRate));
    }
    const logged = { loss, gradientNorm: updated.norm, ...metrics };
    scalarNames = Object.keys(logged);
    output(
      `${OWN}scalars`,
      concat(
        Object.values(logged).map((value) => reshape(value, [1])),
        0,
      ),
    );
  });
  return { graph, layout, stateNames, scalarNames };
}

/** The parameters as pieces of the vector, in their own shapes. */
function splitVector(layout: FlatLayout, vector: Value): Value[] {
  const sizes = layout.entries.map(({ count }) => count);
  const pieces = sizes.length === 1 ? [vector] : split(vector, 0, sizes);
  return pieces.map((piece, i) => reshape(piece, layout.entries[i]!.shape));
}

/** Weight decay is for matrices: gains, biases and other vectors keep their scale. */
function decayMask(layout: FlatLayout): Tensor {
  const data = new Uint8Array(layout.count);
  for (const { shape, offset, count } of layout.entries) if (shape.length > 1) data.fill(1, offset, offset + count);
  return { dtype: 'bool', shape: [layout.count], data };
}

/** What a learner needs beside the trainable. */
export interface LearnerOptions {
  readonly optimiser: OptimiserConfig;
  readonly schedule: ScheduleConfig;
  /** Length of the run, for the schedule. */
  readonly steps: number;
  /** First values of the parameters by dotted name. */
  readonly initial: Readonly<Record<string, Tensor>>;
  readonly session: Pick<SessionOptions, 'runtime' | 'threads' | 'precision'>;
}

/** A learner whose whole step is one graph in one session. */
export async function createGraphLearner(trainable: Trainable, options: LearnerOptions): Promise<Learner> {
  const { optimiser, schedule, steps } = options;
  checkSchedule(schedule, steps);
  const { graph, layout, stateNames, scalarNames } = traceStep(trainable, optimiser);
  const first = joinParameters(layout, options.initial);
  const session = await createSession(graph, {
    ...options.session,
    state: Object.fromEntries(stateNames.map((name) => [OWN + name, `${OWN}${name}.next`])),
    initialState: Object.fromEntries(
      stateNames.map((name) => [OWN + name, name === 'm' || name === 'v' ? zeros('f32', [layout.count]) : first]),
    ),
  });
  const averaged = stateNames.includes('average') ? 'average' : 'weights';
  return {
    async step(step, feeds) {
      const learningRate = learningRateAt(schedule, step, steps);
      const averageRate = optimiser.emaDecay === null ? 1 : 1 - emaDecayAt(optimiser.emaDecay, step);
      const scalars = { ...updateScalars(optimiser, learningRate, step), averageRate };
      const own = Object.entries(scalars).map(([name, value]) => [OWN + name, scalar(value)] as const);
      const results = await session.run({ ...feeds, ...Object.fromEntries(own) });
      const values = results[`${OWN}scalars`]!.data as Float32Array;
      return { ...Object.fromEntries(scalarNames.map((name, i) => [name, values[i]!])), learningRate };
    },
    async weights() {
      const state = await session.readState([OWN + averaged]);
      return nameParameters(layout, state[OWN + averaged]!);
    },
    async state() {
      const state = await session.readState();
      return Object.fromEntries(stateNames.map((name) => [name, state[OWN + name]!]));
    },
    async restore(state) {
      for (const name of stateNames) {
        const got = state[name];
        if (got?.dtype === 'f32' && got.data.length === layout.count) continue;
        const what = got === undefined ? 'none' : `${got.dtype} [${got.shape.join(', ')}]`;
        throw new VlaError('mismatch', `training state "${name}": expected f32 [${layout.count}], got ${what}.`, {
          hint: 'The checkpoint belongs to another model: train into another folder.',
        });
      }
      await session.writeState(Object.fromEntries(stateNames.map((name) => [OWN + name, state[name]!])));
    },
    close: () => session.close(),
  };
}

function scalar(value: number): Tensor {
  return { dtype: 'f32', shape: [], data: Float32Array.of(value) };
}
