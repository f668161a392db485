/**
 * @file The training step as one graph: forward, gradient, clipping, AdamW and averaging over one flat parameter vector
 * that stays in the session between steps.
 */

import { zeros, type Tensor } from '../base/tensor.ts';
import {
  constant,
  createSession,
  input,
  output,
  trace,
  type GradientOptions,
  type Graph,
  type SessionOptions,
  type Value,
} from '../engine/index.ts';
import { flatten, type ParameterSpec } from '../nn/parameters.ts';
import { OWN, flatGradient, outputScalars } from './flat-gradient.ts';
import { decayMask, flatLayout, joinParameters, nameParameters, type FlatLayout } from './flat-parameters.ts';
import { requireState, stateNamesOf, type StateName } from './learner-state.ts';
import type { Learner } from './learner.ts';
import { adamw, checkOptimiser, movedAverage, updateScalars, type OptimiserConfig } from './optimiser.ts';
import { checkSchedule, emaDecayAt, learningRateAt, type ScheduleConfig } from './schedule.ts';
import type { Trainable } from './trainable.ts';

const SCALARS = ['stepSize', 'epsilon', 'decay', 'averageRate'] as const;

/** A traced training step. */
export interface StepGraph {
  readonly graph: Graph;
  readonly layout: FlatLayout;
  readonly stateNames: readonly StateName[];
  /** Names of the elements of the output vector `step.scalars`. */
  readonly scalarNames: readonly string[];
}

/** Traces loss, gradient and update of a trainable as one graph. */
export function traceStep(trainable: Trainable, optimiser: OptimiserConfig, options: GradientOptions = {}): StepGraph {
  checkOptimiser(optimiser);
  const layout = flatLayout(flatten<ParameterSpec>(trainable.parameters));
  const stateNames = stateNamesOf(optimiser);
  let scalarNames: readonly string[] = [];
  const graph = trace(() => {
    const state = Object.fromEntries(
      stateNames.map((name) => [name, input(OWN + name, 'f32', [layout.count])]),
    ) as Record<StateName, Value>;
    const scalars = Object.fromEntries(SCALARS.map((name) => [name, input(OWN + name, 'f32', [])])) as Record<
      (typeof SCALARS)[number],
      Value
    >;
    const { gradient, reached, loss, metrics } = flatGradient(trainable, layout, state.weights, options);
    const vectors = { weights: state.weights, gradient, m: state.m, v: state.v };
    const decayed: Tensor = { dtype: 'bool', shape: [layout.count], data: decayMask(layout, reached) };
    const updated = adamw(optimiser, vectors, constant(decayed), scalars);
    output(`${OWN}weights.next`, updated.weights);
    output(`${OWN}m.next`, updated.m);
    output(`${OWN}v.next`, updated.v);
    if (optimiser.emaDecay !== null) {
      output(`${OWN}average.next`, movedAverage(state.average, updated.weights, scalars.averageRate));
    }
    scalarNames = outputScalars({ loss, gradientNorm: updated.norm, ...metrics });
  });
  return { graph, layout, stateNames, scalarNames };
}

/** What a learner needs beside the trainable. */
export interface LearnerOptions extends GradientOptions {
  readonly optimiser: OptimiserConfig;
  readonly schedule: ScheduleConfig;
  /** Length of the run, for the schedule. */
  readonly steps: number;
  /** First values of the parameters by dotted name. */
  readonly initial: Readonly<Record<string, Tensor>>;
  /** Values of what is frozen: `weights`, in memory or as places in files of `weightFolder`. */
  readonly frozen?: Pick<SessionOptions, 'weights' | 'weightFolder'>;
  readonly session: Pick<SessionOptions, 'runtime' | 'threads' | 'precision'>;
}

/** A learner whose whole step is one graph in one session. */
export async function createGraphLearner(trainable: Trainable, options: LearnerOptions): Promise<Learner> {
  const { optimiser, schedule, steps } = options;
  checkSchedule(schedule, steps);
  const { graph, layout, stateNames, scalarNames } = traceStep(trainable, optimiser, options);
  const first = joinParameters(layout, options.initial);
  const session = await createSession(graph, {
    ...options.session,
    ...options.frozen,
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
      requireState(layout, stateNames, state);
      await session.writeState(Object.fromEntries(stateNames.map((name) => [OWN + name, state[name]!])));
    },
    close: () => session.close(),
  };
}

function scalar(value: number): Tensor {
  return { dtype: 'f32', shape: [], data: Float32Array.of(value) };
}
