/** @file One matrix brought to few bits, from a file to another, without the whole of it in floats. */

import fs from 'node:fs';
import { VlaError } from '../../base/errors.ts';
import { BYTES, viewBytes, type DType } from '../../base/tensor.ts';
import { emptyMatrix, floatsOf, quantiseRange, type WeightLayout } from '../weight-precision.ts';

/** A matrix [N, K] in `file`, and where its two parts go in the target; offsets in bytes. */
export interface QuantiseJob {
  readonly file: string;
  readonly offset: number;
  readonly dtype: DType;
  readonly shape: readonly [N: number, K: number];
  readonly layout: WeightLayout;
  readonly matrixOffset: number;
  readonly scaleOffset: number;
}

/** Numbers that are read at once. */
const PIECE = 1 << 21;

/** Reads, converts and writes one matrix; `target` is an open file. */
export function quantiseJob(job: QuantiseJob, target: number): void {
  const { dtype, shape, layout } = job;
  const [N, K] = shape;
  const result = emptyMatrix(layout, shape);
  const rows = Math.max(1, Math.floor(PIECE / K));
  const source = fs.openSync(job.file, 'r');
  try {
    for (let first = 0; first < N; first += rows) {
      const bytes = new Uint8Array(Math.min(rows, N - first) * K * BYTES[dtype]);
      readFully(source, bytes, job.offset + first * K * BYTES[dtype], job.file);
      quantiseRange(result, first, floatsOf(dtype, viewBytes(dtype, bytes)));
    }
  } finally {
    fs.closeSync(source);
  }
  writeFully(target, result.matrix, job.matrixOffset);
  writeFully(target, result.scale, job.scaleOffset);
}

function readFully(source: number, bytes: Uint8Array, position: number, file: string): void {
  for (let at = 0; at < bytes.length;) {
    const read = fs.readSync(source, bytes, at, bytes.length - at, position + at);
    if (read === 0) {
      throw new VlaError(
        'bad-data',
        `${file}: expected ${position + bytes.length} bytes, got ${fs.fstatSync(source).size}.`,
        {
          hint: 'The file was cut off; fetch or write it again.',
        },
      );
    }
    at += read;
  }
}

function writeFully(target: number, data: Int8Array | Uint8Array | Float32Array, position: number): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < bytes.length;) at += fs.writeSync(target, bytes, at, bytes.length - at, position + at);
}
