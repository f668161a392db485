/** @file The measurement `success`: closed-loop success rates, one series per condition, one score per episode. */

import { VlaError } from '../../base/errors.ts';
import { chooseConditions, chooseTasks } from '../../benchmarks/protocol.ts';
import { mean } from '../../benchmarks/statistics.ts';
import { findWorld, WORLDS } from '../../simulation/worlds.ts';
import { namedEnvironment, namedPolicy, samplingSettings } from '../players.ts';
import type { SuccessConfig } from '../../../recipes/studies/measurement-config.ts';
import type { Measurement, Series } from './measurement.ts';
import { playEpisodes } from './play-episodes.ts';

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
