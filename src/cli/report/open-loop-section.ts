/** @file Open-loop errors on recorded robot data, per dimension, beside baselines. */

import { shortNumber } from './axis.ts';
import { html, px, type Html } from './html.ts';
import { legend } from './legend.ts';
import type { OpenLoopResult } from '../../training/open-loop.ts';

const TONES = ['main', 'reference', 'second', 'third'] as const;
const WIDTH = 860;
const LEFT = 190;
const RIGHT = 70;
const BAR = 6;
const ROW_GAP = 9;

/**
 * One row of bars per dimension, as a share of the worst predictor in that dimension (dimensions differ in unit and
 * range), with the policy's own error in numbers; then the means.
 */
export function openLoopSection(openLoop: OpenLoopResult | null): Html | null {
  if (openLoop === null) return null;
  const { predictors, dimensions, metric, dataset, episodes, frames, notes } = openLoop;
  const means = predictors.map(({ errors }) => errors.reduce((sum, error) => sum + error, 0) / errors.length);
  const [own, ...baselines] = means as [number, ...number[]];
  return html`<h2>Open loop on recorded data</h2>
    <p class="soft">
      ${metric} of predicted actions on held-out episodes ${episodes.join(', ')} of ${dataset} (${frames} frames). Bars
      are relative to the largest error of each dimension; the number is the policy’s error in the robot’s own unit.
    </p>
    <div class="tiles">
      ${predictors.map(
        ({ name }, i) =>
          html`<div class="tile">
            <div class="name">${name}, mean over dimensions</div>
            <div class="number">${shortNumber(means[i]!)}</div>
            <div class="more">
              ${i === 0 ? `best of all: ${own <= Math.min(...baselines) ? 'yes' : 'no'}` : `the policy’s is ${(own / means[i]!).toFixed(2)} × this`}
            </div>
          </div>`,
      )}
    </div>
    <div class="card" style="margin-top:12px">
      ${legend(predictors.map(({ name }, i) => [TONES[i % TONES.length]!, name] as const))}
      ${chart(dimensions, predictors)}
    </div>
    ${notes.map((note) => html`<p class="soft">${note}</p>`)}`;
}

function chart(dimensions: readonly string[], predictors: OpenLoopResult['predictors']): Html {
  const rowHeight = predictors.length * (BAR + 1) + ROW_GAP;
  const rows = dimensions.map((dimension, d) => {
    const top = d * rowHeight + 4;
    const largest = Math.max(...predictors.map(({ errors }) => errors[d]!), Number.MIN_VALUE);
    const bars = predictors.map(({ name, errors }, i) => {
      const width = ((WIDTH - LEFT - RIGHT) * errors[d]!) / largest;
      return html`<rect
        class="bar ${TONES[i % TONES.length]!}"
        x="${LEFT}"
        y="${top + i * (BAR + 1)}"
        width="${px(Math.max(1, width))}"
        height="${BAR}"
        ><title>${name}, ${dimension}: ${shortNumber(errors[d]!)}</title></rect
      >`;
    });
    const middle = top + (rowHeight - ROW_GAP) / 2 + 4;
    return html`<text class="label" x="${LEFT - 10}" y="${middle}" text-anchor="end">${dimension}</text>${bars}<text
        class="value"
        x="${WIDTH - RIGHT + 10}"
        y="${middle}"
        >${shortNumber(predictors[0]!.errors[d]!)}</text
      >`;
  });
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${dimensions.length * rowHeight + 4}"
    role="img"
    aria-label="Error by dimension"
  >
    ${rows}
  </svg>`;
}
