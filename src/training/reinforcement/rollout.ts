/** @file Rollouts: a pool of environments plays the policy from fresh episodes, and every chunk is remembered with its advantage. */

import { VlaError, invariant } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type { Tensor } from '../../base/tensor.ts';
import { judgeOutcome, type EnvironmentPool } from '../../interfaces/environment-pool.ts';
import type { EpisodeSpec } from '../../interfaces/environment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import type { Actor, NetworkWeights } from './actor.ts';
import { drawActions, gather } from './actor.ts';
import type { ActorCritic } from './actor-critic.ts';
import { estimateAdvantages, type GaeConfig, type GaeStep } from './gae.ts';
import { environmentTasks, type RolloutConfig } from './recipe.ts';

/** Streams of an update's random numbers. */
const EPISODES = 1;
const DRAWS = 2;
const STEPS = 3;

/** The first episode of an environment in a round: these have all begun with the round, so their mean is not one of the quick ones. */
export interface FirstEpisode {
  readonly task: string;
  readonly success: boolean;
  /** Control steps; where the round ended before the episode did, as far as it came. */
  readonly ticks: number;
  /** The sum of its discounted rewards. */
  readonly discountedReturn: number;
}

/** All that an update learns from. Row r is chunk r mod E of batch ⌊r / E⌋. */
export interface Rollout {
  readonly rows: number;
  /** f32 [rows] each, raw. */
  readonly advantages: Float64Array;
  readonly targets: Float64Array;
  readonly values: Float64Array;
  readonly first: readonly FirstEpisode[];
  /** The tensors of these rows, [rows.length, …], by the names that `ppo-step` feeds. */
  memory(rows: readonly number[]): Record<string, Tensor>;
}

/** Who plays, and what is drawn. */
export interface RolloutOptions {
  readonly ac: ActorCritic;
  readonly actor: Actor;
  readonly pool: EnvironmentPool;
  readonly weights: NetworkWeights;
  readonly config: RolloutConfig;
  readonly gae: GaeConfig;
  /** The update's stream: the same gives the same rollout. */
  readonly stream: readonly number[];
  /** Episodes have seeds below this. */
  readonly seedLimit: number;
}

/** One environment's part of a round. */
interface Lane {
  readonly steps: (GaeStep & { readonly batch: number })[];
  /** Observations whose value is still missing as the `nextValue` of a step. */
  readonly cut: { readonly step: number; readonly observation: Observation }[];
  episodes: number;
  first: { success: boolean; ticks: number; discountedReturn: number };
}

/** Plays `config.rounds` rounds. Rejects with what the pool or the policy rejects with. */
export async function collectRollout(options: RolloutOptions): Promise<Rollout> {
  const { config, gae, pool } = options;
  const tasks = environmentTasks(config);
  invariant(pool.size === tasks.length, 'the pool has an environment for each task');
  const E = tasks.length;
  const batches: Readonly<Record<string, Tensor>>[] = [];
  const rows = E * config.chunks * config.rounds;
  const [advantages, targets, values] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  const first: FirstEpisode[] = [];
  for (let round = 0; round < config.rounds; round++) {
    const lanes = await playAgain(() => playRound(options, tasks, round, batches), batches);
    for (const [slot, { steps, first: outcome }] of lanes.entries()) {
      const estimated = estimateAdvantages(steps, gae);
      for (const [i, { batch, value }] of steps.entries()) {
        advantages[batch * E + slot] = estimated.advantages[i]!;
        targets[batch * E + slot] = estimated.targets[i]!;
        values[batch * E + slot] = value;
      }
      first.push({ task: tasks[slot]!, ...outcome });
    }
  }
  return {
    rows,
    advantages,
    targets,
    values,
    first,
    memory: (wanted) =>
      Object.fromEntries(
        Object.keys(batches[0]!).map((name) => [
          name,
          gather(
            wanted.map((row) => batches[Math.floor(row / E)]![name]!),
            wanted.map((row) => row % E),
          ),
        ]),
      ),
  };
}

/** How often a round is played again from its beginning when environments were lost on the way. */
const MOST_TRIES = 3;

