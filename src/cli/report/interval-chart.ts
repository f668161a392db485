/** @file Horizontal bars with whiskers: rates with their intervals, as inline SVG. */

import { html, px, type Html } from './html.ts';

/** One bar. */
export interface IntervalBar {
  /** Which colour: the policy itself, what it is compared with, or what should be low. */
  readonly tone: 'main' | 'reference' | 'second' | 'third';
  /** Shares from 0 to 1. */
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  /** What the bar counts, shown when pointed at. */
  readonly title: string;
}

/** A labelled group of bars. */
export interface IntervalRow {
  readonly label: string;
  readonly strong: boolean;
  readonly bars: readonly IntervalBar[];
}

/** Of the bars' area. */
const BARS = 460;
/** Of labels, which take what the longest of them needs. */
const LEFT = { least: 132, perLetter: 7.2, beside: 18 };
const RIGHT = 128;
/** Pixels per unit, where there is room: letters are equally large in all charts. */
const SCALE = 1.15;
const BAR = 14;
const GAP = 4;
const ROW_GAP = 12;
const AXIS = 26;

/** All rows on one axis from 0 to 100 %. `name` is read out by screen readers. */
export function intervalChart(name: string, rows: readonly IntervalRow[]): Html {
  const letters = Math.max(0, ...rows.map(({ label }) => label.length));
  const left = Math.max(LEFT.least, Math.ceil(letters * LEFT.perLetter) + LEFT.beside);
  const at = (share: number): number => left + share * BARS;
  let y = 8;
  const drawn = rows.map((row) => {
    const top = y;
    y += row.bars.length * (BAR + GAP) - GAP + ROW_GAP;
    return drawRow(row, top, at);
  });
  const bottom = y - ROW_GAP / 2;
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      html`<line class="grid" x1="${px(at(share))}" x2="${px(at(share))}" y1="0" y2="${bottom}" /><text
          class="tick"
          x="${px(at(share))}"
          y="${bottom + 18}"
          text-anchor="middle"
        >
          ${100 * share} %
        </text>`,
  );
  const width = left + BARS + RIGHT;
  return html`<svg
    class="chart"
    viewBox="0 0 ${width} ${bottom + AXIS}"
    style="max-width: ${Math.round(width * SCALE)}px"
    role="img"
    aria-label="${name}"
  >
    ${grid}${drawn}
  </svg>`;
}

function drawRow(row: IntervalRow, top: number, at: (share: number) => number): Html {
  const height = row.bars.length * (BAR + GAP) - GAP;
  const label = html`<text
    class="label${row.strong ? ' strong' : ''}"
    x="${at(0) - 10}"
    y="${px(top + height / 2 + 4.5)}"
    text-anchor="end"
  >
    ${row.label}
  </text>`;
  return html`${label}${row.bars.map((bar, i) => drawBar(bar, top + i * (BAR + GAP), at))}`;
}

function drawBar(bar: IntervalBar, y: number, at: (share: number) => number): Html {
  const middle = y + BAR / 2;
  const [low, high] = [px(at(bar.low)), px(at(bar.high))];
  const cap = (x: string): Html => html`<line x1="${x}" x2="${x}" y1="${middle - 4}" y2="${middle + 4}" />`;
  return html`<g>
    <title>${bar.title}</title>
    <rect
      class="bar ${bar.tone}"
      x="${px(at(0))}"
      y="${y}"
      width="${px(Math.max(1, at(bar.rate) - at(0)))}"
      height="${BAR}"
      rx="2"
    />
    <g class="whisker"><line x1="${low}" x2="${high}" y1="${middle}" y2="${middle}" />${cap(low)}${cap(high)}</g>
    <text class="value" x="${px(at(1) + 14)}" y="${middle + 4.5}"
      >${(100 * bar.rate).toFixed(1)} %<tspan class="faint"> ${percentRange(bar)}</tspan></text
    >
  </g>`;
}

function percentRange({ low, high }: IntervalBar): string {
  return ` ${Math.round(100 * low)}–${Math.round(100 * high)}`;
}
