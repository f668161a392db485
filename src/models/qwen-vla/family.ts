/** @file Qwen-VLA as a family: what shared code asks of it. */

import type { Value } from '../../engine/index.ts';
import { defineFamily } from '../family.ts';
import { drawFlow, flowInputSpecs } from '../parts/flow-matching.ts';
import { drawPrefixLengths, prefixLengthInputs } from '../parts/given-prefix.ts';
import { encodePrompt } from '../parts/prompt-encoder.ts';
import { qwen35Network } from '../parts/qwen3-5.ts';
import { parseQwenVlaConfig, QWEN_VLA_4B, tinyQwenVla, type QwenVlaConfig } from './config.ts';
import { expertContext, type ExpertContext } from './expert.ts';
import { actionFlow, flowLoss, qwenVlaSpec, sampleActions, type QwenVla } from './model.ts';
import { qwenVlaText } from './text.ts';

/** Qwen-VLA. */
export const qwenVla = defineFamily<QwenVlaConfig, QwenVla<Value>, ExpertContext>({
  name: 'qwen-vla',
  title: 'Qwen-VLA',
  published: { '4b': QWEN_VLA_4B },
  parse: parseQwenVlaConfig,
  tiny: tinyQwenVla,
  needs: ({ stateDim, expert, vision }) => ({
    stateDim,
    actionDim: expert.actionDim,
    patch: vision.patch,
    merge: vision.merge,
    temporal: vision.temporal,
    maxHorizon: expert.maxHorizon,
  }),
  spec: qwenVlaSpec,
  encode: (p, inputs, layout, c) => encodePrompt(qwen35Network(p.model, c), inputs, layout, c.prompt),
  context: (p, prompt, _state, c) => expertContext(p.action_expert, prompt, c.language, c.expert),
  draws: ({ time, givenPrefix }) => ({
    inputs: (B, sizes) => ({ ...flowInputSpecs(B, sizes), ...prefixLengthInputs(givenPrefix, B, sizes) }),
    draw: (randoms, sizes) => ({
      ...drawFlow(time, sizes, randoms),
      ...drawPrefixLengths(givenPrefix, sizes, randoms),
    }),
  }),
  flowLoss: (p, context, inputs, c) => flowLoss(p.action_expert, context, inputs, c.expert),
  sample: (p, context, noise, dimensions, steps, c) =>
    sampleActions(p.action_expert, context, noise, dimensions, steps, c.expert),
  flow: (p, context, mask, c, prefix) => actionFlow(p.action_expert, context, mask, c.expert, prefix),
  longestPrefix: ({ givenPrefix }) => givenPrefix?.longest ?? 0,
  text: qwenVlaText,
});
