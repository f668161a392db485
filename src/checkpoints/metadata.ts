/**
 * @file What the weights of our own checkpoints say about themselves (the `__metadata__` of model.safetensors): family, direction of
 * flow time, conventions, hashes of codec and statistics. Files from another checkpoint beside them are refused by name.
 */

import { createHash } from 'node:crypto';
import { VlaError } from '../base/errors.ts';

/** Flow time inside vlakit, as CONVENTIONS.md defines it; a checkpoint of another convention would run backwards. */
const FLOW_TIME = 'noise fraction: 1 is noise, 0 is the action';
const VELOCITY = 'noise - action';

const PREFIX = 'vlakit.';

/** What the metadata are made of: the JSON files beside the weights. */
export type ReadJson = (file: string) => unknown;

interface Entry {
  readonly key: string;
  readonly what: string;
  /** The file that says the same; null for vlakit itself. */
  readonly file: string | null;
  /** From that file's content; undefined when it has nothing to say. */
  of(content: unknown): string | undefined;
}

const ENTRIES: readonly Entry[] = [
  { key: 'flow_time', what: 'flow time', file: null, of: () => FLOW_TIME },
  { key: 'velocity', what: 'velocity', file: null, of: () => VELOCITY },
  {
    key: 'family',
    what: 'family',
    file: 'config.json',
    of: (config) => field(config, 'family') as string | undefined,
  },
  { key: 'embodiment', what: 'embodiment', file: 'codec.json', of: (codec) => field(codec, 'embodiment') as string },
  { key: 'state_convention', what: 'state convention', file: 'codec.json', of: (codec) => convention(codec, 'state') },
  {
    key: 'action_convention',
    what: 'action convention',
    file: 'codec.json',
    of: (codec) => convention(codec, 'action'),
  },
  {
    key: 'statistics',
    what: 'statistics (SHA-256)',
    file: 'codec.json',
    of: (codec) => hashOf(statisticsIn(codec)),
  },
  { key: 'codec', what: 'codec (SHA-256)', file: 'codec.json', of: hashOf },
  { key: 'tokenizer', what: 'tokenizer (SHA-256)', file: 'tokenizer.json', of: hashOf },
];

/** The metadata of weights that lie beside the files that `read` gives (undefined where there is none). */
export function policyMetadata(read: ReadJson): Record<string, string> {
  const metadata: Record<string, string> = { format: 'pt' };
  for (const { key, file, of } of ENTRIES) {
    const content = file === null ? null : read(file);
    const value = content === undefined ? undefined : of(content);
    if (value !== undefined) metadata[PREFIX + key] = value;
  }
  return metadata;
}

/**
 * Throws `mismatch` when a file beside the weights, or vlakit itself, says otherwise than their metadata. Weights without our
 * metadata pass: they are from an earlier version, or from elsewhere.
 */
export function checkMetadata(where: string, metadata: Readonly<Record<string, string>>, read: ReadJson): void {
  for (const { key, what, file, of } of ENTRIES) {
    const expected = metadata[PREFIX + key];
    const content = file === null ? null : read(file);
    if (expected === undefined || content === undefined) continue;
    const got = of(content);
    if (got === expected) continue;
    const short = (value: string | undefined): string =>
      /^[0-9a-f]{64}$/.test(value ?? '') ? `${value!.slice(0, 12)}…` : (value ?? 'none');
    throw new VlaError(
      'mismatch',
      `${where}: ${what}: the weights were made with ${short(expected)}, ${file ?? 'this version'} has ${short(got)}.`,
      {
        hint:
          file === null
            ? 'They are from a version with another convention: use that version, or train again.'
            : `Take ${file} from the checkpoint that the weights are from; with another they would act wrongly.`,
      },
    );
  }
}

/** What weights say about themselves, for people. */
export function metadataLines(metadata: Readonly<Record<string, string>>): string[] {
  return ENTRIES.flatMap(({ key, what }) => {
    const value = metadata[PREFIX + key];
    return value === undefined ? [] : [`${what}: ${value}`];
  });
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** "rotation axis-angle, frame base, …" */
function convention(codec: unknown, vector: 'state' | 'action'): string | undefined {
  const found = field(field(codec, vector), 'convention');
  if (typeof found !== 'object' || found === null) return undefined;
  return Object.entries(found)
    .map(([name, value]) => `${name} ${String(value)}`)
    .sort()
    .join(', ');
}

/** All values under the name "statistics", with where they are. */
function statisticsIn(value: unknown, at = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.entries(value).reduce<Record<string, unknown>>((all, [name, child]) => {
    const place = `${at}/${name}`;
    return Object.assign(all, name === 'statistics' ? { [place]: child as unknown } : statisticsIn(child, place));
  }, {});
}

/** SHA-256 of JSON whose keys are in order, so that layout and order in a file do not matter. */
function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(ordered(value)))
    .digest('hex');
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, child]) => [name, ordered(child)]),
  );
}
