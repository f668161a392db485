/** @file ZR-0 as a family: what shared code asks of it. */

import { invariant } from '../../base/errors.ts';
import { zeros } from '../../base/tensor.ts';
import type { Value } from '../../engine/index.ts';
import { defineFamily } from '../family.ts';
import { drawFlow, flowInputSpecs } from '../parts/flow-matching.ts';
import { drawPrefixLengths, prefixLengthInputs } from '../parts/given-prefix.ts';
import { encodePrompt } from '../parts/prompt-encoder.ts';
import { qwen3VlNetwork } from '../parts/qwen3-vl.ts';
import { parseZr0Config, tinyZr0, ZR0_2B, type Zr0Config } from './config.ts';
import { expertContext, timeBucket, type ExpertContext } from './expert.ts';
import { actionFlow, flowLoss, sampleActions, zr0Spec, type Zr0 } from './model.ts';
import { zr0Text } from './text.ts';

/** ZR-0. */
export const zr0 = defineFamily<Zr0Config, Zr0<Value>, ExpertContext>({
  name: 'zr-0',
  title: 'ZR-0',
  published: { '2b': ZR0_2B },
  parse: parseZr0Config,
  tiny: tinyZr0,
  needs: ({ expert, vision }) => ({
    stateDim: expert.stateDim,
    actionDim: expert.actionDim,
    patch: vision.patch,
    merge: vision.merge,
    temporal: vision.temporal,
    maxHorizon: expert.maxHorizon,
  }),
  spec: zr0Spec,
  encode: (p, inputs, layout, c) => encodePrompt(qwen3VlNetwork(p.model, c), inputs, layout, c.prompt),
  context(p, { hidden, mask }, state, c) {
    invariant(state !== null, 'the expert reads the state');
    return expertContext(p, hidden, mask, state, c.expert);
  },
  draws: ({ time, expert, givenPrefix }) => ({
    inputs: (B, sizes) => ({
      ...flowInputSpecs(B, sizes),
      timeBucket: { dtype: 'f32', shape: [B, sizes.draws] },
      ...prefixLengthInputs(givenPrefix, B, sizes),
    }),
    draw(randoms, sizes) {
      const { noise, noiseFraction } = drawFlow(time, sizes, randoms);
      const buckets = zeros('f32', noiseFraction.shape);
      noiseFraction.data.forEach((n, i) => {
        buckets.data[i] = timeBucket(n, expert.timeBuckets);
      });
      return { noise, noiseFraction, timeBucket: buckets, ...drawPrefixLengths(givenPrefix, sizes, randoms) };
    },
  }),
  flowLoss: (p, context, inputs, c) => flowLoss(p, context, inputs, c.expert),
  sample: (p, context, noise, dimensions, steps, c) => sampleActions(p, context, noise, dimensions, steps, c.expert),
  flow: (p, context, mask, c, prefix) => actionFlow(p, context, mask, c.expert, prefix),
  longestPrefix: ({ givenPrefix }) => givenPrefix?.longest ?? 0,
  text: zr0Text,
});
