/** @file Which policy and which environment a command line names: a checkpoint, the expert, or a module of your own. */

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { VlaError } from '../base/errors.ts';
import { sha256File } from '../base/files.ts';
import { expert } from '../benchmarks/expert-policy.ts';
import type { ModuleCall } from '../benchmarks/player.ts';
import { tabletop } from '../benchmarks/tabletop-environment.ts';
import { loadCheckpoint } from '../training/checkpoint.ts';
import { resolveCheckpoint } from '../training/checkpoint-series.ts';
import { parseEmbodiment } from '../training/embodiment-file.ts';
import { checkpointPolicy } from '../training/policy-module.ts';
import type { Recipe } from '../../recipes/recipe.ts';
import { json, wholeNumber } from './argument-parsers.ts';

const MODULE = /\.[cm]?[jt]s$/;
/** Pixels of a policy's cameras when nothing says otherwise. */
const IMAGE_SIZE = 64;

/** A policy as the command line named it. */
export interface NamedPolicy {
  readonly call: ModuleCall;
  readonly checkpoint: { readonly path: string; readonly sha256: string } | null;
  /** The folder whose run this policy belongs to; null: none. */
  readonly run: string | null;
  /** Pixels of the cameras that it was trained with; null: any. */
  readonly imageSize: number | null;
  /** What it was trained for; ['all'] when it does not say. */
  readonly tasks: readonly string[];
  /** Actions of a chunk to execute before the next inference, as its recipe says. */
  readonly execute: number | 'half';
  /** What its result files are called. */
  readonly resultName: string;
}

/** A policy that tells nothing about its training. */
const UNKNOWN = { checkpoint: null, run: null, imageSize: null, tasks: ['all'], execute: 'half' } as const;

/** The policy of a word: "expert", a module that exports openPolicy, or a checkpoint or run folder; null: the shipped one. */
export async function namedPolicy(word: string | null): Promise<NamedPolicy> {
  if (word === null) throw new VlaError('not-found', 'run: expected a policy, got none.');
  if (word === 'expert') {
    return { ...UNKNOWN, call: expert(), resultName: 'evaluation-expert' };
  }
  if (MODULE.test(word)) {
    return { ...UNKNOWN, call: moduleCall(word, null), resultName: 'evaluation' };
  }
  if (!fs.existsSync(word)) {
    throw new VlaError('not-found', `${word}: expected a checkpoint, a run, "expert" or a module, got no such file.`, {
      hint: 'Train a policy first (vlakit train), or check the path.',
    });
  }
  return checkpointOf(word);
}

/** The policy of a checkpoint or of a run, with what it tells about its training. */
function checkpointOf(folder: string): NamedPolicy {
  const checkpoint = loadCheckpoint(resolveCheckpoint(folder));
  const embodiment = parseEmbodiment(checkpoint.json('embodiment.json'), path.join(folder, 'embodiment.json'));
  const { recipe } = checkpoint.has('training.json')
    ? checkpoint.json<{ recipe?: Partial<Recipe> }>('training.json')
    : { recipe: undefined };
  const above = path.dirname(path.resolve(checkpoint.folder));
  const run = path.basename(above) === 'checkpoints' ? path.relative('.', path.dirname(above)) || '.' : null;
  return {
    call: checkpointPolicy(checkpoint.folder),
    checkpoint: { path: checkpoint.folder, sha256: sha256File(path.join(checkpoint.folder, 'model.safetensors')) },
    run,
    imageSize: embodiment.cameras[0]?.width ?? null,
    tasks: recipe?.evaluation?.tasks ?? UNKNOWN.tasks,
    execute: recipe?.evaluation?.execute ?? UNKNOWN.execute,
    resultName: 'evaluation',
  };
}

/** Options that name the environment. */
export interface EnvironmentOptions {
  readonly environment: string;
  readonly environmentOptions?: unknown;
  readonly imageSize?: number;
}

/** Adds the options of `namedEnvironment` to a command. */
export function environmentOptions(command: Command): Command {
  return command
    .option('--environment <name>', '"tabletop", or a module that exports openEnvironment', 'tabletop')
    .option('--environment-options <json>', 'options of an environment module', json)
    .option(
      '--image-size <pixels>',
      'cameras of the tabletop (default: those the policy was trained with)',
      wholeNumber(16),
    );
}

/** The environment that a command line names, and one with larger pictures for films of `filmSize` pixels. */
export function namedEnvironment(
  options: EnvironmentOptions,
  policyImageSize: number | null,
  filmSize: number,
): { environment: ModuleCall; stage: ModuleCall | null } {
  if (options.environment === 'tabletop') {
    const imageSize = options.imageSize ?? policyImageSize ?? IMAGE_SIZE;
    return { environment: tabletop({ imageSize }), stage: tabletop({ imageSize: filmSize }) };
  }
  if (MODULE.test(options.environment)) {
    return { environment: moduleCall(options.environment, options.environmentOptions), stage: null };
  }
  throw new VlaError(
    'not-found',
    `--environment: expected "tabletop" or the path of a module, got "${options.environment}".`,
  );
}

function moduleCall(file: string, options: unknown): ModuleCall {
  const full = path.resolve(file);
  if (!fs.existsSync(full)) {
    throw new VlaError('not-found', `${file}: expected a module, got no such file.`, { hint: 'Check the path.' });
  }
  return { module: pathToFileURL(full).href, options };
}
