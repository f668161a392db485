/** @file The worker of node-quantised-weights.ts: brings one matrix after the other to few bits, from file to file. */

import fs from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../../base/errors.ts';
import { toPlainError, type PlainError } from '../../base/plain-error.ts';
import { quantiseJob, type QuantiseJob } from './node-quantise-job.ts';

const port = parentPort;
invariant(port !== null, 'node-quantise-worker runs as a worker');
const target = fs.openSync(workerData as string, 'r+');

port.on('message', (job: QuantiseJob | null) => {
  if (job === null) {
    fs.closeSync(target);
    port.close();
    return;
  }
  let failure: PlainError | null = null;
  try {
    quantiseJob(job, target);
  } catch (cause) {
    failure = toPlainError(cause);
  }
  port.postMessage(failure);
});
