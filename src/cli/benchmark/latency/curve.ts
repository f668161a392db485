/** @file Success against delay: results of one benchmark with different latencies as a table and a figure. */

import { percent } from '../../../benchmarks/result-table.ts';
import { mean } from '../../../benchmarks/statistics.ts';
import { ALL_TASKS } from '../../../benchmarks/summarise.ts';
import type { EvaluationResult, ResultRow } from '../../../benchmarks/result.ts';
import type { Cell, Line } from '../../../benchmarks/text-table.ts';
import { html, type Html } from '../../report/html.ts';
import { seriesPanel, type PanelLine, type SeriesPoint } from '../../report/series-panel.ts';
import { label, svgDocument } from '../../report/svg-document.ts';

/** One result on the curve. */
export interface CurvePoint {
  readonly strategy: string;
  /** Milliseconds; of a measured one, the median. */
  readonly latencyMs: number;
  readonly measured: boolean;
  readonly row: ResultRow;
  /** Mean share of control steps in which the robot waited. */
  readonly idle: number;
  readonly broken: number;
}

/** The place of a result that was played with a latency; null for another one, or one without a valid episode. */
export function curvePoint(result: EvaluationResult): CurvePoint | null {
  const { benchmark, rows, protocol, timing, episodes, broken = [] } = result;
  const { latencyMs, strategy } = benchmark?.settings ?? {};
  const [first] = protocol.conditions;
  const row = rows.find(({ condition, task }) => condition === first?.name && task === ALL_TASKS);
  if (row === undefined || latencyMs === undefined || typeof strategy !== 'string') return null;
  const measured = latencyMs === 'measured';
  return {
    strategy,
    latencyMs: measured ? timing.latencyMs.p50 : Number(latencyMs),
    measured,
    row,
    idle: mean(episodes.map(({ metrics }) => metrics?.['idle'] ?? 0)),
    broken: broken.length,
  };
}

/** A line per result. */
export function curveLines(points: readonly CurvePoint[]): Line[] {
  const right = (text: string): Cell => ({ text, right: true });
  const head = ['meanwhile', 'latency', 'success', 'rate', '95 % interval', 'waiting', 'mean length', 'broken'];
  return [
    head.map((text, i): Cell => ({ text, colour: 'faint', right: i > 0 })),
    ...ordered(points).map(({ strategy, latencyMs, measured, row, idle, broken }): Line => [
      { text: strategy },
      right(measured ? `measured, median ${latencyMs.toFixed(0)} ms` : `${latencyMs} ms`),
      right(`${row.successes}/${row.episodes}`),
      right(percent(row.rate)),
      right(`${percent(row.low)} – ${percent(row.high)}`),
      right(percent(idle)),
      right(row.meanLength.toFixed(1)),
      right(broken === 0 ? '·' : String(broken)),
    ]),
  ];
}

const LEFT = 74;
const TOP = 96;
const WIDTH = 520;
/** Of the legend. */
const COLUMN = 280;
const HEIGHT = 260;
/** Told apart by readers who are colour-blind (Okabe and Ito 2008), the darkest first. */
const COLOURS = ['#17191e', '#d55e00', '#0072b2', '#009e73', '#cc79a7', '#e69f00'];

/** The figure, as a file: a line per strategy over the latencies that were given, and a point for what was measured. */
export function curveFigure(title: string, points: readonly CurvePoint[]): string {
  const strategies = [...new Set(points.map(({ strategy }) => strategy))];
  const lines = strategies.flatMap((strategy, i): (PanelLine & { readonly name: string })[] => {
    const own = ordered(points).filter((one) => one.strategy === strategy);
    const colour = COLOURS[i % COLOURS.length]!;
    const given = own.filter(({ measured }) => !measured).map(place);
    const measured = own.filter((one) => one.measured);
    return [
      ...(given.length === 0 ? [] : [{ colour, points: given, name: strategy }]),
      ...measured.map((one) => ({
        colour: COLOURS[(strategies.length + i) % COLOURS.length]!,
        points: [place(one)],
        name: `${strategy}, measured latency`,
      })),
    ];
  });
  const given = points.filter(({ measured }) => !measured).map(({ latencyMs }) => latencyMs);
  const slowest = Math.max(...points.map(({ latencyMs }) => latencyMs));
  const ticks = [...new Set([...given, ...(slowest > Math.max(0, ...given) ? [Math.ceil(slowest)] : [])])];
  const frame = {
    left: LEFT,
    top: TOP,
    width: WIDTH,
    height: HEIGHT,
    title: '',
    ticks: ticks.sort((a, b) => a - b),
    xTitle: 'latency, ms',
    yTitle: 'success',
    y: { kind: 'share' } as const,
  };
  const legend = lines.map(({ colour, name }, i): Html => {
    const [x, y] = [LEFT + COLUMN * (i % 2), 50 + 20 * Math.floor(i / 2)];
    return html`<circle cx="${x + 5}" cy="${y - 4}" r="5" fill="${colour}" />${label(name, x + 16, y)}`;
  });
  const body = html`${label(title, LEFT, 24, 'start', 'strong')}${legend}${seriesPanel(frame, lines)}`;
  return svgDocument(title, LEFT + WIDTH + 30, TOP + HEIGHT + 56, body);
}

function place({ latencyMs, row }: CurvePoint): SeriesPoint {
  return { x: latencyMs, y: row.rate, low: row.low, high: row.high };
}

function ordered(points: readonly CurvePoint[]): readonly CurvePoint[] {
  const strategies = [...new Set(points.map(({ strategy }) => strategy))];
  return points.toSorted(
    (a, b) => strategies.indexOf(a.strategy) - strategies.indexOf(b.strategy) || a.latencyMs - b.latencyMs,
  );
}
