/**
 * @file A policy of a published folder, without a copy of its weights: configuration, codec, embodiment and tokenizer in a checkpoint
 * folder of our own, and weights.json, which points at the published files. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson } from '../base/files.ts';
import { parseEmbodiment } from '../codec/embodiment-file.ts';
import { createTextTokenizer } from '../codec/text-tokens/text-tokenizer.ts';
import { firstNotFinite } from '../models/check-weights.ts';
import type { PolicySettings } from '../models/checkpoint-policy.ts';
import { policyMode } from '../models/policy-mode.ts';
import { PUBLISHED_FAMILIES } from '../models/published-families.ts';
import type { PublishedFamily } from '../models/published-layout.ts';
import { publishedCodec, type NamedJson, type PolicyChoices } from '../models/published-policy.ts';
import { writePlacedCheckpoint } from './checkpoint.ts';
import { openPublishedFolder, type PublishedFolder } from './published-folder.ts';
import type { PlacedWeights } from './place-weights.ts';
import { readStored } from './stored-tensor.ts';
import { readTokenizer, readTokenizerFiles, requireVocabulary } from './tokenizer-files.ts';
import { describePlaces, PLACES_FILE } from './weight-places.ts';

/** What a policy is made of beside the published folder. */
export interface AdoptOptions {
  /** A JSON file with the robot: what embodiment.json of a checkpoint holds. */
  readonly embodiment: string;
  /** A JSON file with statistics; null: the one that lies in the published folder. */
  readonly statistics: string | null;
  readonly choices: PolicyChoices;
  /** Instead of the published ones. */
  readonly settings: Partial<PolicySettings>;
  /** Called with how many of the tensors are checked. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was adopted, for people. */
export interface Adopted {
  readonly family: string;
  readonly size: string;
  readonly horizon: number;
  readonly cameras: readonly string[];
}

/**
 * Writes the policy of the published folder `from` into `folder`, atomically. Reads every byte of the weights once, to hash them and
 * to see that all numbers are finite. Throws what is wrong with the folder, the robot or the choices.
 */
export async function adoptPublished(
  from: string,
  folder: string,
  options: AdoptOptions,
  families: readonly PublishedFamily[] = PUBLISHED_FAMILIES,
): Promise<Adopted> {
  requireReplaceable(folder);
  const opened = openPublishedFolder(from, families);
  const { published, config } = opened;
  const { family, policy } = published;
  const found = readTokenizerFiles(from);
  if (found !== null) requireVocabulary(from, found, config.language.vocabulary);
  const { tokenizer: tokenizerJson, config: tokenizerConfig } = readTokenizer(from);
  const tokenizer = createTextTokenizer(tokenizerJson, tokenizerConfig, path.join(from, 'tokenizer.json'));
  const embodiment = parseEmbodiment(readJson(options.embodiment), options.embodiment);
  const request = {
    config,
    embodiment,
    choices: options.choices,
    statistics: statisticsOf(opened, options.statistics),
    read: (file: string): NamedJson => ({ where: path.join(from, file), json: readJson(path.join(from, file)) }),
  };
  const codec = publishedCodec(family, policy, request, tokenizer);
  const settings = { ...policy.settings, ...options.settings };
  policyMode(settings.mode, family, config, path.join(folder, 'policy.json'));
  requireFinite(opened, options.onProgress);
  await writePlacedCheckpoint(folder, describePlaces(from, opened.comparison.placed), {
    'config.json': config,
    'codec.json': codec.config,
    'embodiment.json': embodiment,
    'policy.json': settings,
    'tokenizer.json': tokenizerJson,
    'tokenizer_config.json': tokenizerConfig,
  });
  const { horizon, cameras } = codec.config;
  return { family: family.title, size: opened.size, horizon, cameras: cameras.map(({ name }) => name) };
}

/** Only a policy of this kind is replaced: a folder of anything else would be lost. */
function requireReplaceable(folder: string): void {
  if (!fs.existsSync(folder) || fs.existsSync(path.join(folder, PLACES_FILE))) return;
  if (fs.statSync(folder).isDirectory() && fs.readdirSync(folder).length === 0) return;
  throw new VlaError('bad-argument', `${folder}: expected a new folder for the policy, got one that is in use.`, {
    hint: 'Choose another name, or remove what lies there.',
  });
}

/** The statistics to use: a file that was named, or the family's own beside its weights. */
function statisticsOf({ folder, published }: PublishedFolder, named: string | null): NamedJson {
  if (named !== null) return { where: named, json: readJson(named) };
  const own = published.statistics.map(({ file }) => path.join(folder, file)).find((file) => fs.existsSync(file));
  if (own !== undefined) return { where: own, json: readJson(own) };
  const wanted = published.statistics.map(({ file }) => file).join(' or ');
  const elsewhere = published.statisticsElsewhere;
  throw new VlaError('not-found', `${folder}: expected ${wanted || 'a statistics file'}, got none.`, {
    hint:
      elsewhere === null ? 'Name the file with --statistics.' : `Name the file with --statistics: it is ${elsewhere}.`,
  });
}

function requireFinite(
  { folder, weights, weightFolder, comparison }: PublishedFolder & PlacedWeights,
  onProgress: AdoptOptions['onProgress'],
): void {
  const all = Object.entries(weights);
  for (const [i, [name, place]] of all.entries()) {
    const bad = firstNotFinite(readStored(weightFolder, place));
    if (bad >= 0) {
      const { published, stored } = comparison.placed[name]!;
      const file = path.join(folder, stored.file);
      throw new VlaError(
        'not-finite',
        `${file}: tensor "${published}": expected finite numbers, got others from ${bad}.`,
        {
          hint: 'The file is damaged, or its training diverged: fetch it again.',
        },
      );
    }
    onProgress?.(i + 1, all.length);
  }
}
