/**
 * @file Reinforcement learning of a tabletop policy from sparse success, by PPO as Qwen-VLA's fourth stage has it (papers/qwen-vla,
 * section 4.2), in sizes for two cores.
 *
 * Differs from the paper: a rollout of 576 chunks in 32 environments, not 8192 in 128, and larger learning rates (5e-6 and 1e-4 there); the
 * expert alone learns; less noise; a critic that learns alone in the first updates, and passes that end early when the policy has moved far.
 */

import type { ReinforcementRun } from './reinforcement-run.ts';

/** Two tasks that a policy of the quickstart half knows. */
export const rlTabletop: ReinforcementRun = {
  name: 'rl-tabletop',
  summary: 'push and lift, from a policy of the quickstart that can do them sometimes',
  seed: 1,
  base: 'runs/quickstart',
  learn: 'expert',
  rollout: {
    environments: { push: 16, lift: 16 },
    // Long enough for the longest episode of both.
    chunks: 18,
    rounds: 1,
    execute: 8,
    // As the policy samples when it is measured; with more noise it succeeds half as often.
    noiseScale: 0.5,
    spareLastStep: false,
  },
  sde: { kind: 'flow-sde', noiseLevel: 0.3 },
  valueHead: { hidden: null },
  gae: { discount: 0.99, lambda: 0.95 },
  ppo: { clipRatio: 0.2, dualClip: 3, valueClip: 0.2, huberDelta: 10, valueWeight: 1, entropyWeight: 0 },
  update: {
    epochs: 4,
    minibatch: 144,
    klLimit: 0.05,
    actorLearningRate: 5e-5,
    criticLearningRate: 5e-3,
    criticWarmup: 2,
  },
  optimiser: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0, clipNorm: 1 },
  loop: { steps: 100, logEvery: 1, checkpointEvery: 10, evaluateEvery: 10, keepLast: 2 },
  device: { runtime: 'cpu', threads: 2 },
  world: { imageSize: 64, workers: 2, servers: [] },
  evaluation: { tasks: ['push', 'lift'], conditions: ['base'], episodes: 100, execute: 8, validationEpisodes: 50 },
};

/** The smallest run, seconds long: the end-to-end test. */
export const rlDebug: ReinforcementRun = {
  ...rlTabletop,
  name: 'rl-debug',
  summary: 'seconds long: two updates of a policy of the debug recipe',
  base: 'runs/debug',
  rollout: { ...rlTabletop.rollout, environments: { touch: 1, lift: 1 }, chunks: 3, execute: 2 },
  update: { ...rlTabletop.update, epochs: 2, minibatch: 3, criticWarmup: 0 },
  loop: { steps: 2, logEvery: 1, checkpointEvery: 1, evaluateEvery: null, keepLast: 2 },
  world: { imageSize: 32, workers: 1, servers: [] },
  evaluation: { tasks: ['touch', 'lift'], conditions: ['base'], episodes: 1, execute: 2, validationEpisodes: 1 },
};
