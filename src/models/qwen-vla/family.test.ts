/** @file Qwen-VLA keeps the contract of model families. */

import { answersContract } from '../../../tests/contracts/family-answers.ts';
import { familyContract } from '../../../tests/contracts/family.ts';
import type { FamilyConfig } from '../family.ts';
import type { QwenVlaConfig } from './config.ts';
import { qwenVla } from './family.ts';

familyContract({
  family: qwenVla,
  // A bias of the keys adds the same to all scores of a query, which a softmax does not see: rounding is all that is left.
  deaf: /\b(to_k|key)\.bias$/,
  masked: ['actions', 'noise'],
  micro(config): FamilyConfig {
    const tiny = config as QwenVlaConfig;
    const small: QwenVlaConfig = {
      ...tiny,
      vision: { ...tiny.vision, width: 8, layers: 1, heads: 2, mlpWidth: 8, positionGrid: 3, outputWidth: 12 },
      language: {
        ...tiny.language,
        width: 12,
        layers: 2,
        heads: 2,
        kvHeads: 1,
        headWidth: 8,
        rotaryWidth: 6,
        mlpWidth: 8,
        delta: { keyHeads: 1, valueHeads: 2, keyWidth: 4, valueWidth: 3, kernel: 4 },
        ropeSections: [1, 1, 1],
      },
      expert: {
        ...tiny.expert,
        transformer: { ...tiny.expert.transformer, blocks: 2, heads: 2, headWidth: 6, mlpWidth: 8 },
        prompt: 'joint',
        timeFeatures: 4,
      },
      givenPrefix: { longest: 2 },
    };
    return small;
  },
  bare(config): FamilyConfig {
    const tiny = config as QwenVlaConfig;
    const bare: QwenVlaConfig = {
      ...tiny,
      stateDim: null,
      prompt: { ...tiny.prompt, stateToken: false, learnedPositions: false },
    };
    return bare;
  },
});

answersContract(qwenVla, (tiny) => ({ ...tiny, stateDim: null }) as FamilyConfig);
