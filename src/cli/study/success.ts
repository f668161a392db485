/** @file The measurement `success`: closed-loop success rates, one series per condition, one score per episode. */

import { VlaError } from '../../base/errors.ts';
import { chooseConditions, chooseTasks } from '../../benchmarks/protocol.ts';
import { mean } from '../../benchmarks/statistics.ts';
import { findWorld, WORLDS } from '../../simulation/worlds.ts';
import { namedEnvironment, namedPolicy, samplingSettings } from '../players.ts';
import type { Measurement, NamedMeasurement, Series } from './measurement.ts';
import { playEpisodes } from './play-episodes.ts';

/** How a checkpoint is played. */
export interface SuccessConfig extends NamedMeasurement {
  readonly kind: 'success';
  /** A built-in world (src/simulation/worlds.ts), or the path of an environment module. */
  readonly environment: string;
  readonly environmentOptions: unknown;
  /** Task names, at least one. */
  readonly tasks: readonly string[];
  /** "base", "other", "shuffled", "held-out", or perturbations of the environment. */
  readonly conditions: readonly string[];
  /** Episodes per task and condition. */
  readonly episodes: number;
  /** Seeds count from here, within those that training never uses; the same in two arms: compared episode by episode. */
  readonly firstSeed: number;
  /** Actions of a chunk that are executed before the next inference. */
  readonly execute: number | 'half';
  /** Steps from noise to actions; null: the policy's own. */
  readonly eulerSteps: number | null;
  /** Noise that sampling starts from, 0 to 1; null: the policy's own. */
  readonly noiseScale: number | null;
  /** Whether it writes text before it acts; null: as the policy does. */
  readonly mode: 'direct' | 'reason' | null;
}

/** Success rates in closed loop. */
export const success: Measurement<SuccessConfig> = {
  unit: 'episodes',
  size: ({ tasks, conditions, episodes }) => tasks.length * conditions.length * episodes,
  check(config, where, horizon) {
    const { tasks, conditions, episodes, execute, eulerSteps } = config;
    if (Object.hasOwn(WORLDS, config.environment)) {
      const world = findWorld(config.environment);
      chooseTasks(tasks, world.tasks);
      chooseConditions(conditions, world.perturbations);
    }
    requireCount(`${where}.episodes`, episodes, Infinity);
    if (execute !== 'half') requireCount(`${where}.execute`, execute, horizon ?? Infinity);
    if (eulerSteps !== null) requireCount(`${where}.eulerSteps`, eulerSteps, Infinity);
  },
  sampledWith: (config, eulerSteps, execute) => ({ ...config, eulerSteps, execute }),
  async measure(config, context) {
    const { eulerSteps, noiseScale, mode } = config;
    const settings = samplingSettings({
      ...(eulerSteps === null ? {} : { eulerSteps }),
      ...(noiseScale === null ? {} : { noiseScale }),
      ...(mode === null ? {} : { mode }),
    });
    const policy = await namedPolicy(context.checkpoint, settings);
    const options = config.environmentOptions === null ? {} : { environmentOptions: config.environmentOptions };
    const { environment } = namedEnvironment({ environment: config.environment, ...options }, policy, 64);
    const { episodes, timing } = await playEpisodes(
      config,
      policy,
      { environment, conditions: config.conditions, execute: config.execute },
      context,
    );
    const series = config.conditions.map((name): Series => {
      const own = episodes.filter(({ condition }) => condition === name);
      const scores = own.map(({ task, seed, outcome }) => {
        return { stratum: task, key: String(seed), value: outcome === 'success' ? 1 : 0 };
      });
      return { name, scores };
    });
    const details = { meanLength: mean(episodes.map(({ length }) => length)), latencyMs: timing.latencyMs.p50 };
    return { series, details };
  },
};

function requireCount(where: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  const range = most === Infinity ? 'a whole number of at least 1' : `a whole number from 1 to ${most} (the horizon)`;
  throw new VlaError('bad-argument', `${where}: expected ${range}, got ${value}.`, {
    hint: 'Correct it in the study, or with --set.',
  });
}
