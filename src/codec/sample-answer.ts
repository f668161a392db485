/** @file The answer of a robot sample as its codec sees it: pictures after augmentation, actions in the model's numbers. */

import { lookUp } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import { createActionText, realDimensions } from './action-tokens/action-text.ts';
import type { SampleAnswer } from './answers/answer.ts';
import { ANSWERS } from './answers/index.ts';
import type { PolicyCodecConfig } from './codec-config.ts';
import type { TrainingSample } from './sample.ts';
import type { CameraView } from './supervision.ts';
import type { TextTokenizer } from './text-tokens/text-tokenizer.ts';

/** The parts of a sample that are encoded already. */
export interface EncodedSample {
  readonly sample: TrainingSample;
  /** Camera name → how its image was changed. */
  readonly views: Readonly<Record<string, CameraView>>;
  /** Row-major [horizon, padded dimensions]. */
  readonly actions: Float32Array;
  readonly random: Random;
}

/** Makes the answers of samples; null for a sample about which there is nothing to say. */
export function createAnswerMaker(
  {
    answer,
    cameras,
    horizon,
  }: Pick<PolicyCodecConfig, 'cameras' | 'horizon'> & {
    readonly answer: NonNullable<PolicyCodecConfig['answer']>;
  },
  actionMask: Float32Array,
  tokenizer: TextTokenizer,
): (encoded: EncodedSample) => SampleAnswer | null {
  const template = ANSWERS[answer.template];
  const actionText = answer.actionText === null ? null : createActionText(answer.actionText);
  const special = new Set(tokenizer.specialTokens);
  const labelled = cameras.map(({ name, label = name }) => ({ name, label }));
  const dim = actionMask.reduce((sum, value) => sum + value, 0);
  return ({ sample, views, actions, random }) =>
    template({
      sample,
      cameras: labelled,
      actionText: () => actionText?.write(realDimensions(actions, actionMask), horizon, dim) ?? null,
      project(camera, [x, y]) {
        const { map, draw, layout } = lookUp('camera', camera, views);
        return [
          x * map.scaleX + map.offsetX - draw.shiftX / layout.width,
          y * map.scaleY + map.offsetY - draw.shiftY / layout.height,
        ];
      },
      hasToken: (token) => special.has(token),
      random,
    });
}
