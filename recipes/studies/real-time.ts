/** @file Ways to act while the next chunk is inferred, over latency: success, throughput, idle time, jerk and seams. */

import { realTime } from '../real-time.ts';
import type { RealTimeConfig } from './measurement-config.ts';
import type { Arm, Comparison, Study } from './study.ts';
import { TOUCH_EPISODES, TOUCH_SUCCESS } from './study-parts.ts';

/** A third of the recipes’ own: early enough that synchronous execution without latency does not solve everything. */
const STEPS = 1200;
const [sync, rtc, prefix, vlash] = realTime;
/** Seconds. A control period is 50 ms. */
const LATENCIES = [0, 0.1, 0.2, 0.3, 0.4];
/** T_e. Chunks have 20 actions, and at most 8 pass during an inference: none runs out. */
const EXECUTE = sync!.evaluation!.execute;

const PLAYED: RealTimeConfig = {
  kind: 'real-time',
  name: 'real-time',
  world: 'tabletop',
  tasks: TOUCH_SUCCESS.tasks,
  episodes: 60,
  firstSeed: 0,
  strategy: { kind: 'synchronous', execute: EXECUTE },
  latency: { seconds: 0, spread: 0 },
  continuation: null,
  eulerSteps: null,
};

const nameOf = (seconds: number): string => `latency-${Math.round(1000 * seconds)}`;

function arm(
  name: string,
  title: string,
  recipe: typeof sync,
  kind: RealTimeConfig['strategy']['kind'],
  continuation: RealTimeConfig['continuation'] = null,
): Arm {
  const strategy = { kind, execute: EXECUTE };
  return {
    name,
    title,
    start: null,
    stages: [{ kind: 'train', recipe: recipe!, set: [`loop.steps=${STEPS}`, TOUCH_EPISODES] }],
    measurements: LATENCIES.map((seconds): RealTimeConfig => {
      return { ...PLAYED, name: nameOf(seconds), strategy, continuation, latency: { seconds, spread: 0 } };
    }),
  };
}

const compare = (against: string, seconds: number, series: string, paper: string): Comparison => {
  return { arm: 'prefix', against, measurement: nameOf(seconds), series, paper };
};

/** The arms differ in training where a way to act needs one; the first four play the same policy. */
export const realTimeStudy: Study = {
  name: 'real-time',
  question: 'Which way to act while the next chunk is inferred keeps success, speed and smoothness as latency grows?',
  claim:
    'asynchronous execution with a prefix raises throughput over synchronous execution and over training-time RTC (towels: 1.2 against 1 ' +
    'per minute), while success is comparable, that of synchronous execution slightly better (papers/xiaomi-robotics-0, figure 6)',
  seeds: 3,
  budget: { samples: STEPS * 16, of: 'all-stages' },
  arms: [
    arm('synchronous', 'synchronous', sync, 'synchronous'),
    arm('naive', 'naive asynchronous', sync, 'naive-asynchronous'),
    arm('guided', 'guided (RTC)', sync, 'continued', { kind: 'guided', maxWeight: 5, schedule: 'exponential' }),
    arm('guided-forward', 'guided, forward only', sync, 'continued', {
      kind: 'guided-forward',
      maxWeight: 5,
      schedule: 'exponential',
    }),
    arm('training-rtc', 'training-time RTC', rtc, 'aligned-asynchronous'),
    arm('prefix', 'Xiaomi-Robotics-0', prefix, 'aligned-asynchronous'),
    arm('vlash', 'VLASH', vlash, 'future-state'),
  ],
  comparisons: [
    compare('synchronous', 0.2, 'throughput', 'higher'),
    compare('synchronous', 0.4, 'throughput', 'higher'),
    compare('synchronous', 0.2, 'success', 'slightly lower'),
    compare('naive', 0.2, 'success', 'says nothing'),
    compare('naive', 0.2, 'seam', 'smaller'),
    compare('training-rtc', 0.2, 'success', 'comparable'),
    compare('training-rtc', 0.2, 'throughput', 'higher'),
  ],
  sweep: null,
};
