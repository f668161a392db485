/** @file The figure of a sweep: success above, time per executed action below, over Euler steps; a column per arm. */

import { html, type Html } from '../report/html.ts';
import { seriesPanel, type PanelLine, type SeriesPoint } from '../report/series-panel.ts';
import { label, svgDocument } from '../report/svg-document.ts';
import { sweptName } from './plan.ts';
import type { StudyResult } from './study-result.ts';

const LEFT = 66;
const TOP = 64;
const WIDTH = 232;
const HEIGHT = 190;
const GAP = 20;
const BETWEEN = 44;
const BOTTOM = 48;

/** One series of every arm, with one line per number of executed actions, as a file. */
export function sweepFigure(result: StudyResult, series: string): string {
  const { arms, sweep } = result;
  const { eulerSteps, execute } = sweep!;
  const times = arms.map(({ name }) => execute.map((count) => timeLine(result, name, count)));
  const all = times.flat(2).flatMap(({ low, high }) => [low, high]);
  const panels = arms.map((arm, column): Html => {
    const left = LEFT + column * (WIDTH + GAP);
    const frame = { left, width: WIDTH, height: HEIGHT, ticks: eulerSteps };
    const rates = execute.map((count): SeriesPoint[] => rateLine(result, arm.name, series, count));
    const yTitle = column === 0 ? `success, ${series}` : null;
    const above = { ...frame, top: TOP, title: arm.title, xTitle: all.length > 0 ? null : 'Euler steps', yTitle };
    const success = seriesPanel({ ...above, y: { kind: 'share' } }, coloured(rates));
    if (all.length === 0) return success;
    const below = {
      ...frame,
      top: TOP + HEIGHT + BETWEEN,
      title: '',
      xTitle: 'Euler steps',
      yTitle: column === 0 ? 'ms per executed action' : null,
      y: { kind: 'log', low: Math.min(...all), high: Math.max(...all) } as const,
    };
    return html`${success}${seriesPanel(below, coloured(times[column]!))}`;
  });
  const height = TOP + HEIGHT + (all.length === 0 ? 0 : BETWEEN + HEIGHT) + BOTTOM;
  const width = Math.max(560, LEFT + arms.length * (WIDTH + GAP));
  return svgDocument(result.question, width, height, html`${legend(execute)}${panels}`);
}

function rateLine({ rates, arms, sweep }: StudyResult, arm: string, series: string, execute: number): SeriesPoint[] {
  // The first measurement of an arm is the one that is drawn.
  const [measurement] = arms.find(({ name }) => name === arm)!.measurements;
  return sweep!.eulerSteps.flatMap((steps) => {
    const wanted = sweptName(measurement!, steps, execute);
    const row = rates.find((one) => one.arm === arm && one.measurement === wanted && one.series === series);
    return row === undefined ? [] : [{ x: steps, y: row.rate, low: row.low, high: row.high }];
  });
}

function timeLine({ latency }: StudyResult, arm: string, execute: number): SeriesPoint[] {
  return (latency?.latencies ?? [])
    .filter((one) => one.arm === arm)
    .map((one) => {
      return { x: one.eulerSteps, y: one.median / execute, low: one.low / execute, high: one.high / execute };
    });
}

function coloured(lines: readonly (readonly SeriesPoint[])[]): PanelLine[] {
  return lines.map((points, i) => ({ points, colour: shade(i, lines.length) }));
}

/** From a light to a dark blue, since the lines are in an order. */
function shade(index: number, count: number): string {
  const part = count === 1 ? 0.6 : index / (count - 1);
  const [light, dark] = [
    [126, 190, 224],
    [20, 38, 110],
  ] as const;
  return `rgb(${light.map((value, i) => Math.round(value + part * (dark[i]! - value))).join(',')})`;
}

function legend(execute: readonly number[]): Html {
  const entries = execute.map((count, i) => {
    const x = LEFT + 150 + 54 * i;
    return html`<circle
        cx="${x}"
        cy="20"
        r="5"
        fill="${shade(i, execute.length)}"
      />${label(String(count), x + 10, 24.5)}`;
  });
  return html`${label('executed actions:', LEFT, 24.5, 'start', 'faint')}${entries}`;
}
