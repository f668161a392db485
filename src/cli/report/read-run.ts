/** @file Reads what a run folder holds for its report: evaluations with films, metrics, open-loop errors, facts. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError, readJson } from '../../base/files.ts';
import { readResult } from '../../benchmarks/result.ts';
import { readMetrics } from '../../training/metrics-log.ts';
import type { OpenLoopResult } from '../../training/open-loop.ts';
import { PROVENANCE_FILE, readProvenance } from '../../training/provenance-file.ts';
import type { ReportedEvaluation, ReportInput } from './report-input.ts';

/** The policy's evaluation; those of references are called evaluation-NAME.json. */
export const EVALUATION_FILE = 'evaluation.json';
const REFERENCE_FILE = /^evaluation-.+\.json$/;
const METRICS_FILE = 'metrics.jsonl';
const OPEN_LOOP_FILE = 'open-loop.json';

/** Gathers the report's input from a run folder; a folder with nothing to report is `not-found`. */
export function readRun(folder: string, title: string, created: string): ReportInput {
  let names: string[];
  try {
    names = fs.readdirSync(folder).sort();
  } catch (cause) {
    throw fileError('report', folder, cause);
  }
  const files = names.filter((name) => name.endsWith('.json'));
  const evaluations = [EVALUATION_FILE, ...files.filter((name) => REFERENCE_FILE.test(name))].filter((name) =>
    files.includes(name),
  );
  const hasMetrics = names.includes(METRICS_FILE);
  const hasOpenLoop = files.includes(OPEN_LOOP_FILE);
  if (evaluations.length === 0 && !hasMetrics && !hasOpenLoop) {
    throw new VlaError(
      'not-found',
      `${folder}: expected ${EVALUATION_FILE}, ${METRICS_FILE} or ${OPEN_LOOP_FILE}, got ${names.join(', ') || 'an empty folder'}.`,
      { hint: 'Train (vlakit train) or evaluate (vlakit evaluate … --out FOLDER) into this folder first.' },
    );
  }
  const shown = [...evaluations, OPEN_LOOP_FILE, PROVENANCE_FILE];
  const documents = files.filter((name) => !shown.includes(name));
  return {
    title,
    created,
    evaluations: evaluations.map((name) => readEvaluation(folder, name)),
    metrics: hasMetrics ? readMetrics(path.join(folder, METRICS_FILE)) : [],
    openLoop: hasOpenLoop ? readJson<OpenLoopResult>(path.join(folder, OPEN_LOOP_FILE)) : null,
    training: readProvenance(folder),
    documents: documents.map((name) => ({ title: name, value: readJson(path.join(folder, name)) })),
  };
}

function readEvaluation(folder: string, name: string): ReportedEvaluation {
  const result = readResult(path.join(folder, name));
  const films: Record<string, Uint8Array> = {};
  for (const { file } of result.rollouts) {
    const full = path.join(folder, file);
    if (fs.existsSync(full)) films[file] = new Uint8Array(fs.readFileSync(full));
  }
  return { result, films };
}
