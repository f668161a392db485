/** @file PPO as a learner of the training loop: a step is an update, which plays a rollout and takes several passes over it in minibatches. */

import { VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import { f32, zeros, type Tensor } from '../../base/tensor.ts';
import { createSession, type SessionOptions } from '../../engine/index.ts';
import type { EnvironmentPool } from '../../interfaces/environment-pool.ts';
import { flatten, materialise } from '../../nn/parameters.ts';
import { OWN } from '../flat-gradient.ts';
import { joinParameters, nameParameters, type FlatLayout } from '../flat-parameters.ts';
import type { Learner } from '../learner.ts';
import { updateScalars } from '../optimiser.ts';
import { openActor, type NetworkWeights } from './actor.ts';
import type { ActorCritic } from './actor-critic.ts';
import { explainedVariance, normaliseAdvantages } from './gae.ts';
import { NETWORKS, RATES, VECTORS, tracePpoStep } from './ppo-step.ts';
import { environmentTasks, type ReinforcementRecipe } from './recipe.ts';
import { collectRollout, type Rollout } from './rollout.ts';

/** Streams of the recipe's seed. */
const CRITIC = 1;
const ROLLOUT = 2;
const ORDER = 3;

/** What a learner is made of. */
export interface PpoLearnerOptions {
  readonly ac: ActorCritic;
  readonly recipe: ReinforcementRecipe;
  /** All weights of the policy by dotted name. */
  readonly policy: Readonly<Record<string, Tensor>>;
  readonly pool: EnvironmentPool;
  /** Episodes of rollouts have seeds below this. */
  readonly seedLimit: number;
}

type State = Readonly<Record<string, Tensor>>;
/** Names of the state, as checkpoints have it. */
const STATE = NETWORKS.flatMap((network) => VECTORS.map((vector) => `${network}.${vector}`));
/** How many minibatches were taken, f32 [1]. */
const COUNT = 'minibatches';

/** Opens the sessions. `weights()` are the policy's whole weights; the critic is in `state()`. */
export async function createPpoLearner(options: PpoLearnerOptions): Promise<Learner> {
  const { ac, recipe, policy, pool } = options;
  const { update, ppo, device, seed } = recipe;
  const optimiser = { ...recipe.optimiser, emaDecay: null };
  const step = tracePpoStep(ac, ppo, optimiser, update.minibatch);
  const session = await createSession(step.graph, {
    ...device,
    weights: policy,
    state: Object.fromEntries(STATE.map((name) => [OWN + name, `${OWN}${name}.next`])),
    initialState: prefixed(firstState(ac, policy, seed)),
  });
  const actor = await openActor(ac, environmentTasks(recipe.rollout).length, frozenSession(ac, device, policy));
  let minibatches = 0;

  const minibatch = async (feeds: State, actorRate: number): Promise<Record<string, number>> => {
    const rates = { actor: actorRate, critic: update.criticLearningRate };
    const scalars = NETWORKS.flatMap((network) => {
      const values = updateScalars(optimiser, rates[network], minibatches);
      return RATES.map((name) => [`${OWN}${network}.${name}`, f32([values[name]], [])] as const);
    });
    const results = await session.run({ ...feeds, ...Object.fromEntries(scalars) });
    minibatches++;
    const numbers = results[`${OWN}scalars`]!.data as Float32Array;
    return Object.fromEntries(step.scalarNames.map((name, i) => [name, numbers[i]!]));
  };

  return {
    async step(index) {
      const weights = await networkWeights(session.readState.bind(session));
      const rollout = await collectRollout({
        ac,
        actor,
        pool,
        weights,
        config: recipe.rollout,
        gae: recipe.gae,
        stream: [seed, ROLLOUT, index],
        seedLimit: options.seedLimit,
      });
      const actorRate = index < update.criticWarmup ? 0 : update.actorLearningRate;
      const learned = await learn(rollout, recipe, index, (feeds) => minibatch(feeds, actorRate));
      return {
        ...learned,
        ...rolloutMetrics(rollout),
        actorLearningRate: actorRate,
        criticLearningRate: update.criticLearningRate,
      };
    },
    async weights() {
      const state = await session.readState([`${OWN}actor.weights`]);
      return { ...policy, ...nameParameters(ac.actor, state[`${OWN}actor.weights`]!) };
    },
    async state() {
      const state = await session.readState();
      const own = Object.fromEntries(STATE.map((name) => [name, state[OWN + name]!]));
      return { ...own, [COUNT]: f32([minibatches], [1]) };
    },
    async restore(state) {
      requireState(ac, state);
      minibatches = Number(state[COUNT]!.data[0]);
      await session.writeState(prefixed(Object.fromEntries(STATE.map((name) => [name, state[name]!]))));
    },
    async close() {
      await Promise.all([session.close(), actor.close()]);
    },
  };
}

/** Passes over a rollout in minibatches; the means of what they say. */
async function learn(
  rollout: Rollout,
  { seed, update }: ReinforcementRecipe,
  index: number,
  minibatch: (feeds: State) => Promise<Record<string, number>>,
): Promise<Record<string, number>> {
  const advantages = normaliseAdvantages(rollout.advantages);
  const sums: Record<string, number> = {};
  let count = 0;
  let epochs = 0;
  while (epochs < update.epochs) {
    const order = new Random(seed, ORDER, index, epochs).shuffle([...Array(rollout.rows).keys()]);
    let kl = 0;
    for (let start = 0; start < order.length; start += update.minibatch) {
      const rows = order.slice(start, start + update.minibatch);
      const judged = {
        advantage: f32(Float32Array.from(rows, (row) => advantages[row]!)),
        target: f32(Float32Array.from(rows, (row) => rollout.targets[row]!)),
      };
      const numbers = await minibatch({ ...rollout.memory(rows), ...judged });
      for (const [name, value] of Object.entries(numbers)) sums[name] = (sums[name] ?? 0) + value;
      kl += (numbers['kl']! * rows.length) / rollout.rows;
      count++;
    }
    epochs++;
    if (update.klLimit !== null && kl > update.klLimit) break;
  }
  const means = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count]));
  return { ...means, passes: epochs };
}

