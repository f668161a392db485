/** @file What finished jobs leave in a study's folder, and how long a job took over all processes that worked on it. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { readJson, writeFileAtomic } from '../../base/files.ts';
import type { Measured } from './measurement.ts';
import type { MeasurementConfig } from '../../../recipes/studies/measurement-config.ts';
import type { MeasureJob, TrainJob } from './jobs.ts';

const STAGE_FILE = 'stage.json';
const RESULT_FILE = 'measurement.json';
const TIME_FILE = 'seconds.json';
/** How often the time is written down: a killed process loses no more. */
const TIME_INTERVAL_MS = 10_000;

/** `stage.json`: a stage that was trained to its end. */
export interface StageRecord {
  readonly identity: string;
  readonly recipe: string;
  readonly seed: number;
  /** The checkpoint that later stages and measurements take, in the stage's folder. */
  readonly checkpoint: string;
  /** SHA-256 of its weights. */
  readonly sha256: string;
  readonly samples: number;
  /** Wall time, repeated work after a kill included. */
  readonly seconds: number;
  /** The last line of training metrics. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, string>>;
}

/** `measurement.json`: a measurement that was carried out. */
export interface MeasurementRecord extends Measured {
  readonly identity: string;
  readonly config: MeasurementConfig;
  /** SHA-256 of the weights that were measured. */
  readonly sha256: string;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** The record of a finished stage, or null. */
export function readStage(job: TrainJob): StageRecord | null {
  return readRecord<StageRecord>(path.join(job.folder, STAGE_FILE), job.identity);
}

/** The record of a finished measurement, or null. */
export function readMeasurement(job: MeasureJob): MeasurementRecord | null {
  return readRecord<MeasurementRecord>(path.join(job.folder, RESULT_FILE), job.identity);
}

/** Writes it atomically: from then on the stage is finished. */
export function writeStage(job: TrainJob, record: StageRecord): void {
  writeRecord(path.join(job.folder, STAGE_FILE), record);
}

/** Writes it atomically: from then on the measurement is finished. */
export function writeMeasurement(job: MeasureJob, record: MeasurementRecord): void {
  writeRecord(path.join(job.folder, RESULT_FILE), record);
}

/** A record in `file` under `identity`, or null where there is none; a damaged one is `bad-data`. */
export function readRecord<T extends { readonly identity: string }>(file: string, identity: string): T | null {
  if (!fs.existsSync(file)) return null;
  const record = readJson<T | null>(file);
  if (record?.identity === identity) return record;
  throw new VlaError('bad-data', `${file}: expected identity ${identity}, got ${String(record?.identity)}.`, {
    hint: 'The file was edited or moved: delete its folder, and it is made again.',
  });
}

/** Writes a record as JSON, atomically. */
export function writeRecord(file: string, record: { readonly identity: string }): void {
  writeFileAtomic(file, `${JSON.stringify(record, null, 1)}\n`);
}

/** Does `work` and gives its result with the seconds that it took, those of earlier, killed processes included. */
export async function timed<T>(folder: string, work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const file = path.join(folder, TIME_FILE);
  const before = fs.existsSync(file) ? readJson<{ seconds: number }>(file).seconds : 0;
  const start = performance.now();
  const seconds = (): number => Math.round(10 * (before + (performance.now() - start) / 1000)) / 10;
  const note = (): void => writeFileAtomic(file, `${JSON.stringify({ seconds: seconds() })}\n`);
  const timer = setInterval(note, TIME_INTERVAL_MS).unref();
  try {
    return { result: await work(), seconds: seconds() };
  } finally {
    clearInterval(timer);
    note();
  }
}
