/**
 * @file A training run as a process of its own, for tests that kill it: `node regression-run.js FOLDER STEPS SEED [REPLICAS]`.
 * Ctrl-C saves and ends with 130, as on the command line.
 */

import process from 'node:process';
import { describeError } from '../src/cli/program.ts';
import { withInterrupt } from '../src/cli/interrupt.ts';
import { train } from '../src/training/loop.ts';
import { regressionBatches, regressionFiles, regressionLearner } from './regression.ts';

const [folder, steps, seed] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];
const learner = await regressionLearner(seed, steps, process.argv[5] === undefined ? null : Number(process.argv[5]));
try {
  await withInterrupt('Saving a checkpoint …', (signal) =>
    train({
      folder,
      identity: `regression ${steps} ${seed}`,
      config: { steps, logEvery: 7, checkpointEvery: 20, evaluateEvery: 50, keepLast: 2 },
      learner,
      batches: regressionBatches(seed + 1),
      files: regressionFiles,
      // A score that falls and rises, so that the best checkpoint is not simply the last.
      evaluate: async (_, step) => {
        process.stderr.write(`evaluating ${step}\n`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        return { score: Math.cos(step / 40), metrics: { seen: step } };
      },
      signal,
      wallClock: () => Date.now() / 1000,
    }),
  );
} catch (error) {
  const { text, exitCode } = describeError(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
} finally {
  await learner.close();
}
