/** @file DM0 as a family: what shared code asks of it. */

import type { Value } from '../../engine/index.ts';
import { defineFamily } from '../family.ts';
import { drawFlow, flowInputSpecs } from '../parts/flow-matching.ts';
import { drawPrefixLengths, prefixLengthInputs } from '../parts/given-prefix.ts';
import { encodePrompt } from '../parts/prompt-encoder.ts';
import { DM0_BASE, DM0_PROGRESS, parseDm0Config, tinyDm0, type Dm0Config } from './config.ts';
import { dm0Context, type Dm0Context } from './expert.ts';
import { dm0Flow, dm0FlowLoss, dm0Losses, dm0Sample, dm0Spec, type Dm0 } from './model.ts';
import { dm0Text } from './text.ts';
import { dm0Network } from './vlm.ts';

/** DM0. */
export const dm0 = defineFamily<Dm0Config, Dm0<Value>, Dm0Context>({
  name: 'dm0',
  title: 'DM0',
  published: { base: DM0_BASE, progress: DM0_PROGRESS },
  parse: parseDm0Config,
  tiny: tinyDm0,
  needs: ({ expert, vision }) => ({
    stateDim: null,
    actionDim: expert.actionDim,
    patch: vision.patch,
    merge: vision.merge,
    temporal: 1,
    maxHorizon: expert.maxHorizon,
  }),
  spec: dm0Spec,
  encode: (p, inputs, layout, c) => encodePrompt(dm0Network(p.model, c), inputs, layout, c.prompt),
  context: (_, prompt) => dm0Context(prompt),
  draws: ({ time, givenPrefix }) => ({
    inputs: (B, sizes) => ({ ...flowInputSpecs(B, sizes), ...prefixLengthInputs(givenPrefix, B, sizes) }),
    draw: (randoms, sizes) => ({
      ...drawFlow(time, sizes, randoms),
      ...drawPrefixLengths(givenPrefix, sizes, randoms),
    }),
  }),
  flowLoss: dm0FlowLoss,
  flow: dm0Flow,
  longestPrefix: ({ givenPrefix }) => givenPrefix?.longest ?? 0,
  text: dm0Text,
  progress: {
    has: ({ expert }) => expert.progress,
    losses(p, context, inputs, told, c) {
      const { flow, progress } = dm0Losses(p, context, inputs, told, c);
      return { flow, progress: progress! };
    },
    sample(p, context, { noise, before }, dimensions, steps, c) {
      const { actions, progress } = dm0Sample(p, context, { noise, progress: before }, dimensions, steps, c);
      return { actions, progress: progress! };
    },
  },
  sample: (p, context, noise, dimensions, steps, c) =>
    dm0Sample(p, context, { noise, progress: null }, dimensions, steps, c).actions,
});
