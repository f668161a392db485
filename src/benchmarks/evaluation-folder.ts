/** @file An evaluation on disk: NAME.json and the films beside it. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import type { Evaluation } from './evaluate.ts';
import { writeResult, type EvaluationResult } from './result.ts';

/**
 * Writes the films to FOLDER/NAME-rollouts/ and then FOLDER/NAME.json, which names them; each file atomically. Films of
 * an earlier evaluation of that name are removed afterwards, unless this one is not whole or lacks some of its films.
 * Returns the result as written.
 */
export function saveEvaluation(folder: string, name: string, evaluation: Evaluation): EvaluationResult {
  const filmFolder = `${name}-rollouts`;
  const rollouts = evaluation.rollouts.map(({ episode, film }) => {
    const file = `${filmFolder}/${episode.condition}-${episode.task}-${episode.seed}.webp`;
    writeFileAtomic(path.join(folder, file), film.webp);
    const { condition, task, seed, instruction, outcome, length } = episode;
    const { width, height, frames } = film;
    return { condition, task, seed, instruction, outcome, length, width, height, frames, file };
  });
  const result = { ...evaluation.result, rollouts };
  writeResult(path.join(folder, `${name}.json`), result);
  if (!result.partial && rollouts.length === evaluation.chosen) {
    removeOthers(path.join(folder, filmFolder), new Set(rollouts.map(({ file }) => path.basename(file))));
  }
  return result;
}

function removeOthers(folder: string, keep: ReadonlySet<string>): void {
  if (!fs.existsSync(folder)) return;
  for (const file of fs.readdirSync(folder)) if (!keep.has(file)) fs.rmSync(path.join(folder, file), { force: true });
}
