/** @file Which policy and which environment a command line names: a checkpoint, the expert, or a module of your own. */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { shippedFile } from '../base/shipped-file.ts';
import { builtInWorld } from '../benchmarks/built-in-world.ts';
import { expert } from '../benchmarks/expert-policy.ts';
import type { ModuleCall } from '../benchmarks/player.ts';
import { isHubWord } from '../checkpoints/hub/repository.ts';
import { resolveCheckpoint } from '../checkpoints/checkpoint-series.ts';
import { loadCheckpoint } from '../checkpoints/checkpoint.ts';
import { parseEmbodiment } from '../codec/embodiment-file.ts';
import type { PolicySettings } from '../models/checkpoint-policy.ts';
import type { PolicyModeSettings } from '../models/policy-mode.ts';
import { isRemoteWord, remotePolicy } from '../serving/remote-policy.ts';
import { DEFAULT_WORLD, WORLDS } from '../simulation/worlds.ts';
import { checkpointPolicy } from '../training/policy-module.ts';
import { fraction, json, oneOf, wholeNumber } from './argument-parsers.ts';
import { localFolder } from './models/local-folder.ts';
import { liberoSuiteOf } from './recording/open-world.ts';
import type { SessionSettings } from './session-options.ts';

const MODULE = /\.[cm]?[jt]s$/;
/** Pixels of a policy's cameras when nothing says otherwise. */
const IMAGE_SIZE = 64;

/** A policy as the command line named it. */
export interface NamedPolicy {
  /** What tables call it; null: as it calls itself. */
  readonly name: string | null;
  readonly call: ModuleCall;
  readonly checkpoint: { readonly path: string; readonly sha256: string } | null;
  /** SHA-256 of what its codec does to state and action, statistics included; null: unknown. */
  readonly statistics: string | null;
  /** The folder whose run this policy belongs to; null: none. */
  readonly run: string | null;
  /** Pixels of the cameras that it was trained with; null: any. */
  readonly imageSize: number | null;
  /** The built-in world that its recipe measures it in; null when it does not say. */
  readonly world: string | null;
  /** What it was trained for; ['all'] when it does not say. */
  readonly tasks: readonly string[];
  /** Actions of a chunk to execute before the next inference, as its recipe says. */
  readonly execute: number | 'half';
  /** What its result files are called. */
  readonly resultName: string;
}

/** A policy that tells nothing about its training. */
const UNKNOWN = {
  name: null,
  checkpoint: null,
  statistics: null,
  run: null,
  imageSize: null,
  world: null,
  tasks: ['all'],
  execute: 'half',
} as const;

/**
 * The policy of a word: "expert", a module that exports openPolicy, a policy server (ws://host:port), a checkpoint or run folder,
 * or hf://owner/name with a checkpoint in it; null: the shipped one.
 */
export async function namedPolicy(
  word: string | null,
  settings: Partial<PolicySettings> = {},
  session: SessionSettings = {},
): Promise<NamedPolicy> {
  const given = Object.keys({ ...settings, ...session }).length > 0;
  if (given && (word === 'expert' || MODULE.test(word ?? '') || isRemoteWord(word ?? ''))) {
    const names =
      '--euler-steps, --noise-scale, --mode, --runtime, --arithmetic, --weights, --threads, --robot, --batch';
    throw new VlaError('bad-argument', `${names}: expected a checkpoint, got "${word}".`, {
      hint: 'These options change how a trained policy samples and runs; leave them out.',
    });
  }
  if (word === 'expert') return { ...UNKNOWN, call: expert(), resultName: 'evaluation-expert' };
  if (word !== null && MODULE.test(word)) {
    return { ...UNKNOWN, call: moduleCall(word, null), resultName: 'evaluation' };
  }
  if (word !== null && isRemoteWord(word)) {
    return { ...UNKNOWN, call: remotePolicy(word), resultName: 'evaluation' };
  }
  if (word !== null && isHubWord(word)) return checkpointPolicyOf(await localFolder(word), settings, session);
  if (word !== null && !fs.existsSync(word)) {
    throw new VlaError('not-found', `${word}: expected a checkpoint, a run, "expert" or a module, got no such file.`, {
      hint: 'Train a policy first (vlakit train), or check the path.',
    });
  }
  return checkpointPolicyOf(word ?? shippedCheckpoint(), settings, session);
}

