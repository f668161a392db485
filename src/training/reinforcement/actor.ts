/** @file The policy in rollouts: a batch of observations and its draws in, chunks and all that PPO must remember of them out. */

import { invariant } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { f32, zeros, type Data, type Tensor } from '../../base/tensor.ts';
import { createSession, type SessionOptions } from '../../engine/index.ts';
import type { ActionChunk } from '../../interfaces/action-chunk.ts';
import type { Observation } from '../../interfaces/observation.ts';
import { ACTOR, CRITIC, actGraph } from './act-graph.ts';
import { KEPT, type ActorCritic } from './actor-critic.ts';

/** The parameters of both networks, as vectors. */
export interface NetworkWeights {
  readonly actor: Tensor;
  readonly critic: Tensor;
}

/** What a batch of chunks is drawn from. */
export interface ActionDraws {
  /** f32 [B, H, A]: where sampling starts. */
  readonly noise: Tensor;
  /** f32 [B, H, A], standard normal: what the step that takes chances adds. */
  readonly chance: Tensor;
  /** f32 [B, N], one-hot: which step that is. */
  readonly choice: Tensor;
}

/** What the policy did. */
export interface Acted {
  /** In the robot's units. */
  readonly chunks: readonly ActionChunk[];
  /** f32 [B, …] by the names that `ppo-step` feeds: the observations, or what is kept of them, the step that took chances, and its numbers. */
  readonly memory: Readonly<Record<string, Tensor>>;
  readonly logProbabilities: Float32Array;
  readonly values: Float32Array;
}

/** A policy for batches of B, on a session of its own. */
export interface Actor {
  act(observations: readonly Observation[], draws: ActionDraws, weights: NetworkWeights): Promise<Acted>;
  /** The critic's values of any number of observations. */
  values(observations: readonly Observation[], weights: NetworkWeights): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens the policy; `frozen` are the weights that do not learn. */
export async function openActor(
  ac: ActorCritic,
  B: number,
  session: Pick<SessionOptions, 'runtime' | 'threads' | 'weights'>,
): Promise<Actor> {
  const { codec } = ac;
  const running = await createSession(actGraph(ac, B), session);
  const chunk = codec.horizon * codec.actionDim;
  const run = (observed: Readonly<Record<string, Tensor>>, draws: ActionDraws, weights: NetworkWeights) =>
    running.run({ ...observed, ...draws, [ACTOR]: weights.actor, [CRITIC]: weights.critic });
  const observe = (observations: readonly Observation[]): Record<string, Tensor> =>
    stack(
      observations.map((observation) => codec.encodeObservation(observation)),
      ac.observation,
    );
  return {
    async act(observations, draws, weights) {
      const observed = observe(observations);
      const { actions, before, after, logProbability, value, ...kept } = await run(observed, draws, weights);
      const encoded = actions!.data as Float32Array;
      const seen = ac.kept === null ? observed : pick(observed, ['state']);
      return {
        chunks: observations.map(({ state }, b) =>
          codec.decodeActions(encoded.subarray(b * chunk, (b + 1) * chunk), state),
        ),
        memory: {
          ...seen,
          ...kept,
          before: before!,
          after: after!,
          choice: draws.choice,
          oldLogProbability: logProbability!,
          oldValue: value!,
        },
        logProbabilities: logProbability!.data as Float32Array,
        values: value!.data as Float32Array,
      };
    },
    async values(observations, weights) {
      const found = new Float32Array(observations.length);
      const idle = {
        noise: zeros('f32', [B, codec.horizon, codec.actionDim]),
        chance: zeros('f32', [B, codec.horizon, codec.actionDim]),
        choice: zeros('f32', [B, ac.table.length]),
      };
      for (let start = 0; start < observations.length; start += B) {
        const part = observations.slice(start, start + B);
        const full = Array.from({ length: B }, (_, b) => part[Math.min(b, part.length - 1)]!);
        const { value } = await run(observe(full), idle, weights);
        found.set((value!.data as Float32Array).subarray(0, part.length), start);
      }
      return found;
    },
    close: () => running.close(),
  };
}

/** Whether a name belongs to what is kept of prompts. */
export const isKept = (name: string): boolean => name.startsWith(KEPT);

function pick(tensors: Readonly<Record<string, Tensor>>, names: readonly string[]): Record<string, Tensor> {
  return Object.fromEntries(names.filter((name) => name in tensors).map((name) => [name, tensors[name]!]));
}

/** Draws of a batch: sample b draws from `randoms[b]`; `step` is the one that takes chances. */
export function drawActions(
  ac: ActorCritic,
  randoms: readonly Random[],
  step: number,
  noiseScale: number,
): ActionDraws {
  const { horizon, actionDim } = ac.codec;
  const [B, N] = [randoms.length, ac.table.length];
  const noise = zeros('f32', [B, horizon, actionDim]);
  const chance = zeros('f32', [B, horizon, actionDim]);
  const size = horizon * actionDim;
  for (const [b, random] of randoms.entries()) {
    for (let i = 0; i < size; i++) noise.data[b * size + i] = noiseScale * random.normal();
    for (let i = 0; i < size; i++) chance.data[b * size + i] = random.normal();
  }
  const choice = f32(
    Float32Array.from({ length: B * N }, (_, i) => (i % N === step ? 1 : 0)),
    [B, N],
  );
  return { noise, chance, choice };
}

/** The named tensors [1, …] of several samples as [B, …]. */
function stack(samples: readonly Readonly<Record<string, Tensor>>[], names: readonly string[]): Record<string, Tensor> {
  return Object.fromEntries(
    names.map((name) => [
      name,
      gather(
        samples.map((sample) => sample[name]!),
        samples.map(() => 0),
      ),
    ]),
  );
}

/** Row `rows[i]` of tensor `tensors[i]`, one below the other. */
export function gather(tensors: readonly Tensor[], rows: readonly number[]): Tensor {
  const [first] = tensors;
  invariant(first !== undefined, 'there are rows');
  const shape = [rows.length, ...first.shape.slice(1)];
  const out = zeros(first.dtype, shape);
  const size = out.data.length / rows.length;
  for (const [i, row] of rows.entries()) {
    const part = tensors[i]!.data.subarray(row * size, (row + 1) * size);
    (out.data as { set(values: Data, offset: number): void }).set(part, i * size);
  }
  return out;
}
