/** @file A checkpoint of every model family at size tiny, with random weights: what browsers must be able to open. */

import path from 'node:path';
import { readJson } from '../../src/base/files.ts';
import { Random } from '../../src/base/random.ts';
import { shippedFile } from '../../src/base/shipped-file.ts';
import type { Tensor } from '../../src/base/tensor.ts';
import { FAMILIES } from '../../src/models/families.ts';
import { modelSpec } from '../../src/models/flow-trainable.ts';
import { flatten, materialise } from '../../src/nn/parameters.ts';
import { writeCheckpoint } from '../../src/checkpoints/checkpoint.ts';
import { tinyRobot } from '../codec-fixtures.ts';
import { familyCodec } from '../contracts/family-learning.ts';

/** Writes them to folders of `root`, named after the families; returns the names. */
export async function writeFamilyCheckpoints(root: string): Promise<string[]> {
  const tokenizer = (name: string): unknown => readJson(shippedFile(`tokenizers/tabletop/${name}.json`));
  for (const family of Object.values(FAMILIES)) {
    const { codec, config } = familyCodec(family, {}, null);
    const weights = Object.fromEntries(flatten<Tensor>(materialise(modelSpec(family, config, codec), new Random(3))));
    const files = {
      'config.json': config,
      'codec.json': codec.config,
      'embodiment.json': tinyRobot,
      'policy.json': { eulerSteps: 3, noiseScale: 1 },
      'tokenizer.json': tokenizer('tokenizer'),
      'tokenizer_config.json': tokenizer('tokenizer_config'),
    };
    await writeCheckpoint(path.join(root, family.name), weights, files, null);
  }
  return Object.keys(FAMILIES);
}
