/** @file A policy from the files of a checkpoint, checked: configuration, codec, weights. Where the files lie is the caller's matter. */

import { VlaError } from '../base/errors.ts';
import { parseCodecConfig } from '../codec/codec-config.ts';
import { parseEmbodiment } from '../codec/embodiment-file.ts';
import { createCodec, type Codec } from '../codec/policy-codec.ts';
import { createTextTokenizer } from '../codec/text-tokens/text-tokenizer.ts';
import type { SessionOptions, WeightContent } from '../engine/index.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Policy } from '../interfaces/policy.ts';
import { flatten, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import { checkWeights } from './check-weights.ts';
import { requireChoice, type ActingHead } from './choice.ts';
import { parseContinuation, requireContinuation, type ContinuationSettings } from './continuation.ts';
import { familyOf } from './families.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';
import { createFlowPolicy } from './flow-policy.ts';
import { modelSpec } from './flow-trainable.ts';
import { requireProgress } from './task-progress.ts';
import { changeMode, policyMode, type PolicyMode, type PolicyModeSettings } from './policy-mode.ts';

/** Weights by dotted name, in memory or as places in files below `weightFolder`. */
export interface ModelWeights {
  readonly weights: Readonly<Record<string, WeightContent>>;
  readonly weightFolder?: string;
}

/** The files of one checkpoint. */
export interface CheckpointSource {
  /** A file as errors name it. */
  where(file: string): string;
  /** The content of a JSON file; throws `not-found` when the checkpoint has none of that name. */
  json<T = unknown>(file: string): T;
  /** The weights of the model's parameters, by dotted name. */
  weights(parameters: Tree<ParameterSpec>): ModelWeights;
}

/** `policy.json` of a checkpoint: how it acts. */
export interface PolicySettings {
  /** Euler steps from noise to actions. */
  readonly eulerSteps: number;
  /** Standard deviation of the noise that sampling starts from, 0 to 1. */
  readonly noiseScale: number;
  /** What of the model acts: the flow's expert (default), or its choice policy. */
  readonly head?: ActingHead;
  /** Whether the expert is told how far the task is, and tells how far it will be; left out: no. */
  readonly progress?: boolean;
  /** Whether it acts at once (default) or reasons first. */
  readonly mode?: PolicyModeSettings;
  /** How it continues the chunk that is being executed; left out or null: it does not. */
  readonly continuation?: ContinuationSettings | null;
}

/** All that a policy is made of. */
export interface PolicyParts extends ModelWeights {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly codec: Codec;
  readonly embodiment: Embodiment;
  readonly settings: PolicySettings;
  /** What the settings and the family say of it. */
  readonly mode: PolicyMode;
}

/** What a policy is called, and where it runs. */
export interface OpenPolicyOptions {
  /** For people: tables and logs. */
  readonly name: string;
  /** Most inferences of its players that are computed as one; default 1. */
  readonly batch?: number;
  readonly session: Pick<SessionOptions, 'runtime' | 'arithmetic' | 'threads' | 'weightPrecision' | 'weightCache'>;
}

/**
 * Reads and checks a checkpoint; `overrides` replace its settings. Throws `not-found`, `bad-data`, `mismatch`, `bad-shape` or
 * `not-finite` with the file that is wrong.
 */
export function readPolicyParts(source: CheckpointSource, overrides: Partial<PolicySettings> = {}): PolicyParts {
  const where = (file: string): string => source.where(file);
  const codec = readCodec(source);
  const embodiment = parseEmbodiment(source.json('embodiment.json'), where('embodiment.json'));
  const content = source.json('config.json');
  const family = familyOf(content, where('config.json'));
  const config = family.parse(content, where('config.json'));
  const settings = settingsOf(source, overrides);
  if (settings.head === 'choice') requireChoice({ family, config, codec });
  if (settings.progress === true) requireProgress(family, config);
  if (settings.continuation != null) requireContinuation(settings.continuation, { family, config, ...settings });
  const parameters = modelSpec(family, config, codec);
  const { weights, weightFolder } = source.weights(parameters);
  checkWeights(where('model.safetensors'), weights, Object.fromEntries(flatten<ParameterSpec>(parameters)));
  const mode = policyMode(settings.mode, family, config, where('policy.json'));
  const placed = weightFolder === undefined ? {} : { weightFolder };
  return { family, config, codec, embodiment, weights, ...placed, settings, mode };
}

/** The codec of a checkpoint; throws what is wrong with its file or the tokenizer's. */
export function readCodec(source: Pick<CheckpointSource, 'where' | 'json'>): Codec {
  const tokenizer = createTextTokenizer(
    source.json('tokenizer.json'),
    source.json('tokenizer_config.json'),
    source.where('tokenizer.json'),
  );
  return createCodec(parseCodecConfig(source.json('codec.json'), source.where('codec.json')), tokenizer);
}

/** A policy of these parts, on a session of its own. */
export function policyOf(
  { settings, ...parts }: PolicyParts,
  { name, session, batch = 1 }: OpenPolicyOptions,
): Promise<Policy> {
  const { family, config, codec, embodiment, weights, weightFolder, mode } = parts;
  const { eulerSteps: steps, noiseScale, head, progress, continuation = null } = settings;
  const where = weightFolder === undefined ? session : { ...session, weightFolder };
  return createFlowPolicy({
    name,
    family,
    config,
    codec,
    embodiment,
    weights,
    steps,
    noiseScale,
    ...(head === undefined ? {} : { head }),
    ...(progress === undefined ? {} : { progress }),
    mode,
    continuation,
    batch,
    session: where,
  });
}

const HEADS: readonly ActingHead[] = ['flow', 'choice'];

function settingsOf(source: CheckpointSource, overrides: Partial<PolicySettings>): PolicySettings {
  const own = source.json<Partial<PolicySettings>>('policy.json');
  const { eulerSteps, noiseScale, head, progress, ...rest } = { ...own, ...overrides };
  const continuation = parseContinuation(rest.continuation, source.where('policy.json'));
  const mode = changeMode(own.mode, overrides.mode);
  const check = (name: string, value: unknown, good: boolean, range: string): void => {
    if (good) return;
    const text = `${source.where('policy.json')}: expected ${name} ${range}, got ${String(value)}.`;
    throw new VlaError('bad-data', text, { hint: 'The file was edited or belongs to another version.' });
  };
  check('eulerSteps', eulerSteps, Number.isInteger(eulerSteps) && eulerSteps! >= 1, 'of at least 1');
  check('noiseScale', noiseScale, typeof noiseScale === 'number' && noiseScale >= 0 && noiseScale <= 1, 'from 0 to 1');
  check('head', head, head === undefined || HEADS.includes(head), `of ${HEADS.join(' or ')}`);
  check(
    'progress',
    progress,
    progress === undefined || (typeof progress === 'boolean' && !(progress && head === 'choice')),
    'of true (beside the head "flow") or false',
  );
  return {
    eulerSteps: eulerSteps!,
    noiseScale: noiseScale!,
    ...(head === undefined ? {} : { head }),
    ...(progress === undefined ? {} : { progress }),
    ...(mode === undefined ? {} : { mode }),
    ...(continuation === null ? {} : { continuation }),
  };
}
