/** @file One minibatch of PPO as one graph: chunks of a rollout judged again, loss, gradients, and AdamW for actor and critic, each clipped and with a learning rate of its own. */

import type { Tensor } from '../../base/tensor.ts';
import { constant, gradient, input, output, reshape, trace, type Graph, type Value } from '../../engine/index.ts';
import {
  overChunk,
  replayedTransition,
  transitionEntropy,
  transitionLogProbability,
} from '../../models/parts/flow-sde.ts';
import { promptValue } from '../../models/parts/value-head.ts';
import { OWN, outputScalars } from '../flat-gradient.ts';
import { decayMask } from '../flat-parameters.ts';
import { adamw, type OptimiserConfig } from '../optimiser.ts';
import {
  actorParameters,
  criticParameters,
  recallObservations,
  seeObservations,
  withoutIdleWeights,
  type ActorCritic,
} from './actor-critic.ts';
import { ppoLoss, type PpoConfig } from './ppo-loss.ts';

/** Both networks, and what the session remembers of each. */
export const NETWORKS = ['actor', 'critic'] as const;
export const VECTORS = ['weights', 'm', 'v'] as const;
/** Scalars of an update of a network. */
export const RATES = ['stepSize', 'epsilon', 'decay'] as const;
/** What a minibatch feeds beside what is known of observations, f32 [B]. */
export const JUDGED = ['oldLogProbability', 'oldValue', 'advantage', 'target'] as const;

type Named<K extends readonly string[]> = Record<K[number], Value>;

/** A traced step; `scalarNames` are the elements of its output `step.scalars`. */
export interface PpoStep {
  readonly graph: Graph;
  readonly scalarNames: readonly string[];
}

/** Traces the step for minibatches of B chunks. */
export function tracePpoStep(ac: ActorCritic, ppo: PpoConfig, optimiser: OptimiserConfig, B: number): PpoStep {
  let scalarNames: readonly string[] = [];
  const graph = trace(() => {
    const layouts = { actor: ac.actor, critic: ac.critic };
    const vectors = ofNetworks((network) =>
      named(VECTORS, (name) => input(`${OWN}${network}.${name}`, 'f32', [layouts[network].count])),
    );
    const { loss, metrics } = minibatchLoss(ac, vectors.actor.weights, vectors.critic.weights, ppo, B);
    const [byActor, byCritic] = gradient(loss, [vectors.actor.weights, vectors.critic.weights]);
    const gradients = { actor: byActor!, critic: byCritic! };
    const norms = ofNetworks((network) => {
      const layout = layouts[network];
      const rates = named(RATES, (name) => input(`${OWN}${network}.${name}`, 'f32', []));
      const decayed: Tensor = { dtype: 'bool', shape: [layout.count], data: decayMask(layout) };
      const next = adamw(optimiser, { ...vectors[network], gradient: gradients[network] }, constant(decayed), rates);
      for (const name of VECTORS) output(`${OWN}${network}.${name}.next`, next[name]);
      return next.norm;
    });
    scalarNames = outputScalars({ loss, ...metrics, gradientNorm: norms.actor, criticGradientNorm: norms.critic });
  });
  return { graph: withoutIdleWeights(graph), scalarNames };
}

/** The loss of a minibatch, as a function of both vectors. */
export function minibatchLoss(ac: ActorCritic, actor: Value, critic: Value, ppo: PpoConfig, B: number) {
  const { codec, table, execute } = ac;
  const p = actorParameters(ac, actor);
  const { flow, pooled, mask } = ac.kept === null ? seeObservations(ac, p, B) : recallObservations(ac, p, B);
  const chunk = [B, codec.horizon, codec.actionDim];
  const before = input('before', 'f32', chunk);
  const after = input('after', 'f32', chunk);
  const choice = input('choice', 'f32', [B, table.length]);
  const transition = replayedTransition(flow, { before, choice }, mask, table);
  const judged = named(JUDGED, (name) => input(name, 'f32', [B]));
  return ppoLoss(
    {
      ...judged,
      logProbability: overChunk(transitionLogProbability(transition, after), mask, execute),
      value: promptValue(criticParameters(ac, critic), pooled),
      entropy: reshape(transitionEntropy(transition), [B]),
    },
    ppo,
  );
}

function ofNetworks<T>(of: (network: (typeof NETWORKS)[number]) => T): Record<(typeof NETWORKS)[number], T> {
  return { actor: of('actor'), critic: of('critic') };
}

function named<K extends readonly string[]>(names: K, of: (name: K[number]) => Value): Named<K> {
  return Object.fromEntries(names.map((name) => [name, of(name as K[number])])) as Named<K>;
}
