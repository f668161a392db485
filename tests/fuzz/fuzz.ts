/** @file Gives bad messages to a decoder and watches what becomes of it: a refusal is fine, anything else is a finding. */

import { VlaError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import { badMessage, type Material } from './mutate.ts';

/** A decoder of one protocol. */
export interface FuzzTarget extends Omit<Material, 'longest'> {
  /** Reads a message as the server does. Throws a VlaError for what it refuses. */
  decode(bytes: Uint8Array): unknown;
}

/** What was seen. */
export interface FuzzReport {
  readonly inputs: number;
  /** Messages that were read in spite of what was done to them. */
  readonly read: number;
  /** Errors that are no refusals, with the message that caused them. */
  readonly findings: readonly string[];
  /** The longest that one message took, ms. */
  readonly slowestMs: number;
  /** Memory at the end beside that after the first tenth, bytes; what is not collected yet included where the collector cannot be called. */
  readonly grownBytes: number;
  /** The most that one process had, bytes. */
  readonly peakBytes: number;
}

/** Longer messages are cut: the bounds of bytes are tested elsewhere, and memory for them takes time. */
const LONGEST = 100_000;
const MOST_FINDINGS = 20;
/** Inputs between looks at memory. */
const LOOK = 500;

/** `count` bad messages of the stream that `seed` names; the good ones must be read first. */
export async function fuzz(target: FuzzTarget, count: number, seed: number): Promise<FuzzReport> {
  for (const good of target.seeds) await target.decode(good);
  const material = { seeds: target.seeds, pieces: target.pieces, longest: LONGEST };
  const findings: string[] = [];
  let [read, slowestMs, peakBytes, settled] = [0, 0, 0, 0];
  for (let i = 0; i < count && findings.length < MOST_FINDINGS; i++) {
    const bytes = badMessage(new Random(seed, i), material);
    const begun = performance.now();
    try {
      const answer = target.decode(bytes);
      if (answer instanceof Promise) await answer;
      read++;
    } catch (error) {
      if (!(error instanceof VlaError)) findings.push(describe(i, error, bytes));
    }
    slowestMs = Math.max(slowestMs, performance.now() - begun);
    if (i % LOOK === 0) peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
    if (i === Math.floor(count / 10)) settled = memory();
  }
  return { inputs: count, read, findings, slowestMs, grownBytes: memory() - settled, peakBytes };
}

function describe(index: number, error: unknown, bytes: Uint8Array): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `input ${index}: ${text}\n${Buffer.from(bytes.subarray(0, 2000)).toString('hex')}`;
}

/** What is in use, garbage taken away where node runs with --expose-gc. */
function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
