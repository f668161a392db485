/** @file DM0 keeps the contract of model families. */

import { answersContract } from '../../../tests/contracts/family-answers.ts';
import { familyContract } from '../../../tests/contracts/family.ts';
import type { FamilyConfig } from '../family.ts';
import type { Dm0Config } from './config.ts';
import { dm0 } from './family.ts';

familyContract({
  family: dm0,
  // A bias of the keys adds the same to all scores of a query: a softmax does not see it.
  deaf: /\bkey\.bias$/,
  masked: ['actions', 'noise'],
  micro(config): FamilyConfig {
    const tiny = config as Dm0Config;
    const small: Dm0Config = {
      ...tiny,
      vision: { ...tiny.vision, width: 8, heads: 2, mlpWidth: 8, positionGrid: 3 },
      language: {
        ...tiny.language,
        width: 12,
        layers: 2,
        heads: 2,
        kvHeads: 1,
        headWidth: 6,
        mlpWidth: 8,
        ropeSections: [3, 0, 0],
      },
      expert: { ...tiny.expert, width: 8, mlpWidth: 6 },
      givenPrefix: { longest: 2 },
    };
    return small;
  },
});

answersContract(dm0);
