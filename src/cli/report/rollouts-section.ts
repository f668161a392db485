/** @file Films of episodes as a gallery of embedded animated images. */

import type { RolloutRecord } from '../../benchmarks/result.ts';
import { html, trusted, type Html } from './html.ts';
import { labelOf } from './legend.ts';
import type { ReportedEvaluation } from './report-input.ts';

/** Films grouped by condition; a film whose bytes are missing is left out. */
export function rolloutsSection({ result, films }: ReportedEvaluation): Html | null {
  const rollouts = result.rollouts.filter(({ file }) => films[file] !== undefined);
  if (rollouts.length === 0) return null;
  const place = ({ task, outcome }: RolloutRecord): number =>
    2 * result.protocol.tasks.indexOf(task) + (outcome === 'success' ? 0 : 1);
  const base = rollouts.filter(({ condition }) => condition === 'base').sort((a, b) => place(a) - place(b));
  const others = rollouts.filter(({ condition }) => condition !== 'base');
  return html`<h2>Rollouts</h2>
    <p class="soft">
      The first success and, where there was one, the first failure of each task, in the robot’s own time.
    </p>
    ${gallery({ result, films }, base)}
    ${
      others.length === 0
        ? null
        : html`<h3>Under other conditions</h3>
            ${gallery({ result, films }, others)}`
    }`;
}

/** These films side by side, in this order. */
export function gallery({ result, films }: ReportedEvaluation, rollouts: readonly RolloutRecord[]): Html {
  const { conditions, controlHz } = result.protocol;
  const label = labelOf(result);
  const wantsSuccess = ({ condition }: RolloutRecord): boolean =>
    conditions.find(({ name }) => name === condition)?.wantsSuccess ?? true;
  return html`<div class="gallery">
    ${rollouts.map((rollout) => film(rollout, films[rollout.file]!, controlHz, wantsSuccess(rollout), label(rollout.task)))}
  </div>`;
}

function film(rollout: RolloutRecord, bytes: Uint8Array, controlHz: number, wantsSuccess: boolean, task: string): Html {
  const { condition, seed, instruction, outcome, length, width, height } = rollout;
  const tone = outcome === 'success' ? (wantsSuccess ? 'good' : 'mid') : wantsSuccess ? 'bad' : 'mid';
  const source = trusted(`data:image/webp;base64,${Buffer.from(bytes).toString('base64')}`);
  const seconds = (length / controlHz).toFixed(1);
  return html`<figure class="film">
    <img src="${source}" width="${width}" height="${height}" alt="Rollout of “${instruction}”: ${outcome}" />
    <figcaption>
      <span class="badge ${tone}">${OUTCOMES[outcome] ?? outcome}</span>“${instruction}”
      <small>${condition === 'base' ? '' : `${condition} · `}${task} · seed ${seed} · ${seconds} s</small>
    </figcaption>
  </figure>`;
}

const OUTCOMES: Readonly<Record<string, string>> = {
  success: '✓ success',
  wrong: '⤳ other object',
  failure: '✕ failure',
  timeout: '✕ out of time',
};
