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
  where,
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
import { FIRST_LOSS_SCALE, lossScaleOf, lossScaleTensor, nextLossScale } from './loss-scale.ts';
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

/** How a step is traced. */
export interface StepOptions extends GradientOptions {
  /** Whether the loss is multiplied before it is differentiated, by one more scalar input; see `loss-scale.ts`. Default false. */
  readonly scaleLoss?: boolean;
}

/** Traces loss, gradient and update of a trainable as one graph. */
export function traceStep(trainable: Trainable, optimiser: OptimiserConfig, options: StepOptions = {}): StepGraph {
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
    const scale = options.scaleLoss === true ? input(`${OWN}lossScale`, 'f32', []) : null;
    const { gradient, reached, loss, metrics } = flatGradient(trainable, layout, state.weights, options, scale);
    const vectors = { weights: state.weights, gradient, m: state.m, v: state.v };
    const decayed: Tensor = { dtype: 'bool', shape: [layout.count], data: decayMask(layout, reached) };
    const updated = adamw(optimiser, vectors, constant(decayed), scalars, scale);
    output(`${OWN}weights.next`, updated.weights);
    output(`${OWN}m.next`, updated.m);
    output(`${OWN}v.next`, updated.v);
    if (optimiser.emaDecay !== null) {
      const { averageRate } = scalars;
      const rate = updated.taken === null ? averageRate : where(updated.taken, averageRate, constant(0));
      output(`${OWN}average.next`, movedAverage(state.average, updated.weights, rate));
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
  readonly session: Pick<SessionOptions, 'runtime' | 'threads' | 'precision' | 'arithmetic'>;
}

/**
 * A learner whose whole step is one graph in one session. With `arithmetic: 'f16'` the products are in 16-bit floats, the weights and all of
 * the optimiser in f32, and the loss is scaled: steps have `lossScale` and `skipped` (1 or 0) beside their other scalars; the norm of
 * a gradient that is not finite, whose step is not taken, counts as 0.
 */
export async function createGraphLearner(trainable: Trainable, options: LearnerOptions): Promise<Learner> {
  const { optimiser, schedule, steps } = options;
  checkSchedule(schedule, steps);
  const scaled = options.session.arithmetic === 'f16';
  const { graph, layout, stateNames, scalarNames } = traceStep(trainable, optimiser, {
    ...options,
    scaleLoss: scaled,
  });
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
  let lossScale = FIRST_LOSS_SCALE;
  return {
    async step(step, feeds) {
      const learningRate = learningRateAt(schedule, step, steps);
      const averageRate = optimiser.emaDecay === null ? 1 : 1 - emaDecayAt(optimiser.emaDecay, step);
      const { scale, skipped } = lossScale;
      const update = updateScalars(optimiser, learningRate, scaled ? step - skipped : step);
      const scalars = { ...update, averageRate, ...(scaled ? { lossScale: scale } : {}) };
      const own = Object.entries(scalars).map(([name, value]) => [OWN + name, scalar(value)] as const);
      const results = await session.run({ ...feeds, ...Object.fromEntries(own) });
      const values = results[`${OWN}scalars`]!.data as Float32Array;
      const told = { ...Object.fromEntries(scalarNames.map((name, i) => [name, values[i]!])), learningRate };
      if (!scaled) return told;
      const { gradientNorm } = told as { readonly gradientNorm?: number };
      const taken = Number.isFinite(gradientNorm);
      lossScale = nextLossScale(lossScale, taken);
      return { ...told, gradientNorm: taken ? gradientNorm! : 0, lossScale: scale, skipped: taken ? 0 : 1 };
    },
    async weights() {
      const state = await session.readState([OWN + averaged]);
      return nameParameters(layout, state[OWN + averaged]!);
    },
    async state() {
      const state = await session.readState();
      const vectors = Object.fromEntries(stateNames.map((name) => [name, state[OWN + name]!]));
      return scaled ? { ...vectors, lossScale: lossScaleTensor(lossScale) } : vectors;
    },
    async restore(state) {
      requireState(layout, stateNames, state);
      const kept = scaled ? lossScaleOf(state['lossScale']) : FIRST_LOSS_SCALE;
      await session.writeState(Object.fromEntries(stateNames.map((name) => [OWN + name, state[name]!])));
      lossScale = kept;
    },
    close: () => session.close(),
  };
}

function scalar(value: number): Tensor {
  return { dtype: 'f32', shape: [], data: Float32Array.of(value) };
}
