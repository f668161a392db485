/** @file What is heard of an episode while it is played in simulated time, and what it measured. */

import { FNV_OFFSET, fnv1a, type PlayHooks } from '../../../benchmarks/play-episode.ts';
import type { Policy } from '../../../interfaces/policy.ts';
import type { TickRecord } from '../../../interfaces/tick-record.ts';
import type { EpisodeReport } from '../../../runtime/run-episode.ts';

/** What is heard of an episode while it is played. */
export class Heard {
  hash = FNV_OFFSET;
  /** Ticks in which the gate changed or refused what was wanted, or stood still for good. */
  changed = 0;
  readonly latenciesMs: number[] = [];
  /** The first error of an inference. */
  error: unknown = null;
  private readonly each: () => void;

  constructor(each: () => void) {
    this.each = each;
  }

  tick({ action, interventions }: TickRecord): void {
    this.hash = fnv1a(this.hash, action);
    if (interventions.length > 0) this.changed++;
    this.each();
  }

  /** The policy, its inferences timed and announced to the watchdog. */
  listening(policy: Policy, hooks: PlayHooks): Policy {
    return {
      name: policy.name,
      embodiment: policy.embodiment,
      ...(policy.continues === undefined ? {} : { continues: policy.continues }),
      reset: (episode) => policy.reset(episode),
      infer: async (observation, options) => {
        hooks.inferring?.(true);
        const start = performance.now();
        try {
          return await policy.infer(observation, options);
        } catch (error) {
          this.error ??= error;
          throw error;
        } finally {
          this.latenciesMs.push(performance.now() - start);
          hooks.inferring?.(false);
        }
      },
      close: () => policy.close(),
    };
  }
}

/** What one episode measured; what it cannot say is left out. */
export function metricsOf(report: EpisodeReport, { changed }: Heard): Record<string, number> {
  const { seconds, ticks, idle, handJerk, actionJerk, seams, within, counters } = report;
  const { inferences, failed, discarded, late } = counters;
  const known = {
    seconds,
    idle: idle / ticks,
    handJerk,
    actionJerk,
    seam: seams.mean,
    step: within.mean,
    // Not those that were under way when the episode ended.
    unused: (failed + discarded) / inferences,
    late: late / inferences,
    inferences,
    changed: changed / ticks,
  };
  return Object.fromEntries(Object.entries(known).filter((pair): pair is [string, number] => pair[1] !== null));
}
