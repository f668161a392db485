/** @file The charts of studies as files: well-formed, everything at its place, nothing drawn outside. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dotChart } from './dot-chart.ts';
import { html } from './html.ts';
import { seriesPanel, type PanelFrame } from './series-panel.ts';
import { svgDocument } from './svg-document.ts';

/** Numbers of an attribute of all elements of one kind. */
function numbers(svg: string, element: string, attribute: string): number[] {
  return [...svg.matchAll(new RegExp(`<${element}[^>]*\\s${attribute}="([\\d.-]+)"`, 'g'))].map(([, text]) =>
    Number(text),
  );
}

/** Throws where a tag is not closed by its own. */
function requireWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, closing, name, rest] of svg.matchAll(/<(\/?)([a-z]+)((?:[^>"]|"[^"]*")*)>/g)) {
    if (closing === '/') assert.equal(open.pop(), name);
    else if (!rest!.endsWith('/')) open.push(name!);
  }
  assert.deepEqual(open, []);
}

test('dots stand where their rates are, between the ends of their intervals, with a mark per seed', () => {
  const rows = [
    { label: 'a < b & "c"', rate: 0.5, low: 0.25, high: 0.75, marks: [0.25, 0.75] },
    { label: 'all', rate: 1, low: 0.9, high: 1, marks: [] },
  ];
  const svg = dotChart('Which?', [{ title: 'success, base', rows }]);
  requireWellFormed(svg);
  assert.ok(svg.includes('a &lt; b &amp; &quot;c&quot;'));
  const [half, whole] = numbers(svg, 'circle', 'cx') as [number, number];
  const grid = [...svg.matchAll(/class="grid" x1="([\d.]+)"/g)].map(([, x]) => Number(x));
  assert.deepEqual([half, whole], [grid[2], grid[4]]);
  assert.deepEqual([...svg.matchAll(/class="whisker"[^>]* d="M([\d.]+) [\d.]+H([\d.]+)/g)][0]!.slice(1).map(Number), [
    grid[1],
    grid[3],
  ]);
  const marks = [...svg.matchAll(/<line x1="([\d.]+)"[^>]*stroke=/g)].map(([, x]) => Number(x));
  assert.deepEqual(marks, [grid[1], grid[3]]);
});

test('the longest label has room before the axis', () => {
  const row = { rate: 0.5, low: 0.25, high: 0.75, marks: [] };
  const axisOf = (label: string): number => {
    const svg = dotChart('Which?', [{ title: 'success, base', rows: [{ ...row, label }] }]);
    return Number(/class="grid" x1="([\d.]+)"/.exec(svg)![1]);
  };
  assert.ok(axisOf('m'.repeat(60)) > 60 * 7);
  assert.ok(axisOf('all') < 200);
});

const FRAME: PanelFrame = {
  left: 60,
  top: 40,
  width: 200,
  height: 100,
  title: 'a panel',
  ticks: [1, 2, 10],
  xTitle: 'steps',
  yTitle: 'success',
  y: { kind: 'share' },
};

test('the points of a panel lie in it, on linear and on logarithmic axes, and lines do not hide each other', () => {
  const points = FRAME.ticks.map((x, i) => ({ x, y: 0.1 + 0.4 * i, low: 0.05 + 0.4 * i, high: 0.2 + 0.4 * i }));
  const lines = ['red', 'green'].map((colour) => ({ colour, points }));
  for (const y of [{ kind: 'share' }, { kind: 'log', low: 0.05, high: 1 }] as const) {
    const svg = svgDocument('t', 300, 200, html`${seriesPanel({ ...FRAME, y }, lines)}`);
    requireWellFormed(svg);
    const [xs, ys] = [numbers(svg, 'circle', 'cx'), numbers(svg, 'circle', 'cy')];
    assert.equal(xs.length, 6);
    assert.ok(xs.every((x) => x >= 60 && x <= 260) && ys.every((at) => at >= 40 && at <= 140), svg);
    assert.ok(ys[0]! > ys[1]! && ys[1]! > ys[2]!, 'more is higher');
    assert.equal(new Set(xs).size, 6);
  }
  const shares = svgDocument('t', 300, 200, html`${seriesPanel(FRAME, [lines[0]!])}`);
  // 50 % is in the middle, steps are where they are on their axis.
  assert.equal(numbers(shares, 'circle', 'cy')[1], 90);
  const [first, second, last] = numbers(shares, 'circle', 'cx') as [number, number, number];
  assert.ok(Math.abs((second - first) / (last - first) - 1 / 9) < 1e-3);
});

test('bands reach from low to high, and a scale from zero has room above the highest', () => {
  const points = FRAME.ticks.map((x, i) => ({ x, y: 4 + i, low: 2, high: 8 }));
  const frame: PanelFrame = { ...FRAME, y: { kind: 'from-zero', high: 8 }, spread: 'band' };
  const svg = svgDocument('t', 300, 200, html`${seriesPanel(frame, [{ colour: 'red', points }])}`);
  requireWellFormed(svg);
  const band = /class="band"[^>]* d="M([^Z]+)Z/
    .exec(svg)![1]!
    .split('L')
    .map((at) => Number(at.split(' ')[1]));
  const [high, low] = [band[0]!, band.at(-1)!];
  assert.deepEqual(band, [high, high, high, low, low, low]);
  assert.ok(high > 40 && low < 140 && Math.abs((140 - high) / (140 - low) - 4) < 0.01, `${high} ${low}`);
  assert.ok(numbers(svg, 'circle', 'cy').every((at) => at > high && at < low));
});
