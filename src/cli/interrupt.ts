/** @file Ctrl-C: the first one asks the work to end cleanly, the second one forces the process to end. */

import process from 'node:process';
import { VlaError } from '../base/errors.ts';

/**
 * Runs `work` with a signal that the first SIGINT or SIGTERM aborts, so that it can save and clean up; the second ends
 * the process at once with exit code 130. `onFirst` says what is being saved.
 */
export async function withInterrupt<T>(onFirst: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write(`\n${onFirst} (Ctrl-C again ends at once)\n`);
    controller.abort(new VlaError('interrupted', 'Interrupted.'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
