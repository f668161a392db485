/** @file The figures of a study as SVG files: dots with intervals per arm, curves over a setting, or those of a sweep. */

import { dotChart, type DotPanel } from '../report/dot-chart.ts';
import { curveFigure } from './curve-figure.ts';
import { curveGroups } from './curve-table.ts';
import type { RateRow, StudyResult } from './study-result.ts';
import { sweepFigure } from './sweep-figure.ts';

/** File names and texts; none while nothing is measured. */
export function studyFigures(result: StudyResult): Readonly<Record<string, string>> {
  if (result.rates.length === 0) return {};
  if (result.sweep !== null) return sweepFigures(result);
  const axes = [...new Set(curveGroups(result).map(({ axis }) => axis))];
  const curves = axes.map((axis): [string, string] => [`over-${kebab(axis)}.svg`, curveFigure(result, axis)]);
  const dots = result.rates.filter(isDot);
  return {
    ...(dots.length === 0 ? {} : { 'rates.svg': dotChart(result.question, ratePanels({ ...result, rates: dots })) }),
    ...Object.fromEntries(curves),
  };
}

/** What is drawn as a dot among the shares. */
function isDot({ unit, at }: RateRow): boolean {
  return unit === undefined && at === undefined;
}

/** "latency, ms" → "latency-ms". */
function kebab(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

function sweepFigures(result: StudyResult): Record<string, string> {
  const series = [...new Set(result.rates.map((row) => row.series))];
  return Object.fromEntries(series.map((name) => [`sweep-${name}.svg`, sweepFigure(result, name)]));
}

function ratePanels({ arms, rates }: StudyResult): DotPanel[] {
  const titles = [...new Set(rates.map(({ measurement, series }) => `${measurement}, ${series}`))];
  return titles.map((title) => {
    const rows = arms.flatMap((arm) =>
      rates
        .filter((row) => row.arm === arm.name && `${row.measurement}, ${row.series}` === title)
        .map(({ rate, low, high, seeds, rates: marks }) => {
          return { label: arm.title, rate, low, high, marks: seeds.length > 1 ? marks : [] };
        }),
    );
    return { title, rows };
  });
}
