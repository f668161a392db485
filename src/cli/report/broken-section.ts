/** @file Episodes that could not be played: which, and why. They are in no rate. */

import { reasonOf } from '../../benchmarks/broken-summary.ts';
import type { BrokenEpisode, EvaluationResult } from '../../benchmarks/result.ts';
import { html, type Html } from './html.ts';
import { labelOf } from './legend.ts';

/** More lines and seeds say little. */
const LINES = 40;
const SEEDS = 4;

/** A line per condition, task and reason, the most frequent first; null where every episode is valid. `where` follows the headline. */
export function brokenSection(result: EvaluationResult, where = ''): Html | null {
  const { broken = [] } = result;
  if (broken.length === 0) return null;
  const groups = [...grouped(broken)].sort((a, b) => b.length - a.length);
  const label = labelOf(result);
  const left = groups.slice(LINES).reduce((sum, group) => sum + group.length, 0);
  return html`<h2>Episodes that could not be played${where}</h2>
    <p class="soft">
      ${broken.length} of ${result.planned} planned. They are no failures of the policy and count nowhere: rates and
      intervals are of the other episodes. The same command plays them again.
    </p>
    <div class="card">
      <table class="broken">
        <thead>
          <tr>
            <th>task</th>
            <th>condition</th>
            <th>episodes</th>
            <th>seeds</th>
            <th>why</th>
          </tr>
        </thead>
        <tbody>
          ${groups.slice(0, LINES).map((group) => line(group, label))}
        </tbody>
      </table>
      ${left === 0 ? null : html`<p class="soft">… and ${left} more.</p>`}
    </div>`;
}

function grouped(broken: readonly BrokenEpisode[]): Iterable<readonly [BrokenEpisode, ...BrokenEpisode[]]> {
  const groups = new Map<string, [BrokenEpisode, ...BrokenEpisode[]]>();
  for (const one of broken) {
    const key = JSON.stringify([one.condition, one.task, one.code, reasonOf(one)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups.values();
}

function line(group: readonly [BrokenEpisode, ...BrokenEpisode[]], label: (task: string) => string): Html {
  const [first] = group;
  const seeds = group.slice(0, SEEDS).map(({ seed }) => String(seed));
  if (group.length > SEEDS) seeds.push('…');
  return html`<tr>
    <td title="${first.task}">${label(first.task)}</td>
    <td>${first.condition}</td>
    <td>${group.length}</td>
    <td>${seeds.join(', ')}</td>
    <td>${reasonOf(first)}<small>${first.code}, ${attempts(first.attempts)}</small></td>
  </tr>`;
}

function attempts(count: number): string {
  return count === 1 ? 'after one attempt' : `after ${count} attempts`;
}
