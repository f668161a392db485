/** @file Plays the episodes of a measurement in worker threads, and keeps what came of them in its folder. Node only. */

import { VlaError } from '../../base/errors.ts';
import { evaluate, type EvaluateOptions } from '../../benchmarks/evaluate.ts';
import { saveEvaluation } from '../../benchmarks/evaluation-folder.ts';
import { unseenSeed } from '../../benchmarks/protocol.ts';
import type { NamedPolicy } from '../players.ts';
import type { NamedMeasurement } from '../../../recipes/studies/measurement-config.ts';
import type { MeasurementContext } from './measurement.ts';

/** Longest single inference, as it is computed. */
const TIMEOUT_MS = 60_000;

/** Which episodes. */
interface Episodes extends NamedMeasurement {
  readonly tasks: readonly string[];
  /** Per task and condition. */
  readonly episodes: number;
  /** Counted within the seeds that training never uses. */
  readonly firstSeed: number;
}

/** Throws `interrupted` when it was stopped before the last episode. */
export async function playEpisodes(
  { name, tasks, episodes, firstSeed }: Episodes,
  policy: NamedPolicy,
  how: Pick<EvaluateOptions, 'environment' | 'player' | 'conditions' | 'execute'>,
  { folder, workers, command, signal, onProgress }: MeasurementContext,
): Promise<ReturnType<typeof saveEvaluation>> {
  const evaluation = await evaluate({
    ...how,
    policy: policy.call,
    tasks,
    episodes,
    firstSeed: unseenSeed(firstSeed),
    workers,
    inferenceTimeoutMs: TIMEOUT_MS,
    policyName: policy.name,
    film: null,
    command,
    checkpoint: policy.checkpoint,
    signal,
    onProgress: (done, _total, note) => onProgress(done, note),
  });
  if (evaluation.result.partial) {
    throw new VlaError('interrupted', `study: stopped during the measurement "${name}".`, {
      hint: 'Run the same command again to go on; this measurement begins anew.',
    });
  }
  return saveEvaluation(folder, 'evaluation', evaluation);
}
