/**
 * @file Sampling with chance: one Euler step of a flow as a step of a stochastic equation with the same marginals, whose transition is
 * a Gaussian with a log-probability (Song et al. 2021; papers/qwen-vla, section 4.2; the table is RLinf's).
 *
 * In the noise fraction n, with a step δ, x̂₀ = x − n v (the action) and x̂₁ = x + (1 − n) v (the noise):
 *
 *     Euler       mean (1 − (n − δ)) x̂₀ + (n − δ) x̂₁                              std 0
 *     flow-sde    mean (1 − (n − δ)) x̂₀ + (n − δ − σ² δ / (2n)) x̂₁                std √δ σ,   σ = a √(n / (1 − n))
 *     flow-cps    mean (1 − (n − δ)) x̂₀ + (n − δ) cos(π a / 2) x̂₁                 std (n − δ) sin(π a / 2)
 *
 * At n = 1 the σ of flow-sde has the next step's n in its denominator. So each is Euler's step x − δ v plus κ x̂₁ and noise.
 *
 * Axes: B batch, N Euler steps, H horizon, A action dimensions.
 */

import { VlaError } from '../../base/errors.ts';
import { f32 } from '../../base/tensor.ts';
import { add, constant, dims, matmul, mul, reduceSum, reshape, slice, sub, type Value } from '../../engine/index.ts';
import { chosenTime, fixedTime, type ActionFlow } from './flow-matching.ts';

/** How a step takes chances. */
export interface FlowSdeConfig {
  readonly kind: 'flow-sde' | 'flow-cps';
  /** a: 0 is Euler's step. */
  readonly noiseLevel: number;
}

/** One step of the table. */
export interface SdeStep {
  /** Its noise fraction n. */
  readonly noiseFraction: number;
  /** κ: what of x̂₁ is added to Euler's step. */
  readonly correction: number;
  readonly std: number;
}

const KINDS: Readonly<
  Record<FlowSdeConfig['kind'], (n: number, delta: number, a: number) => Omit<SdeStep, 'noiseFraction'>>
> = {
  'flow-sde'(n, delta, a) {
    const sigma = a * Math.sqrt(n / (1 - (n === 1 ? 1 - delta : n)));
    return { correction: (-sigma * sigma * delta) / (2 * n), std: Math.sqrt(delta) * sigma };
  },
  'flow-cps': (n, delta, a) => ({
    correction: (n - delta) * (Math.cos((Math.PI * a) / 2) - 1),
    std: (n - delta) * Math.sin((Math.PI * a) / 2),
  }),
};

/** The steps of a walk of `steps` ≥ 2, from noise to actions. Throws `bad-argument` for what cannot be walked. */
export function sdeSteps({ kind, noiseLevel }: FlowSdeConfig, steps: number): SdeStep[] {
  if (!Number.isInteger(steps) || steps < 2) {
    throw new VlaError('bad-argument', `flow SDE: expected 2 or more Euler steps, got ${steps}.`, {
      hint: 'With one step there is no next time, which the first step’s noise follows from.',
    });
  }
  if (!(noiseLevel >= 0 && (kind === 'flow-sde' ? Number.isFinite(noiseLevel) : noiseLevel <= 1))) {
    const range = kind === 'flow-sde' ? 'of at least 0' : 'from 0 to 1';
    throw new VlaError('bad-argument', `flow SDE: expected a noise level ${range}, got ${noiseLevel}.`);
  }
  return Array.from({ length: steps }, (_, i) => {
    const last = i === steps - 1;
    const [n, delta] = [1 - i / steps, 1 / steps];
    // At the last step n − δ is 0, whatever rounding says.
    const { correction, std } = KINDS[kind](last ? delta : n, delta, noiseLevel);
    return { noiseFraction: n, correction, std };
  });
}

/** A table's column for each sample's step: `choice` f32 [B, N] is one-hot, or 0 for Euler's step; → [B, 1, 1]. */
function ofStep(choice: Value, column: readonly number[]): Value {
  const { B } = dims(choice, 'B N', { N: column.length });
  return reshape(matmul(choice, constant(f32(Float32Array.from(column), [column.length, 1]))), [B, 1, 1]);
}

/** A Gaussian with one standard deviation for all elements of a sample. */
export interface Transition {
  /** [B, H, A]. */
  readonly mean: Value;
  /** ln std, 1 / std, and 1 where the step takes chances: [B, 1, 1] each, all 0 where it is Euler's. */
  readonly logStd: Value;
  readonly inverseStd: Value;
  readonly random: Value;
}