/** What a rollout says of the policy and of the critic. */
function rolloutMetrics({ first, values, targets }: Rollout): Record<string, number> {
  const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const success = (task: string | null): number =>
    mean(first.filter((episode) => task === null || episode.task === task).map((episode) => Number(episode.success)));
  const tasks = [...new Set(first.map(({ task }) => task))];
  return {
    success: success(null),
    ...(tasks.length < 2 ? {} : Object.fromEntries(tasks.map((task) => [`success.${task}`, success(task)]))),
    return: mean(first.map(({ discountedReturn }) => discountedReturn)),
    episodeLength: mean(first.map(({ ticks }) => ticks)),
    value: mean([...values]),
    explainedVariance: explainedVariance(values, targets),
  };
}

function firstState(ac: ActorCritic, policy: State, seed: number): State {
  const critic = Object.fromEntries(flatten<Tensor>(materialise(ac.criticSpec, new Random(seed, CRITIC))));
  const of = (network: string, layout: FlatLayout, weights: State): [string, Tensor][] => [
    [`${network}.weights`, joinParameters(layout, weights)],
    [`${network}.m`, zeros('f32', [layout.count])],
    [`${network}.v`, zeros('f32', [layout.count])],
  ];
  return Object.fromEntries([...of('actor', ac.actor, policy), ...of('critic', ac.critic, critic)]);
}

const prefixed = (state: State): State =>
  Object.fromEntries(Object.entries(state).map(([name, value]) => [OWN + name, value]));

async function networkWeights(read: (names: readonly string[]) => Promise<State>): Promise<NetworkWeights> {
  const [actor, critic] = [`${OWN}actor.weights`, `${OWN}critic.weights`];
  const state = await read([actor, critic]);
  return { actor: state[actor]!, critic: state[critic]! };
}

function frozenSession(
  { actor }: ActorCritic,
  device: ReinforcementRecipe['device'],
  policy: State,
): Pick<SessionOptions, 'runtime' | 'threads' | 'weights'> {
  const learned = new Set(actor.entries.map(({ name }) => name));
  return { ...device, weights: Object.fromEntries(Object.entries(policy).filter(([name]) => !learned.has(name))) };
}

function requireState(ac: ActorCritic, state: State): void {
  const counts = { actor: ac.actor.count, critic: ac.critic.count };
  const fits = NETWORKS.every((network) =>
    VECTORS.every((vector) => state[`${network}.${vector}`]?.data.length === counts[network]),
  );
  if (fits && state[COUNT] !== undefined) return;
  throw new VlaError('mismatch', 'the training state does not fit the policy and its critic.', {
    hint: 'Train into another folder, or delete this one.',
  });
}
