/**
 * @file Policies for real-time execution (Xiaomi-Robotics-0, section 2.3 and figure 6): the same tiny model, demonstrations and budget,
 * each trained for one way to act while the next chunk is inferred. `real-time-sync` also serves naive asynchronous execution and
 * guidance, which need no training.
 */

import {
  trainingTimeRtc,
  type AsyncPrefix,
  type OwnMask,
  type XiaomiConfig,
} from '../src/models/xiaomi-robotics-0/config.ts';
import { xiaomiRobotics0 } from '../src/models/xiaomi-robotics-0/family.ts';
import { quickstart } from './quickstart.ts';
import type { Recipe } from './recipe.ts';
import { MILD, tabletopCodec, tabletopModel } from './tabletop-parts.ts';

/** Actions of a chunk: at 20 Hz a second. A chunk serves 400 ms of inference, and as long again until the next begins. */
const HORIZON = 20;
/** Actions that may be certain to be executed when an inference begins: 500 ms, so that 400 ms of latency leave two ticks to spare. */
const LONGEST = 10;
/** As xiaomi's own recipes have it: the last two maps meet in as many features as the action vector has. */
const ACTION_SIZE = 32;
const IMAGE_SIZE = 64;

/** The paper draws 0 to 6 given actions, each equally often; here as many as its latency asks for. */
const PAPER: AsyncPrefix = { probability: LONGEST / (LONGEST + 1), longest: LONGEST, reweight: true };
const LAMBDA: OwnMask = { kind: 'lambda', window: 4, positionOffset: 10 };

const sync: Recipe = {
  ...quickstart,
  name: 'real-time-sync',
  summary: 'real time: the tiny Xiaomi-Robotics-0 with chunks of a second, trained to act in step with inference',
  codec: { ...tabletopCodec(IMAGE_SIZE, HORIZON, quickstart.codec.instructionTokens, MILD), actionSize: ACTION_SIZE },
  model: tabletopModel(quickstart.model.draws, xiaomiRobotics0, { actionDim: ACTION_SIZE }),
  loop: { ...quickstart.loop, steps: 4000, keepLast: 1 },
  evaluation: { ...quickstart.evaluation!, conditions: ['base'], execute: HORIZON - LONGEST },
};

/** The same run with the expert changed. */
function variant(name: string, summary: string, change: (config: XiaomiConfig) => XiaomiConfig): Recipe {
  return { ...sync, name, summary, model: { ...sync.model, config: change(sync.model.config as XiaomiConfig) } };
}

const rtc = variant(
  'real-time-training-rtc',
  'real time: the same, given 0 to 10 actions that have a flow time of their own (training-time RTC)',
  (config) => ({ ...config, asyncPrefix: trainingTimeRtc(LONGEST) }),
);

const prefix = variant(
  'real-time-prefix',
  'real time: the same, given 0 to 10 actions as Xiaomi-Robotics-0 is (Λ mask, offset, weights by error)',
  (config) => ({ ...config, expert: { ...config.expert, mask: LAMBDA }, asyncPrefix: PAPER }),
);

const vlash: Recipe = {
  ...sync,
  name: 'real-time-vlash',
  summary: 'real time: the same, told the state in which its chunk begins, 0 to 10 actions after its images (VLASH)',
  data: { ...sync.data, futureState: { longest: LONGEST } },
};

/** In the order of the comparison. */
export const realTime: readonly Recipe[] = [sync, rtc, prefix, vlash];
