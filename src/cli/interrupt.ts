/** @file Ctrl-C: the first one asks the work to end cleanly, the second one forces the process to end. */

import process from 'node:process';
import { VlaError } from '../base/errors.ts';
import { describeError } from './program.ts';

const AT_ONCE = new VlaError('interrupted', 'Ended at once; the work under way was not saved.', {
  hint: 'What was saved before is whole: run the same command again to go on from there.',
});

/**
 * Runs `work` with a signal that the first SIGINT or SIGTERM aborts, so that it can save and clean up; the second ends
 * the process at once with exit code 130. `onFirst` says what is being saved. Work that is stopped says itself what is
 * left; the signal's own reason is for work that has nothing to say.
 */
export async function withInterrupt<T>(onFirst: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) {
      const { text, exitCode } = describeError(AT_ONCE);
      process.stderr.write(`\n${text}\n`);
      process.exit(exitCode);
    }
    process.stderr.write(`\n${onFirst} (Ctrl-C again ends at once)\n`);
    controller.abort(new VlaError('interrupted', 'Stopped.', { hint: 'Run the same command again.' }));
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
