/** @file A policy's checkpoint read and checked as a whole: files, configuration, codec, weights; without a session. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { lookUp } from '../base/errors.ts';
import { readJson } from '../base/files.ts';
import type { Codec } from '../codec/policy-codec.ts';
import {
  readCodec,
  readPolicyParts,
  type ModelWeights,
  type PolicyParts,
  type PolicySettings,
} from '../models/checkpoint-policy.ts';
import type { ParameterSpec, Tree } from '../nn/parameters.ts';
import { resolveCheckpoint } from './checkpoint-series.ts';
import { loadCheckpoint, type Checkpoint } from './checkpoint.ts';

/** A checkpoint, and all that its policy is made of. */
export interface PolicyCheckpoint extends PolicyParts {
  readonly checkpoint: Checkpoint;
}

/** All weights of a checkpoint; one that holds only what was trained is completed from its base. */
export type WeightsOf = (checkpoint: Checkpoint, parameters: Tree<ParameterSpec>) => ModelWeights;

/** The weights of a checkpoint as they lie: published ones in their files, its own in memory. */
export function ownWeights(checkpoint: Checkpoint): ModelWeights {
  return checkpoint.published ?? { weights: checkpoint.weights() };
}

/**
 * Reads the checkpoint in `folder`, or the best (else newest) of a training run; `overrides` replace its settings, and
 * `robot` names another robot of the mixture it was trained on. Throws `not-found`, `bad-data`, `mismatch`, `bad-shape` or
 * `not-finite` with the file that is wrong.
 */
export function readPolicyCheckpoint(
  folder: string,
  overrides: Partial<PolicySettings> = {},
  weightsOf: WeightsOf = ownWeights,
  robot: string | null = null,
): PolicyCheckpoint {
  const checkpoint = loadCheckpoint(resolveCheckpoint(folder));
  const fileOf = robot === null ? (file: string): string => file : filesOfRobot(checkpoint.folder, robot);
  const parts = readPolicyParts(
    {
      where: (file) => path.join(checkpoint.folder, fileOf(file)),
      json: (file) => checkpoint.json(fileOf(file)),
      weights: (parameters) => weightsOf(checkpoint, parameters),
    },
    overrides,
  );
  return { checkpoint, ...parts };
}

const CODEC_OF = /^codec\.(.+)\.json$/;

/** The files of another robot: its codec and its embodiment lie beside the policy's own, under its name. */
function filesOfRobot(folder: string, robot: string): (file: string) => string {
  const robots = fs.readdirSync(folder).flatMap((file) => CODEC_OF.exec(file)?.[1] ?? []);
  lookUp(`${folder}: robot`, robot, Object.fromEntries(robots.map((name) => [name, name])));
  const own: Readonly<Record<string, string>> = {
    'codec.json': `codec.${robot}.json`,
    'embodiment.json': `embodiment.${robot}.json`,
  };
  return (file) => own[file] ?? file;
}

/** The codec of a checkpoint folder; throws what is wrong with its file or the tokenizer's. */
export function readFolderCodec(folder: string): Codec {
  const where = (file: string): string => path.join(folder, file);
  return readCodec({ where, json: (name) => readJson(where(name)) });
}
