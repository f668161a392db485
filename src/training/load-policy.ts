/** @file A policy from a checkpoint folder, checked: files, configuration, weights; in this thread or in a worker. Node only. */

import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { parseCodecConfig } from '../codec/codec-config.ts';
import { createCodec } from '../codec/policy-codec.ts';
import { createTextTokenizer } from '../codec/text-tokens/text-tokenizer.ts';
import type { Runtime } from '../engine/index.ts';
import type { Policy } from '../interfaces/policy.ts';
import { familyOf } from '../models/families.ts';
import { createFlowPolicy } from '../models/flow-policy.ts';
import { modelSpec } from '../models/flow-trainable.ts';
import { flatten, type ParameterSpec } from '../nn/parameters.ts';
import { checkWeights, loadCheckpoint, type Checkpoint } from './checkpoint.ts';
import { resolveCheckpoint } from './checkpoint-series.ts';
import { parseEmbodiment } from './embodiment-file.ts';
import type { ModelConfig } from './model-config.ts';
import { wholeWeights } from './tuned-model.ts';

/** `policy.json` of a checkpoint: how it acts. */
export type PolicySettings = Pick<ModelConfig, 'eulerSteps' | 'noiseScale'>;

/** How to run a policy. */
export interface LoadPolicyOptions {
  readonly runtime: Runtime;
  readonly threads: number;
  /** Run it in a worker thread, so that an inference never blocks the caller. */
  readonly inWorker: boolean;
  /** Instead of the checkpoint's own. */
  readonly settings?: Partial<PolicySettings>;
}

/**
 * Loads the policy of a checkpoint, or of the best (else newest) checkpoint of a training run. Throws `not-found`,
 * `bad-data`, `mismatch`, `bad-shape` or `not-finite` with the file that is wrong.
 */
export async function loadPolicy(folder: string, options: LoadPolicyOptions): Promise<Policy> {
  if (options.inWorker) {
    const { startPolicyWorker } = await import('./policy-worker-client.ts');
    return startPolicyWorker(folder, options);
  }
  const checkpoint = loadCheckpoint(resolveCheckpoint(folder));
  const where = (file: string): string => path.join(checkpoint.folder, file);
  const tokenizer = createTextTokenizer(
    checkpoint.json('tokenizer.json'),
    checkpoint.json('tokenizer_config.json'),
    where('tokenizer.json'),
  );
  const codec = createCodec(parseCodecConfig(checkpoint.json('codec.json'), where('codec.json')), tokenizer);
  const embodiment = parseEmbodiment(checkpoint.json('embodiment.json'), where('embodiment.json'));
  const content = checkpoint.json('config.json');
  const family = familyOf(content, where('config.json'));
  const config = family.parse(content, where('config.json'));
  const settings = settingsOf(checkpoint, options.settings);
  const parameters = modelSpec(family, config, codec);
  const weights = wholeWeights(checkpoint, parameters);
  checkWeights(where('model.safetensors'), weights, Object.fromEntries(flatten<ParameterSpec>(parameters)));
  return createFlowPolicy({
    name: path.basename(path.resolve(folder)),
    family,
    config,
    codec,
    embodiment,
    weights,
    steps: settings.eulerSteps,
    noiseScale: settings.noiseScale,
    session: { runtime: options.runtime, threads: options.threads },
  });
}

function settingsOf(checkpoint: Checkpoint, overrides: Partial<PolicySettings> = {}): PolicySettings {
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
