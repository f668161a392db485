/** @file The figure of series over a setting, such as latency: a panel per series, a line with a band per arm. */

import { html, type Html } from '../report/html.ts';
import { seriesPanel, type PanelFrame, type PanelLine } from '../report/series-panel.ts';
import { label, svgDocument } from '../report/svg-document.ts';
import { curveGroups, type CurveGroup } from './curve-table.ts';
import type { StudyResult } from './study-result.ts';

const COLUMNS = 3;
const LEFT = 66;
const WIDTH = 250;
const HEIGHT = 190;
const BETWEEN = 78;
const BELOW = 88;
const LEGEND_ROW = 24;
const LEGEND_COLUMN = 236;
const LEGEND_COLUMNS = 4;
/** Told apart by readers who are colour-blind (Okabe and Ito 2008), the darkest first. */
const COLOURS = ['#17191e', '#d55e00', '#e69f00', '#cc79a7', '#009e73', '#0072b2', '#56b4e9'];

/** All groups of a result that lie over one axis, as a file. */
export function curveFigure(result: StudyResult, axis: string): string {
  const groups = curveGroups(result).filter((group) => group.axis === axis);
  const arms = result.arms.filter(({ name }) => groups.some(({ rows }) => rows.some(({ arm }) => arm === name)));
  const top = 14 + LEGEND_ROW * Math.ceil(arms.length / LEGEND_COLUMNS) + 42;
  const panels = groups.map((group, i) => {
    const place = {
      left: LEFT + (i % COLUMNS) * (WIDTH + BETWEEN),
      top: top + Math.floor(i / COLUMNS) * (HEIGHT + BELOW),
    };
    const lines = arms.map(({ name }, a) => lineOf(group, name, COLOURS[a % COLOURS.length]!));
    return seriesPanel(frameOf(group, place), lines);
  });
  const legend = arms.map(({ title }, a): Html => {
    const [x, y] = [LEFT + (a % LEGEND_COLUMNS) * LEGEND_COLUMN, 22 + LEGEND_ROW * Math.floor(a / LEGEND_COLUMNS)];
    const colour = COLOURS[a % COLOURS.length]!;
    return html`<circle cx="${x + 5}" cy="${y - 4.5}" r="5" fill="${colour}" />${label(title, x + 16, y)}`;
  });
  const rows = Math.ceil(groups.length / COLUMNS);
  const width = LEFT + COLUMNS * (WIDTH + BETWEEN) - BETWEEN + 24;
  return svgDocument(result.question, width, top + rows * (HEIGHT + BELOW) - 30, html`${legend}${panels}`);
}

function frameOf(
  { series, axis, unit, values, rows }: CurveGroup,
  place: Pick<PanelFrame, 'left' | 'top'>,
): PanelFrame {
  const high = Math.max(...rows.map((row) => row.high));
  return {
    ...place,
    width: WIDTH,
    height: HEIGHT,
    title: series,
    ticks: values,
    xTitle: axis,
    yTitle: unit ?? 'share',
    y: unit === null ? { kind: 'share' } : { kind: 'from-zero', high: high > 0 ? high : 1 },
    spread: 'band',
  };
}

function lineOf({ rows, values }: CurveGroup, arm: string, colour: string): PanelLine {
  const points = values.flatMap((x) => {
    const row = rows.find((one) => one.arm === arm && one.at!.value === x);
    // Nothing that is drawn here can be below zero.
    return row === undefined ? [] : [{ x, y: row.rate, low: Math.max(0, row.low), high: row.high }];
  });
  return { colour, points };
}