function checkpointPolicyOf(folder: string, settings: Partial<PolicySettings>, session: SessionSettings): NamedPolicy {
  const checkpoint = loadCheckpoint(resolveCheckpoint(folder));
  const { robot } = session;
  const part = robot === undefined ? '' : `.${robot}`;
  const file = `embodiment${part}.json`;
  const embodiment = parseEmbodiment(checkpoint.json(file), path.join(checkpoint.folder, file));
  const sizes = new Set(embodiment.cameras.flatMap(({ width, height }) => [width, height]));
  const training = checkpoint.has('training.json') ? checkpoint.json('training.json') : null;
  const { evaluation, record } = evaluationPart.safeParse(training).data?.recipe ?? {};
  // What the recipe says of its evaluation is about its first robot; another one is at home in the world of its name.
  const home =
    robot === undefined
      ? { world: evaluation?.world ?? record?.world ?? null, tasks: evaluation?.tasks ?? UNKNOWN.tasks }
      : { world: Object.hasOwn(WORLDS, robot) ? robot : null, tasks: UNKNOWN.tasks };
  return {
    name: path.basename(path.resolve(runOf(folder, checkpoint.folder) ?? checkpoint.folder)),
    call: checkpointPolicy({ folder: checkpoint.folder, settings, ...session }),
    checkpoint: { path: checkpoint.folder, sha256: checkpoint.sha256() },
    statistics: statisticsHash(checkpoint.json(`codec${part}.json`)),
    run: runOf(folder, checkpoint.folder),
    imageSize: sizes.size === 1 ? [...sizes][0]! : null,
    ...home,
    execute: evaluation?.execute ?? UNKNOWN.execute,
    resultName: `evaluation${robot === undefined ? '' : `-${robot}`}`,
  };
}

function statisticsHash(codec: { readonly state?: unknown; readonly action?: unknown }): string {
  const { state, action } = codec;
  return createHash('sha256').update(JSON.stringify({ state, action })).digest('hex');
}

/** The part of training.json that says how its recipe evaluates. */
const evaluationPart = z.object({
  recipe: z.object({
    record: z.object({ world: z.string().exactOptional() }).nullish(),
    evaluation: z.object({
      world: z.string().exactOptional(),
      tasks: z.array(z.string()),
      execute: z.number().int().positive(),
    }),
  }),
});

/** The run folder that a checkpoint belongs to: what was named, or the parent of its `checkpoints/`. */
function runOf(named: string, checkpoint: string): string | null {
  if (path.resolve(named) !== path.resolve(checkpoint)) return named;
  const parent = path.dirname(path.resolve(checkpoint));
  return path.basename(parent) === 'checkpoints' && fs.existsSync(path.join(parent, '..', 'metrics.jsonl'))
    ? path.dirname(parent)
    : null;
}

/** The checkpoint that ships with the package; of several, the one called "tabletop". */
function shippedCheckpoint(): string {
  const folder = path.join(path.dirname(shippedFile('tokenizers')), 'checkpoints');
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
  const whole = names.filter((name) => fs.existsSync(path.join(folder, name, 'model.safetensors')));
  const name = whole.includes('tabletop') ? 'tabletop' : whole[0];
  if (name !== undefined) return path.join(folder, name);
  throw new VlaError('not-found', `${folder}: expected a checkpoint in the package, got none.`, {
    hint: 'Name a checkpoint or a run folder, for example runs/quickstart.',
  });
}

