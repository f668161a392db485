/** @file The checkpoints of one run: `checkpoints/step-00000100` …, the newest, the best, and which to delete. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson, writeFileAtomic } from '../base/files.ts';
import { holdsWeights } from './checkpoint.ts';

const FOLDER = 'checkpoints';
const BEST_FILE = 'best.json';

/** `checkpoints/best.json`: the checkpoint with the highest score so far. */
export interface BestCheckpoint {
  readonly step: number;
  readonly score: number;
}

/** The folder of the checkpoint after `step` steps. */
export function checkpointFolder(run: string, step: number): string {
  return path.join(run, FOLDER, `step-${String(step).padStart(8, '0')}`);
}

/** The steps that have a whole checkpoint, ascending. */
export function checkpointSteps(run: string): number[] {
  const folder = path.join(run, FOLDER);
  if (!fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder).filter((name) => /^step-\d{8}$/.test(name));
  return names.map((name) => Number(name.slice('step-'.length))).sort((a, b) => a - b);
}

/** The best checkpoint that an evaluation during training chose, or null. */
export function bestCheckpoint(run: string): BestCheckpoint | null {
  const file = path.join(run, FOLDER, BEST_FILE);
  return fs.existsSync(file) ? readJson<BestCheckpoint>(file) : null;
}

/** Remembers the best checkpoint. */
export function writeBest(run: string, best: BestCheckpoint): void {
  writeFileAtomic(path.join(run, FOLDER, BEST_FILE), `${JSON.stringify(best)}\n`);
}

/** Deletes all checkpoints but the newest `keepLast` and the step `best`, and what a killed process left half-done. */
export function pruneCheckpoints(run: string, keepLast: number, best: number | null): void {
  const folder = path.join(run, FOLDER);
  if (!fs.existsSync(folder)) return;
  const steps = checkpointSteps(run);
  const kept = new Set([...steps.slice(-keepLast), ...(best === null ? [] : [best])]);
  for (const step of steps) {
    if (kept.has(step)) continue;
    // Renamed first: a deletion that is cut short must not leave something that looks like a checkpoint.
    const doomed = `${checkpointFolder(run, step)}.deleted`;
    fs.renameSync(checkpointFolder(run, step), doomed);
  }
  for (const name of fs.readdirSync(folder)) {
    if (/\.(tmp|old|deleted)$/.test(name)) fs.rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}

/**
 * The folder to load a policy from: `folder` itself when it is a checkpoint, or, for a training run, its best or newest
 * checkpoint. Throws `not-found` when it is neither.
 */
export function resolveCheckpoint(folder: string, prefer: 'best' | 'newest' = 'best'): string {
  if (holdsWeights(folder)) return folder;
  const best = prefer === 'best' ? bestCheckpoint(folder) : null;
  const steps = checkpointSteps(folder);
  const step = best !== null && steps.includes(best.step) ? best.step : steps.at(-1);
  if (step !== undefined) return checkpointFolder(folder, step);
  throw new VlaError('not-found', `${folder}: expected a checkpoint or a training run, got neither.`, {
    hint: 'Train one first (vlakit train), or check the path.',
  });
}
