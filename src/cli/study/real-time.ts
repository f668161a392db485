/** @file The measurement `real-time`: a policy at the pace of its robot, in simulated time, behind the safety gate, with a given latency. */

import { lookUp, VlaError } from '../../base/errors.ts';
import { builtInWorld } from '../../benchmarks/built-in-world.ts';
import { chooseTasks } from '../../benchmarks/protocol.ts';
import { mean } from '../../benchmarks/statistics.ts';
import { findWorld } from '../../simulation/worlds.ts';
import { WORLD_LIMITS } from '../../../recipes/motion-limits.ts';
import { namedPolicy, samplingSettings } from '../players.ts';
import type { RealTimeConfig } from '../../../recipes/studies/measurement-config.ts';
import type { Measurement } from './measurement.ts';
import { playEpisodes } from './play-episodes.ts';
import { realTimePlayer } from './real-time/player.ts';
import { realTimeSeries } from './real-time/series.ts';
import { strategyOf } from './real-time/strategies.ts';

const IMAGE_SIZE = 64;
/** Means over the episodes, for the record. */
const DETAILS = ['seconds', 'inferences', 'late', 'changed', 'actionJerk', 'step'];

/**
 * Series: `success`; `throughput`, successes per minute on the robot's clock, idle time included; `idle`, the share of ticks in which nothing was
 * wanted; `jerk`, of the hand, root mean square; `seam`, the mean step of what was wanted where a chunk took over from another without
 * standstill (none where the robot waits for each chunk); `unused`, the share of inferences of which nothing was executed.
 */
export const realTime: Measurement<RealTimeConfig> = {
  unit: 'episodes',
  size: ({ tasks, episodes }) => tasks.length * episodes,
  check({ world, tasks, episodes, latency, strategy }, where, horizon) {
    chooseTasks(tasks, findWorld(world).tasks);
    lookUp(`${where}: limits of world`, world, WORLD_LIMITS);
    strategyOf(strategy, world);
    const { seconds, spread } = latency;
    const most = horizon ?? Infinity;
    requireRange(
      `${where}.episodes`,
      episodes,
      Number.isInteger(episodes) && episodes >= 1,
      'a whole number of at least 1',
    );
    requireRange(
      `${where}.strategy.execute`,
      strategy.execute,
      strategy.execute <= most,
      `at most ${most} (the horizon)`,
    );
    requireRange(`${where}.latency.seconds`, seconds, seconds >= 0 && seconds < Infinity, 'seconds of at least 0');
    requireRange(`${where}.latency.spread`, spread, spread >= 0 && spread < Infinity, 'a spread of at least 0');
  },
  sampledWith: (config, eulerSteps, execute) => ({
    ...config,
    eulerSteps,
    strategy: { ...config.strategy, execute },
  }),
  async measure(config, context) {
    const { world, strategy, latency, continuation, eulerSteps } = config;
    const policy = await namedPolicy(context.checkpoint, {
      ...samplingSettings(eulerSteps === null ? {} : { eulerSteps }),
      ...(continuation === null ? {} : { continuation }),
    });
    const { episodes, timing } = await playEpisodes(
      config,
      policy,
      {
        environment: builtInWorld({ world, imageSize: policy.imageSize ?? IMAGE_SIZE }),
        player: realTimePlayer({ world, strategy, latency }),
        conditions: ['base'],
        execute: strategy.execute,
      },
      context,
    );
    const details = DETAILS.flatMap((name): [string, number][] => {
      const values = episodes.map(({ metrics }) => metrics?.[name]).filter((value) => value !== undefined);
      return values.length === 0 ? [] : [[name, mean(values)]];
    });
    const at = { axis: 'latency, ms', value: Math.round(1e6 * latency.seconds) / 1e3 };
    return {
      series: realTimeSeries(episodes, at),
      details: { ...Object.fromEntries(details), latencyMs: timing.latencyMs.p50 },
    };
  },
};

function requireRange(where: string, value: number, good: boolean, range: string): void {
  if (good) return;
  throw new VlaError('bad-argument', `${where}: expected ${range}, got ${value}.`, {
    hint: 'Correct it in the study, or with --set.',
  });
}