/** A value of `--execute`. */
export function executeCount(text: string): number | 'half' {
  return text === 'half' ? 'half' : wholeNumber(1)(text);
}

/** Options that change how a checkpoint's policy samples. */
export interface SamplingOptions {
  readonly eulerSteps?: number;
  readonly noiseScale?: number;
  readonly mode?: PolicyModeSettings['kind'];
}

/** Adds the options of `samplingSettings` to a command. */
export function samplingOptions(command: Command): Command {
  return command
    .option('--euler-steps <n>', 'steps from noise to actions (default: the policy’s own)', wholeNumber(1))
    .option('--noise-scale <share>', 'noise that sampling starts from, 0 to 1 (default: the policy’s own)', fraction)
    .option(
      '--mode <kind>',
      'direct, or reason: write text before acting (default: the policy’s own)',
      oneOf(['direct', 'reason']),
    );
}

/** Those that were given. */
export function samplingSettings({ eulerSteps, noiseScale, mode }: SamplingOptions): Partial<PolicySettings> {
  return {
    ...(eulerSteps === undefined ? {} : { eulerSteps }),
    ...(noiseScale === undefined ? {} : { noiseScale }),
    ...(mode === undefined ? {} : { mode: { kind: mode } }),
  };
}

/** Options that name the environment. */
export interface EnvironmentOptions {
  readonly environment?: string;
  readonly environmentOptions?: unknown;
  readonly imageSize?: number;
}

/** Adds the options of `namedEnvironment` to a command. */
export function environmentOptions(command: Command): Command {
  return command
    .option(
      '--environment <name>',
      `${Object.keys(WORLDS).join(', ')}, or a module that exports openEnvironment (default: as the policy’s recipe says, or ${DEFAULT_WORLD})`,
    )
    .option('--environment-options <json>', 'options of an environment module', json)
    .option(
      '--image-size <pixels>',
      'cameras of a built-in world (default: those the policy was trained with)',
      wholeNumber(16),
    );
}

/** The environment that a command line names, and one with larger pictures for films of `filmSize` pixels. */
export function namedEnvironment(
  options: EnvironmentOptions,
  policy: Pick<NamedPolicy, 'imageSize' | 'world'>,
  filmSize: number,
): { environment: ModuleCall; stage: ModuleCall | null } {
  const named = options.environment ?? policy.world ?? DEFAULT_WORLD;
  if (Object.hasOwn(WORLDS, named)) {
    if (options.environmentOptions !== undefined) {
      throw new VlaError(
        'bad-argument',
        '--environment-options: expected an environment module, got a built-in world.',
        {
          hint: 'Name your module with --environment; a built-in world has --image-size.',
        },
      );
    }
    const world = (imageSize: number): ModuleCall => builtInWorld({ world: named, imageSize });
    return { environment: world(options.imageSize ?? policy.imageSize ?? IMAGE_SIZE), stage: world(filmSize) };
  }
  if (MODULE.test(named)) {
    if (options.imageSize !== undefined) {
      throw new VlaError('bad-argument', '--image-size: expected a built-in world, got an environment module.', {
        hint: 'A module chooses its own cameras; hand it values with --environment-options.',
      });
    }
    return { environment: moduleCall(named, options.environmentOptions), stage: null };
  }
  throw new VlaError(
    'not-found',
    `--environment: expected ${Object.keys(WORLDS).join(', ')} or the path of a module, got "${named}".`,
    {
      hint:
        liberoSuiteOf(named) === null
          ? 'The path of a module ends in .js, .mjs or .ts, for example ./my-world.js.'
          : `Policies are measured in LIBERO by its own protocol: vlakit benchmark ${named} --policy …`,
    },
  );
}

function moduleCall(file: string, options: unknown): ModuleCall {
  const full = path.resolve(file);
  if (!fs.existsSync(full)) {
    throw new VlaError('not-found', `${file}: expected a module, got no such file.`, { hint: 'Check the path.' });
  }
  return { module: pathToFileURL(full).href, options };
}
