/** @file One panel of a figure: several lines over a few numbers, every point with its interval. */

import { insideScale, logScale, shortNumber, type Scale } from './axis.ts';
import { html, px, type Html } from './html.ts';
import { label } from './svg-document.ts';

/** One value with its interval. */
export interface SeriesPoint {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** A line; points ascend in x. */
export interface PanelLine {
  readonly colour: string;
  readonly points: readonly SeriesPoint[];
}

/** Where a panel is drawn, and what its axes mean. */
export interface PanelFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** The values of x that are marked. */
  readonly ticks: readonly number[];
  /** Null: no numbers below, another panel has them. */
  readonly xTitle: string | null;
  /** Null: no numbers at the left. */
  readonly yTitle: string | null;
  /** `from-zero`: linear, up to a little above `high`. */
  readonly y:
    | { readonly kind: 'share' }
    | { readonly kind: 'from-zero'; readonly high: number }
    | { readonly kind: 'log'; readonly low: number; readonly high: number };
  /** How intervals are drawn: as whiskers beside each other (default), or as bands that may lie over each other. */
  readonly spread?: 'whiskers' | 'band';
}

/** Pixels between the intervals of lines at one x. */
const DODGE = 3;

/** The panel; what lies outside `width` × `height` are numbers and titles. */
export function seriesPanel(frame: PanelFrame, lines: readonly PanelLine[]): Html {
  const { left, top, width, height, ticks } = frame;
  const bottom = top + height;
  const [first, last] = [Math.min(...ticks), Math.max(...ticks)];
  const x = (value: number): number => left + 14 + ((value - first) / Math.max(1e-9, last - first)) * (width - 28);
  const y = scaleOf(frame.y, bottom, top);
  const numbers = frame.y.kind === 'share' ? (tick: number) => `${Math.round(100 * tick)} %` : shortNumber;
  const rows = y.ticks.map(
    (tick) =>
      html`<line class="grid" x1="${left}" x2="${left + width}" y1="${px(y.at(tick))}" y2="${px(y.at(tick))}" />
        ${frame.yTitle === null ? null : label(numbers(tick), left - 7, y.at(tick) + 4, 'end', 'tick')}`,
  );
  const columns =
    frame.xTitle === null
      ? null
      : html`${ticks.map((tick) => label(shortNumber(tick), x(tick), bottom + 16, 'middle', 'tick'))}
        ${label(frame.xTitle, left + width / 2, bottom + 35, 'middle', 'faint')}`;
  const side =
    frame.yTitle === null
      ? null
      : html`<g transform="translate(${left - 48} ${top + height / 2}) rotate(-90)"
          >${label(frame.yTitle, 0, 0, 'middle', 'faint')}</g
        >`;
  const drawn =
    frame.spread === 'band'
      ? [lines.map((line) => drawBand(line, x, y)), lines.map((line) => drawCurve(line, (point) => px(x(point.x)), y))]
      : lines.map((line, i) => drawLine(line, x, y, DODGE * (i - (lines.length - 1) / 2)));
  return html`${label(frame.title, left, top - 10, 'start', 'strong')}${rows}
    <line class="axis" x1="${left}" x2="${left + width}" y1="${bottom}" y2="${bottom}" />
    ${columns}${side}${drawn}`;
}

function scaleOf(y: PanelFrame['y'], bottom: number, top: number): Scale {
  if (y.kind === 'log') return logScale(y.low, y.high, bottom, top);
  return insideScale(y.kind === 'share' ? 1 : 1.05 * y.high, bottom, top, 4);
}

function drawLine({ colour, points }: PanelLine, x: (value: number) => number, y: Scale, shift: number): Html {
  const at = (point: SeriesPoint): string => px(x(point.x) + shift);
  const whiskers = points.map((point) => `M${at(point)} ${px(y.at(point.low))}V${px(y.at(point.high))}`).join('');
  return html`<path class="whisker" stroke="${colour}" stroke-opacity="0.45" d="${whiskers}" />
    ${drawCurve({ colour, points }, at, y)}`;
}

/** From low to high, filled. */
function drawBand({ colour, points }: PanelLine, x: (value: number) => number, y: Scale): Html {
  const at = (point: SeriesPoint, value: number): string => `${px(x(point.x))} ${px(y.at(value))}`;
  const there = points.map((point) => at(point, point.high));
  const back = [...points].reverse().map((point) => at(point, point.low));
  return html`<path class="band" fill="${colour}" fill-opacity="0.1" d="M${[...there, ...back].join('L')}Z" />`;
}

function drawCurve({ colour, points }: PanelLine, at: (point: SeriesPoint) => string, y: Scale): Html {
  const path = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${at(point)} ${px(y.at(point.y))}`).join('');
  return html`<path class="series" stroke="${colour}" d="${path}" />
    ${points.map((point) => html`<circle cx="${at(point)}" cy="${px(y.at(point.y))}" r="2.8" fill="${colour}" />`)}`;
}
