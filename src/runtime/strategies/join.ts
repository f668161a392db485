/** @file Chunks that continue the running one: what the policy is told of it, and when the answer may take over. */

import { VlaError } from '../../base/errors.ts';
import type { ActionChunk } from '../../interfaces/action-chunk.ts';
import type { ContinuationKind, Policy } from '../../interfaces/policy.ts';
import type { InferenceRequest, StrategyView, TickedObservation } from '../strategy.ts';

/** Throws `unsupported` unless the policy continues chunks, in one of `kinds`, over a latency of `latency` ticks. */
export function requireContinuation(
  strategy: string,
  policy: Policy,
  latency: number,
  kinds: readonly ContinuationKind[],
): void {
  const { continues } = policy;
  if (continues === undefined || !kinds.includes(continues.kind)) {
    const got = continues === undefined ? 'one that cannot' : `one that does it as "${continues.kind}"`;
    throw new VlaError(
      'unsupported',
      `${strategy}: expected a policy that continues chunks (${kinds.join(', ')}), got ${got}: "${policy.name}".`,
      {
        hint: 'Train it with a prefix, turn guidance on, or choose the naive asynchronous or the synchronous strategy.',
      },
    );
  }
  if (continues.longest < latency) {
    throw new VlaError(
      'unsupported',
      `${strategy}: expected a policy that takes ${latency} committed actions (the latency in ticks), ` +
        `got at most ${continues.longest}: "${policy.name}".`,
      { hint: 'Make inference faster or the control rate lower, or train with longer prefixes.' },
    );
  }
}

/**
 * Asks for a chunk that continues the running one. Committed (Δt_c) are as many of the coming actions as the inference may take ticks, at
 * least `least` and that of this tick, at most what the policy takes and the queue has. `all`: the policy is shown the rest of the running chunk too.
 */
export function askToContinue(
  seen: TickedObservation,
  { queue, tick, latency, longest }: StrategyView,
  bounds: { readonly least: number; readonly all: boolean },
): InferenceRequest {
  const ahead = queue.ahead(tick);
  const committed = Math.min(ahead, longest, Math.max(latency, bounds.least, 1));
  const count = bounds.all ? ahead : committed;
  const request = { observation: seen, observed: seen.tick };
  if (count === 0) return request;
  return { ...request, continuation: { actions: queue.upcoming(tick, count), count, committed } };
}

/**
 * Places the answer: it takes over at once, at the index of the ticks that its inference took. An answer that took longer than its committed
 * actions (Δt_inf > Δt_c) is discarded while there is something that it would jump from; where that has just ended, the robot first holds.
 */
export function takeJoined(
  chunk: ActionChunk,
  { observed, continuation }: InferenceRequest,
  { queue, tick, epoch }: StrategyView,
): void {
  const { committed } = continuation ?? { committed: 0 };
  const covered = committed > 0 && tick - observed <= committed;
  const placement = { epoch, observed, start: observed };
  if (covered) queue.place(chunk, placement, tick);
  else if (queue.running(tick) !== null) queue.discard();
  else queue.place(chunk, placement, queue.running(tick - 1) === null ? tick : tick + 1);
}
