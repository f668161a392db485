/** @file A policy from a checkpoint on a web server, for pages and web workers (and Node, where a server is nearer than the disk). */

import { VlaError } from '../base/errors.ts';
import { decodeSafetensors } from '../base/safetensors.ts';
import type { Runtime } from '../engine/index.ts';
import type { Policy } from '../interfaces/policy.ts';
import { policyOf, readPolicyParts, type CheckpointSource, type PolicySettings } from './checkpoint-policy.ts';

const WEIGHTS = 'model.safetensors';
const HASHES = 'hashes.json';
/** Names the base of a checkpoint that holds only what was trained. */
const BASE = 'base.json';
const TEXTS = [
  'config.json',
  'codec.json',
  'embodiment.json',
  'policy.json',
  'tokenizer.json',
  'tokenizer_config.json',
] as const;

/** How to run a fetched policy. */
export interface FetchPolicyOptions {
  readonly runtime: Runtime;
  /** See `SessionOptions.threads`. */
  readonly threads?: number;
  /** Instead of the checkpoint's own. */
  readonly settings?: Partial<PolicySettings>;
}

/**
 * Fetches the checkpoint folder at `url` and opens its policy. Files are checked against hashes.json where the page is a secure
 * context (https, or this machine). Throws `not-found` for what cannot be fetched and `bad-data`, `mismatch`, `bad-shape` or
 * `not-finite` with the file that is wrong.
 */
export async function fetchPolicy(url: string, options: FetchPolicyOptions): Promise<Policy> {
  const folder = url.replace(/\/+$/, '');
  const source = await fetchCheckpoint(folder);
  const { runtime, threads, settings } = options;
  return policyOf(readPolicyParts(source, settings), {
    name: folder.split('/').at(-1)!,
    session: { runtime, ...(threads === undefined ? {} : { threads }) },
  });
}

async function fetchCheckpoint(folder: string): Promise<CheckpointSource> {
  const where = (file: string): string => `${folder}/${file}`;
  const names = [...TEXTS, WEIGHTS, HASHES];
  const answers = await Promise.allSettled(names.map((name) => fetchFile(where(name), name === HASHES)));
  // Of several that fail the first is reported, whichever failed first.
  const files = new Map(names.map((name, i) => [name, contentOf(answers[i]!)]));
  const json = <T>(file: string): T => {
    try {
      return JSON.parse(new TextDecoder().decode(files.get(file)!)) as T;
    } catch (cause) {
      throw new VlaError('bad-data', `${where(file)}: expected JSON, got ${(cause as Error).message}.`, {
        cause,
        hint: 'The server answered with something else, or the file is damaged.',
      });
    }
  };
  if (files.get(HASHES) !== null) {
    const hashes = json<Readonly<Record<string, string>>>(HASHES);
    if (BASE in hashes) {
      throw new VlaError(
        'unsupported',
        `${folder}: expected all weights of the model, got those that a tuning trained.`,
        {
          hint: 'Train with tuning.save "whole", which writes a checkpoint that stands alone.',
        },
      );
    }
    for (const [name, bytes] of files) await checkHash(where(name), bytes!, hashes[name]);
  }
  return { where, json, weights: () => ({ weights: decodeSafetensors(files.get(WEIGHTS)!, where(WEIGHTS)).tensors }) };
}

function contentOf(answer: PromiseSettledResult<Uint8Array<ArrayBuffer> | null>): Uint8Array<ArrayBuffer> | null {
  if (answer.status === 'rejected') throw answer.reason;
  return answer.value;
}

/** The content of a file; null where it is not there and need not be. */
async function fetchFile(url: string, optional: boolean): Promise<Uint8Array<ArrayBuffer> | null> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw new VlaError('not-found', `${url}: expected a file of the checkpoint, got no answer.`, {
      cause,
      hint: 'Check that the server runs, and that it lets this page read the file (CORS).',
    });
  });
  if (optional && response.status === 404) return null;
  if (!response.ok) {
    throw new VlaError('not-found', `${url}: expected a file of the checkpoint, got HTTP ${response.status}.`, {
      hint: 'Give the address of the checkpoint’s folder, with all of its files.',
    });
  }
  return new Uint8Array(await response.arrayBuffer());
}

async function checkHash(where: string, bytes: Uint8Array<ArrayBuffer>, expected: string | undefined): Promise<void> {
  // Pages that are not a secure context have no `crypto.subtle`.
  const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined;
  if (expected === undefined || subtle === undefined) return;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  const got = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (got === expected) return;
  throw new VlaError(
    'bad-data',
    `${where}: expected SHA-256 ${expected.slice(0, 12)}…, got ${got.slice(0, 12)}… (${bytes.byteLength} bytes).`,
    { hint: 'The file was damaged, cut off or edited; copy the checkpoint to the server again.' },
  );
}
