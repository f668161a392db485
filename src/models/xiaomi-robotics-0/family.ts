/** @file Xiaomi-Robotics-0 as a family: what shared code asks of it. */

import { invariant } from '../../base/errors.ts';
import type { Value } from '../../engine/index.ts';
import { defineFamily } from '../family.ts';
import { drawFlow, flowInputSpecs } from '../parts/flow-matching.ts';
import { encodePrompt } from '../parts/prompt-encoder.ts';
import { qwen3VlNetwork } from '../parts/qwen3-vl.ts';
import {
  XIAOMI_ROBOTICS_0,
  XIAOMI_ROBOTICS_0_ASYNC,
  parseXiaomiConfig,
  tinyXiaomi,
  type XiaomiConfig,
} from './config.ts';
import { expertContext, type ExpertContext } from './expert.ts';
import { actionFlow, flowLoss, sampleActions, xiaomiSpec, type Xiaomi } from './model.ts';
import { drawPrefixes, prefixInputs } from './prefix-draws.ts';
import { xiaomiText } from './text.ts';

/** Xiaomi-Robotics-0. */
export const xiaomiRobotics0 = defineFamily<XiaomiConfig, Xiaomi<Value>, ExpertContext>({
  name: 'xiaomi-robotics-0',
  title: 'Xiaomi-Robotics-0',
  published: { '4.7b': XIAOMI_ROBOTICS_0, '4.7b-async': XIAOMI_ROBOTICS_0_ASYNC },
  parse: parseXiaomiConfig,
  tiny: tinyXiaomi,
  needs: ({ expert, vision }) => ({
    stateDim: expert.stateDim,
    actionDim: expert.actionDim,
    patch: vision.patch,
    merge: vision.merge,
    temporal: vision.temporal,
    maxHorizon: Infinity,
  }),
  spec: xiaomiSpec,
  encode: (p, inputs, layout, c) => encodePrompt(qwen3VlNetwork(p.vlm.model, c), inputs, layout, c.prompt),
  context(p, prompt, state, c) {
    invariant(state !== null, 'the expert reads the state');
    return expertContext(p, prompt, state, c.expert);
  },
  draws: ({ time, asyncPrefix }) => ({
    inputs: (B, sizes) => ({
      ...flowInputSpecs(B, sizes),
      ...(asyncPrefix === null ? {} : prefixInputs(asyncPrefix, B, sizes)),
    }),
    draw(randoms, sizes) {
      const flow = drawFlow(time, sizes, randoms);
      return asyncPrefix === null ? { ...flow } : { ...flow, ...drawPrefixes(asyncPrefix, sizes, randoms) };
    },
  }),
  flowLoss,
  sample: (p, context, noise, dimensions, steps, c) => sampleActions(p, context, noise, dimensions, steps, c.expert),
  flow: actionFlow,
  longestPrefix: ({ asyncPrefix }) => asyncPrefix?.longest ?? 0,
  text: xiaomiText,
});
