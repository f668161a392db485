/** @file One curve over training steps as inline SVG: the values faintly, their running mean clearly. */

import { insideScale, linearScale, logScale, shortNumber, type Scale } from './axis.ts';
import { html, px, type Html } from './html.ts';

/** A named curve; steps ascend. */
export interface Curve {
  readonly name: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** Draw the running mean over this share of the curve; 0: the values themselves. */
  readonly smoothing: number;
  /** "by-range": logarithmic where positive values span a large factor. */
  readonly scale: 'linear' | 'by-range';
}

const WIDTH = 340;
const HEIGHT = 190;
const LEFT = 50;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 24;
/** More points than pixels only make the file larger. */
const MAX_POINTS = 300;
/** Positive curves that span more than this factor are drawn on a logarithmic axis. */
const LOG_FROM = 50;

/** The chart with its name and last value above it. */
export function lineChart(curve: Curve): Html {
  const points = thin(curve.steps.map((step, i): Point => [step, curve.values[i]!]));
  const smooth = curve.smoothing > 0 && points.length > 4 ? runningMean(points, curve.smoothing) : points;
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = insideScale(Math.max(1, curve.steps.at(-1) ?? 1), LEFT, WIDTH - RIGHT, 5);
  const log = curve.scale === 'by-range' && low > 0 && high / low > LOG_FROM;
  const y = log ? logScale(low, high, HEIGHT - BOTTOM, TOP) : linearScale(low, high, HEIGHT - BOTTOM, TOP, 4);
  const last = smooth.at(-1)!;
  return html`<figure class="curve">
    <figcaption>
      <b>${curve.name}</b> <span class="faint">${shortNumber(last[1])} at the end${log ? ', log scale' : ''}</span>
    </figcaption>
    <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${curve.name} over training steps">
      ${axes(x, y)} ${smooth === points ? null : html`<path class="raw" d="${path(points, x, y)}" />`}
      <path class="line" d="${path(smooth, x, y)}" />
      <circle class="dot" cx="${px(x.at(last[0]))}" cy="${px(y.at(last[1]))}" r="3" />
    </svg>
  </figure>`;
}

type Point = readonly [step: number, value: number];

function axes(x: Scale, y: Scale): Html {
  const rows = y.ticks.map(
    (tick) =>
      html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(y.at(tick))}" y2="${px(y.at(tick))}" /><text
          class="tick"
          x="${LEFT - 6}"
          y="${px(y.at(tick) + 4)}"
          text-anchor="end"
        >
          ${shortNumber(tick)}
        </text>`,
  );
  const columns = x.ticks.map(
    (tick, i) =>
      html`<text
        class="tick"
        x="${px(x.at(tick))}"
        y="${HEIGHT - 6}"
        text-anchor="${i === x.ticks.length - 1 ? 'end' : 'middle'}"
      >
        ${shortNumber(tick)}
      </text>`,
  );
  return html`${rows}${columns}`;
}

function path(points: readonly Point[], x: Scale, y: Scale): string {
  return points.map(([step, value], i) => `${i === 0 ? 'M' : 'L'}${px(x.at(step))} ${px(y.at(value))}`).join('');
}

/** At most MAX_POINTS points: the lowest and the highest of each stretch, so that spikes stay. */
export function thin(points: readonly Point[]): Point[] {
  const finite = points.filter(([, value]) => Number.isFinite(value));
  if (finite.length <= MAX_POINTS) return finite;
  const stretches = MAX_POINTS / 2;
  const kept: Point[] = [];
  for (let i = 0; i < stretches; i++) {
    const part = finite.slice(
      Math.floor((i * finite.length) / stretches),
      Math.floor(((i + 1) * finite.length) / stretches),
    );
    const sorted = [...part].sort((a, b) => a[1] - b[1]);
    const ends = part.length === 1 ? [part[0]!] : [sorted[0]!, sorted.at(-1)!];
    kept.push(...ends.sort((a, b) => a[0] - b[0]));
  }
  return kept;
}

/** The mean over a window of this share of the points: centred, narrower at the start, looking back at the end. */
function runningMean(points: readonly Point[], share: number): Point[] {
  const half = Math.max(1, Math.round((points.length * share) / 2));
  return points.map(([step], i) => {
    const window = points.slice(i - Math.min(half, i), i + Math.min(half, i) + 1);
    return [step, window.reduce((sum, [, value]) => sum + value, 0) / window.length];
  });
}
