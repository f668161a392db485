/** @file The figures of a study as SVG files: dots with intervals per arm, or the curves of a sweep. */

import { dotChart, type DotPanel } from '../report/dot-chart.ts';
import type { StudyResult } from './study-result.ts';
import { sweepFigure } from './sweep-figure.ts';

/** File names and texts; none while nothing is measured. */
export function studyFigures(result: StudyResult): Readonly<Record<string, string>> {
  if (result.rates.length === 0) return {};
  if (result.sweep !== null) return sweepFigures(result);
  return { 'rates.svg': dotChart(result.question, ratePanels(result)) };
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