/** A round begins with fresh episodes, so one that was played again is the same. */
async function playAgain<T>(play: () => Promise<T>, batches: unknown[]): Promise<T> {
  const before = batches.length;
  for (let tries = 1; ; tries++) {
    try {
      return await play();
    } catch (error) {
      if (!(error instanceof VlaError && error.code === 'io') || tries === MOST_TRIES) throw error;
      batches.length = before;
    }
  }
}

/** All environments from fresh episodes, `config.chunks` chunks each; appends what is remembered to `batches`. */
async function playRound(
  { ac, actor, pool, weights, config, gae, stream, seedLimit }: RolloutOptions,
  tasks: readonly string[],
  round: number,
  batches: Readonly<Record<string, Tensor>>[],
): Promise<Lane[]> {
  const [seed, ...path] = stream as [number, ...number[]];
  const random = (...parts: readonly number[]): Random => new Random(seed, ...path, ...parts);
  const lanes = tasks.map((): Lane => {
    return { steps: [], cut: [], episodes: 0, first: { success: false, ticks: 0, discountedReturn: 0 } };
  });
  const episode = (slot: number): EpisodeSpec => ({
    task: tasks[slot]!,
    seed: random(EPISODES, round, slot, lanes[slot]!.episodes).integer(seedLimit),
  });
  const candidates = ac.table.length - (config.spareLastStep ? 1 : 0);
  const dim = pool.embodiment.action.names.length;
  let seen = whole(await pool.reset(lanes.map((_, slot) => episode(slot))));
  for (let t = 0; t < config.chunks; t++) {
    const step = random(STEPS, round, t).integer(candidates);
    const draws = drawActions(
      ac,
      lanes.map((_, slot) => random(DRAWS, round, t, slot)),
      step,
      config.noiseScale,
    );
    const acted = await actor.act(seen, draws, weights);
    const batch = batches.push(acted.memory) - 1;
    const results = whole(await pool.play(acted.chunks.map(({ data }) => data.slice(0, config.execute * dim))));
    const next = results.map(({ observation }) => observation);
    const ended: boolean[] = [];
    for (const [slot, { outcome, ticks, observation }] of results.entries()) {
      const lane = lanes[slot]!;
      const { reward, terminated, truncated } = judgeOutcome(outcome);
      const ends = terminated || truncated || t === config.chunks - 1;
      if (ends && !terminated) lane.cut.push({ step: t, observation });
      lane.steps.push({ batch, reward, value: acted.values[slot]!, nextValue: 0, ends });
      if (lane.episodes === 0) {
        lane.first.ticks += ticks;
        lane.first.discountedReturn += gae.discount ** t * reward;
        if (outcome === 'success') lane.first.success = true;
      }
      ended.push(terminated || truncated);
      if (terminated || truncated) lane.episodes++;
    }
    if (t < config.chunks - 1 && ended.includes(true)) {
      const fresh = await pool.reset(ended.map((over, slot) => (over ? episode(slot) : null)));
      for (const [slot, observation] of fresh.entries()) if (observation !== null) next[slot] = observation;
    }
    seen = next;
  }
  return withNextValues(lanes, (observations) => actor.values(observations, weights));
}

/** Fills in the values of what came after each chunk. */
async function withNextValues(
  lanes: readonly Lane[],
  valuesOf: (observations: readonly Observation[]) => Promise<Float32Array>,
): Promise<Lane[]> {
  const cut = await valuesOf(lanes.flatMap((lane) => lane.cut.map(({ observation }) => observation)));
  let at = 0;
  return lanes.map((lane) => {
    const missing = new Map(lane.cut.map(({ step }) => [step, cut[at++]!]));
    const steps = lane.steps.map((step, t) => {
      const nextValue = missing.get(t) ?? (step.ends ? 0 : lane.steps[t + 1]!.value);
      return { ...step, nextValue };
    });
    return { ...lane, steps };
  });
}

/** Every environment was asked, so every one has answered. */
function whole<T>(answers: readonly (T | null)[]): T[] {
  invariant(!answers.includes(null), 'every environment answers');
  return answers as T[];
}
