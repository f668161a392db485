/** @file Training curves: the loss, the learning rate and every other metric, and evaluations during training. */

import type { MetricsLine } from '../../training/metrics-log.ts';
import { html, type Html } from './html.ts';
import { lineChart, type Curve } from './line-chart.ts';

/** Metrics that are set, not measured: nothing to smooth. */
const SCHEDULED = /learningRate$/i;
/** What a reader looks at first. */
const FIRST = ['success', 'loss'];

/** Success and loss first, then the rest in the order of their first appearance, then what evaluations during training said. */
export function trainingSection(metrics: readonly MetricsLine[]): Html | null {
  const train = curves(
    metrics.filter(({ kind }) => kind === 'train'),
    0.04,
  );
  const evaluated = curves(
    metrics.filter(({ kind }) => kind === 'evaluate'),
    0,
  );
  if (train.length + evaluated.length === 0) return null;
  const last = Math.max(...metrics.map(({ step }) => step));
  return html`<h2>Training</h2>
    <p class="soft">${last.toLocaleString('en-GB')} steps. Faint: as logged; clear: running mean.</p>
    ${train.length === 0 ? null : html`<div class="card curves">${train.map((curve) => lineChart(curve))}</div>`}
    ${
      evaluated.length === 0
        ? null
        : html`<h3>Evaluations during training</h3>
            <div class="card curves">${evaluated.map((curve) => lineChart(curve))}</div>`
    }`;
}

function curves(lines: readonly MetricsLine[], smoothing: number): Curve[] {
  const byName = new Map<string, { steps: number[]; values: number[] }>();
  for (const line of lines) {
    for (const [name, value] of Object.entries(line)) {
      if (name === 'step' || typeof value !== 'number' || !Number.isFinite(value)) continue;
      const curve = byName.get(name) ?? { steps: [], values: [] };
      curve.steps.push(line.step);
      curve.values.push(value);
      byName.set(name, curve);
    }
  }
  const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return [...byName]
    .filter(([, { steps }]) => steps.length > 1)
    .map(([name, { steps, values }]): Curve => {
      const measured = { name, steps, values, smoothing, scale: 'by-range' } as const;
      return SCHEDULED.test(name) ? { ...measured, smoothing: 0, scale: 'linear' } : measured;
    })
    .sort((a, b) => rank(a.name) - rank(b.name));
}
