/** @file What every environment refuses before it looks at its episode. */

import { VlaError } from '../base/errors.ts';
import type { Outcome } from '../interfaces/environment.ts';

/** Throws for an environment that was closed; `maker` makes a new one. */
export function requireOpen(world: string, closed: boolean, maker: string): void {
  if (!closed) return;
  throw new VlaError('bad-argument', `${world}: expected an open environment, got one that was closed.`, {
    hint: `Make a new one with ${maker}.`,
  });
}

/** The episode, where there is one and, with `needsRunning`, it has not ended. `where`: world and method. */
export function requireEpisode<E extends { readonly outcome: Outcome }>(
  where: string,
  episode: E | null,
  needsRunning: boolean,
): E {
  if (episode === null) {
    throw new VlaError('bad-argument', `${where}: expected an episode, got none.`, { hint: 'Call reset first.' });
  }
  if (needsRunning && episode.outcome !== 'running') {
    throw new VlaError(
      'bad-argument',
      `${where}: expected a running episode, got one that ended (${episode.outcome}).`,
      { hint: 'Call reset to start the next one.' },
    );
  }
  return episode;
}