/**
 * The transition from x [B, H, A] with velocity v at each sample's own step. `mask` [B, H, A] is 0 where an action is padding: there
 * the step is Euler's.
 */
export function sdeTransition(
  x: Value,
  velocity: Value,
  choice: Value,
  mask: Value,
  table: readonly SdeStep[],
): Transition {
  const column = (f: (step: SdeStep) => number): Value => ofStep(choice, table.map(f));
  const toNoise = column(({ noiseFraction }) => 1 - noiseFraction);
  const noise = add(x, mul(toNoise, velocity));
  const euler = sub(x, mul(velocity, constant(1 / table.length)));
  return {
    mean: add(
      euler,
      mul(
        mul(
          column(({ correction }) => correction),
          mask,
        ),
        noise,
      ),
    ),
    logStd: column(({ std }) => (std > 0 ? Math.log(std) : 0)),
    inverseStd: column(({ std }) => (std > 0 ? 1 / std : 0)),
    random: column(({ std }) => (std > 0 ? 1 : 0)),
  };
}

/**
 * The log-probability of each element of `after` [B, H, A], 0 where the step is Euler's:
 * −½ ((x − μ) / σ)² − ln σ − ½ ln 2π.
 */
export function transitionLogProbability({ mean, logStd, inverseStd, random }: Transition, after: Value): Value {
  const scaled = mul(sub(after, mean), inverseStd);
  const constants = add(logStd, mul(random, constant(0.5 * Math.log(2 * Math.PI))));
  return sub(mul(mul(scaled, scaled), constant(-0.5)), constants);
}

/** The entropy of an element, ½ ln(2πe) + ln σ, [B, 1, 1]; 0 where the step is Euler's. */
export function transitionEntropy({ logStd, random }: Transition): Value {
  return add(logStd, mul(random, constant(0.5 * Math.log(2 * Math.PI * Math.E))));
}

/** The sum over the first `execute` steps of a chunk and its real dimensions: [B, H, A] → [B]. */
export function overChunk(x: Value, mask: Value, execute: number): Value {
  return reduceSum(slice(mul(x, mask), 1, 0, execute), [1, 2]);
}

/** A walk from noise to actions of which one step took chances. */
export interface SdeWalk {
  /** [B, H, A]. */
  readonly actions: Value;
  /** Before and after that step, [B, H, A]. */
  readonly before: Value;
  readonly after: Value;
  /** Of `after`, [B, H, A]. */
  readonly logProbability: Value;
}

/**
 * Walks from `noise` [B, H, A]. `choice` f32 [B, N] is one-hot: the step that takes chances; `chance` [B, H, A] is its standard normal
 * noise. With a noise level of 0 the actions are those of Euler's steps.
 */
export function sdeWalk(
  flow: ActionFlow,
  draws: { readonly noise: Value; readonly chance: Value; readonly choice: Value },
  mask: Value,
  table: readonly SdeStep[],
): SdeWalk {
  const { B } = dims(draws.noise, 'B H A');
  const N = table.length;
  let x = flow.start(draws.noise);
  let [before, after, logProbability]: (Value | null)[] = [null, null, null];
  const sum = (total: Value | null, part: Value): Value => (total === null ? part : add(total, part));
  for (const [i, { noiseFraction, std }] of table.entries()) {
    const here = slice(draws.choice, 1, i, i + 1);
    const only = constant(
      f32(
        Float32Array.from({ length: N }, (_, k) => (k === i ? 1 : 0)),
        [1, N],
      ),
    );
    const transition = sdeTransition(
      x,
      flow.velocity(x, fixedTime(noiseFraction, B)),
      mul(draws.choice, only),
      mask,
      table,
    );
    const next = add(transition.mean, mul(mul(reshape(mul(here, constant(std)), [B, 1, 1]), mask), draws.chance));
    const chosen = reshape(here, [B, 1, 1]);
    before = sum(before, mul(x, chosen));
    after = sum(after, mul(next, chosen));
    logProbability = sum(logProbability, transitionLogProbability(transition, next));
    x = next;
  }
  return { actions: x, before: before!, after: after!, logProbability: logProbability! };
}

/** The transition of a step that was walked before, with the flow as it is now. */
export function replayedTransition(
  flow: ActionFlow,
  { before, choice }: { readonly before: Value; readonly choice: Value },
  mask: Value,
  table: readonly SdeStep[],
): Transition {
  const time = chosenTime(
    table.map(({ noiseFraction }) => noiseFraction),
    choice,
  );
  return sdeTransition(before, flow.velocity(before, time), choice, mask, table);
}
