/** @file ZR-0 keeps the contract of model families. */

import { answersContract } from '../../../tests/contracts/family-answers.ts';
import { familyContract } from '../../../tests/contracts/family.ts';
import type { FamilyConfig } from '../family.ts';
import type { Zr0Config } from './config.ts';
import { zr0 } from './family.ts';

familyContract({
  family: zr0,
  // A bias of the keys adds the same to all scores of a query, which a softmax does not see: rounding is all that is left.
  deaf: /\b(to_k|key)\.bias$/,
  masked: ['actions', 'noise'],
  micro(config): FamilyConfig {
    const tiny = config as Zr0Config;
    const small: Zr0Config = {
      ...tiny,
      vision: {
        ...tiny.vision,
        width: 8,
        layers: 2,
        heads: 2,
        mlpWidth: 8,
        positionGrid: 3,
        outputWidth: 12,
        deepstackLayers: [0],
      },
      language: {
        ...tiny.language,
        width: 12,
        layers: 2,
        heads: 2,
        kvHeads: 1,
        headWidth: 6,
        mlpWidth: 8,
        ropeSections: [1, 1, 1],
      },
      expert: {
        ...tiny.expert,
        transformer: {
          ...tiny.expert.transformer,
          heads: 2,
          headWidth: 6,
          mlpWidth: 8,
          outputWidth: 6,
          timeFeatures: 4,
        },
        mlpWidth: 6,
      },
      givenPrefix: { longest: 2 },
    };
    return small;
  },
});

answersContract(zr0);
