/** @file A policy's checkpoint read and checked as a whole: files, configuration, codec, weights; without a session. Node only. */

import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson } from '../base/files.ts';
import type { Tensor } from '../base/tensor.ts';
import { parseCodecConfig } from '../codec/codec-config.ts';
import { createCodec, type Codec } from '../codec/policy-codec.ts';
import { createTextTokenizer } from '../codec/text-tokens/text-tokenizer.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import { familyOf } from '../models/families.ts';
import type { AnyFamily, FamilyConfig } from '../models/family.ts';
import { modelSpec } from '../models/flow-trainable.ts';
import { flatten, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import { checkWeights, loadCheckpoint, type Checkpoint } from './checkpoint.ts';
import { resolveCheckpoint } from './checkpoint-series.ts';
import { parseEmbodiment } from './embodiment-file.ts';

/** `policy.json` of a checkpoint: how it acts. */
export interface PolicySettings {
  /** Euler steps from noise to actions. */
  readonly eulerSteps: number;
  /** Standard deviation of the noise that sampling starts from, 0 to 1. */
  readonly noiseScale: number;
}

/** All that a policy is made of. */
export interface PolicyCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly codec: Codec;
  readonly embodiment: Embodiment;
  /** Exactly the tensors of the model, finite. */
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly settings: PolicySettings;
}

/** All weights of a checkpoint; one that holds only what was trained is completed from its base. */
export type WeightsOf = (checkpoint: Checkpoint, parameters: Tree<ParameterSpec>) => Record<string, Tensor>;

/**
 * Reads the checkpoint in `folder`, or the best (else newest) of a training run; `overrides` replace its settings. Throws
 * `not-found`, `bad-data`, `mismatch`, `bad-shape` or `not-finite` with the file that is wrong.
 */
export function readPolicyCheckpoint(
  folder: string,
  overrides: Partial<PolicySettings> = {},
  weightsOf: WeightsOf = (checkpoint) => checkpoint.weights(),
): PolicyCheckpoint {
  const checkpoint = loadCheckpoint(resolveCheckpoint(folder));
  const where = (file: string): string => path.join(checkpoint.folder, file);
  const codec = readCodec(checkpoint.folder, checkpoint);
  const embodiment = parseEmbodiment(checkpoint.json('embodiment.json'), where('embodiment.json'));
  const content = checkpoint.json('config.json');
  const family = familyOf(content, where('config.json'));
  const config = family.parse(content, where('config.json'));
  const settings = settingsOf(checkpoint, overrides);
  const parameters = modelSpec(family, config, codec);
  const weights = weightsOf(checkpoint, parameters);
  checkWeights(where('model.safetensors'), weights, Object.fromEntries(flatten<ParameterSpec>(parameters)));
  return { checkpoint, family, config, codec, embodiment, weights, settings };
}

/** The codec of a checkpoint folder; throws what is wrong with its file or the tokenizer's. */
export function readCodec(folder: string, { json }: Pick<Checkpoint, 'json'> = jsonOf(folder)): Codec {
  const where = (file: string): string => path.join(folder, file);
  const tokenizer = createTextTokenizer(json('tokenizer.json'), json('tokenizer_config.json'), where('tokenizer.json'));
  return createCodec(parseCodecConfig(json('codec.json'), where('codec.json')), tokenizer);
}

const jsonOf = (folder: string): Pick<Checkpoint, 'json'> => ({ json: (name) => readJson(path.join(folder, name)) });

function settingsOf(checkpoint: Checkpoint, overrides: Partial<PolicySettings>): PolicySettings {
  const settings = { ...checkpoint.json<Partial<PolicySettings>>('policy.json'), ...overrides };
  const { eulerSteps, noiseScale } = settings;
  const check = (name: string, value: unknown, good: boolean, range: string): void => {
    if (good) return;
    throw new VlaError(
      'bad-data',
      `${checkpoint.folder}/policy.json: expected ${name} ${range}, got ${String(value)}.`,
      {
        hint: 'The file was edited or belongs to another version.',
      },
    );
  };
  check('eulerSteps', eulerSteps, Number.isInteger(eulerSteps) && eulerSteps! >= 1, 'of at least 1');
  check('noiseScale', noiseScale, typeof noiseScale === 'number' && noiseScale >= 0 && noiseScale <= 1, 'from 0 to 1');
  return { eulerSteps: eulerSteps!, noiseScale: noiseScale! };
}
