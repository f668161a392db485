/** @file Means as dots with their intervals, one row each, and a small mark for every seed: the figure of a comparison. */

import { html, px, type Html } from './html.ts';
import { label, svgDocument } from './svg-document.ts';

/** One mean. */
export interface DotRow {
  readonly label: string;
  /** All from 0 to 1. */
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  /** Of the single seeds. */
  readonly marks: readonly number[];
}

/** Rows under a heading. */
export interface DotPanel {
  readonly title: string;
  readonly rows: readonly DotRow[];
}

/** The axis from 0 to 100 %, and the numbers beside it. */
const AXIS_WIDTH = 420;
const RIGHT = 130;
/** The widest letter of a label on average, and its distance from both sides. */
const LETTER = 7.3;
const MARGIN = 14;
const ROW = 30;
const HEAD = 34;
const AXIS = 30;
const COLOUR = '#2f6bd8';

/** All panels below each other on axes from 0 to 100 %, as a file. */
export function dotChart(title: string, panels: readonly DotPanel[]): string {
  const letters = panels.flatMap(({ rows }) => rows.map((row) => row.label.length));
  const left = Math.max(12 * LETTER, ...letters.map((count) => count * LETTER)) + 2 * MARGIN;
  let y = 8;
  const drawn = panels.map((panel) => {
    const top = y;
    y += HEAD + ROW * panel.rows.length + AXIS;
    return drawPanel(panel, top, left);
  });
  return svgDocument(title, Math.ceil(left + AXIS_WIDTH + RIGHT), y, html`${drawn}`);
}

function drawPanel({ title, rows }: DotPanel, top: number, left: number): Html {
  const at = (share: number): number => left + share * AXIS_WIDTH;
  const first = top + HEAD - 6;
  const bottom = first + ROW * rows.length;
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      html`<line class="grid" x1="${px(at(share))}" x2="${px(at(share))}" y1="${first}" y2="${bottom}" />
        ${label(`${100 * share} %`, at(share), bottom + 15, 'middle', 'tick')}`,
  );
  const lines = rows.map((row, i) => drawRow(row, first + ROW * (i + 0.5), at));
  return html`${label(title, 12, top + 16, 'start', 'strong')}${grid}${lines}`;
}

function drawRow(row: DotRow, y: number, at: (share: number) => number): Html {
  const [low, high] = [px(at(row.low)), px(at(row.high))];
  const marks = row.marks.map(
    (rate) => html`<line x1="${px(at(rate))}" x2="${px(at(rate))}" y1="${y - 9}" y2="${y - 4}" stroke="#5c6370" />`,
  );
  const text = `${(100 * row.rate).toFixed(1)} %`;
  const range = `${Math.round(100 * row.low)}–${Math.round(100 * row.high)}`;
  return html`${label(row.label, at(0) - MARGIN, y + 4.5, 'end')}
    <path class="whisker" stroke="${COLOUR}" d="M${low} ${y}H${high}M${low} ${y - 4}v8M${high} ${y - 4}v8" />
    ${marks}
    <circle cx="${px(at(row.rate))}" cy="${y}" r="5" fill="${COLOUR}" />
    ${label(text, at(1) + 16, y + 4.5)}${label(range, at(1) + RIGHT - 12, y + 4.5, 'end', 'faint')}`;
}
