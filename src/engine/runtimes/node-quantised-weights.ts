/**
 * @file Weights in few bits, made from files matrix by matrix in worker threads and written to one file, which ONNX Runtime
 * then reads in place: never two copies in memory.
 */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { fileError, removeQuietly } from '../../base/files.ts';
import { fromPlainError, type PlainError } from '../../base/plain-error.ts';
import { BYTES } from '../../base/tensor.ts';
import { workerUrl } from '../../base/worker-url.ts';
import type { WeightContent } from '../onnx/write.ts';
import type { QuantisedWeight } from '../passes/quantise-weights.ts';
import { layoutTypes } from '../weight-precision.ts';
import type { QuantiseJob } from './node-quantise-job.ts';
import type { LocatedWeights } from './node-weight-files.ts';

/** A place in a file. */
type Place = Extract<WeightContent, { readonly file: string }>;

/** Where matrices in few bits lie, and `remove`, which deletes the file unless it is kept in a cache. */
export interface QuantisedFile extends LocatedWeights {
  remove(): void;
}

/** Bumped when the same source would give other bytes. */
const VERSION = 1;
const ALIGNMENT = 64;
/** More threads than this wait for the disk. */
const MAX_THREADS = 8;

/**
 * Brings matrices from files to few bits. With a `cache` folder the file is kept there under a name made of the sources' paths,
 * sizes and times, and found again; without, it lies among the system's temporary files. Throws `io` when the disk is full.
 */
export async function quantiseFiles(
  quantised: readonly QuantisedWeight[],
  source: LocatedWeights,
  options: { readonly cache?: string | undefined; readonly threads?: number | undefined },
): Promise<QuantisedFile> {
  const { jobs, weights, bytes } = plan(quantised, source);
  const folder = options.cache ?? fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-weights-'));
  const file = path.join(folder, `${fingerprint(jobs)}.weights`);
  const remove = (): void => {
    if (options.cache === undefined) removeQuietly(folder);
  };
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.mkdirSync(folder, { recursive: true });
    if (!fs.existsSync(file) || fs.statSync(file).size !== bytes) {
      fs.writeFileSync(temporary, '');
      fs.truncateSync(temporary, bytes);
      await runJobs(jobs, temporary, options.threads ?? os.availableParallelism());
      fs.renameSync(temporary, file);
    }
  } catch (cause) {
    removeQuietly(temporary);
    remove();
    throw fileError('write', file, cause);
  }
  const placed = Object.entries(weights).map(([name, place]): [string, Place] => [
    name,
    { ...place, file: path.basename(file) },
  ]);
  return { weights: Object.fromEntries(placed), weightFolder: folder, remove };
}

function plan(quantised: readonly QuantisedWeight[], { weights, weightFolder }: LocatedWeights) {
  const jobs: QuantiseJob[] = [];
  const places: Record<string, Omit<Place, 'file'>> = {};
  let end = 0;
  const place = (name: string, { dtype, shape }: Pick<Place, 'dtype' | 'shape'>): number => {
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    const length = shape.reduce((product, size) => product * size, BYTES[dtype]);
    places[name] = { dtype, shape, offset, length };
    end = offset + length;
    return offset;
  };
  for (const { name, shape, layout, matrix, scale } of quantised) {
    const from = weights[name] as Place;
    const types = layoutTypes(layout, shape);
    const matrixOffset = place(matrix, types.matrix);
    const file = path.resolve(weightFolder ?? '.', from.file);
    const { dtype, offset } = from;
    jobs.push({ file, offset, dtype, shape, layout, matrixOffset, scaleOffset: place(scale, types.scale) });
  }
  return { jobs, weights: places, bytes: end };
}

function fingerprint(jobs: readonly QuantiseJob[]): string {
  const files = [...new Set(jobs.map(({ file }) => file))].map((file) => {
    const { size, mtimeMs } = fs.statSync(file);
    return [fs.realpathSync(file), size, mtimeMs];
  });
  return createHash('sha256')
    .update(JSON.stringify([VERSION, files, jobs]))
    .digest('hex')
    .slice(0, 32);
}

/** Hands out the jobs, the largest first; rejects with the first failure. */
async function runJobs(jobs: readonly QuantiseJob[], target: string, threads: number): Promise<void> {
  const waiting = [...jobs].sort((a, b) => a.shape[0] * a.shape[1] - b.shape[0] * b.shape[1]);
  const count = Math.min(threads, MAX_THREADS, jobs.length);
  const workers = Array.from(
    { length: count },
    () => new Worker(workerUrl(import.meta.url, './node-quantise-worker'), { workerData: target }),
  );
  try {
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            const next = (): void => worker.postMessage(waiting.pop() ?? null);
            worker.on('message', (failure: PlainError | null) => {
              if (failure === null) next();
              else reject(fromPlainError(failure));
            });
            worker.on('error', reject);
            worker.on('exit', () => resolve());
            next();
          }),
      ),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
