/** @file Series over a setting: a table and a panel each, whatever is missing. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { curveFigure } from './curve-figure.ts';
import { curveGroups, curveTables } from './curve-table.ts';
import type { RateRow, StudyResult } from './study-result.ts';

const row = (arm: string, series: string, value: number, rate: number, unit?: string): RateRow => ({
  arm,
  measurement: `latency-${value}`,
  series,
  ...(unit === undefined ? {} : { unit }),
  at: { axis: 'latency, ms', value },
  rate,
  low: rate - 0.1,
  high: rate + 0.1,
  seeds: [1, 2, 3],
  rates: [rate, rate, rate],
  items: 50,
  strata: {},
});

const rates = [
  row('waits', 'success', 100, 0.4),
  row('waits', 'success', 0, 0.5),
  row('goes-on', 'success', 0, 0.6),
  row('goes-on', 'success', 100, 0.7),
  row('goes-on', 'jerk', 100, 31.46, 'm/s³'),
];
const arms = ['waits', 'goes-on'].map((name) => ({ name, title: `it ${name}`, samples: 0, measurements: [] }));
const result = { question: 'Which?', arms, rates } as unknown as StudyResult;

test('a table has an arm per row and a value per column, in order; what is missing is a dash', () => {
  const [success, jerk] = curveTables(result).map((text) => text.split('\n').filter((line) => line.startsWith('|')));
  assert.match(success![0]!, /latency, ms +\| +0 \| +100 \|/);
  assert.match(success![2]!, /it waits +\| +50\.0 % \(40–60\) +\| +40\.0 % \(30–50\)/);
  assert.equal(jerk!.length, 3);
  assert.match(jerk![2]!, /it goes-on +\| +31\.5 \(31\.4 – 31\.6\)/);
  assert.deepEqual(curveGroups({ rates: [{ ...rates[0]!, at: undefined } as unknown as RateRow] }), []);
});

test('the figure has a panel per series and a line and band per arm that was measured there', () => {
  const svg = curveFigure(result, 'latency, ms');
  assert.equal(svg.match(/class="series"/g)!.length, 4);
  assert.equal(svg.match(/<circle/g)!.length, 2 + rates.length);
  for (const text of ['it waits', 'it goes-on', 'success', 'jerk', 'm/s³']) assert.ok(svg.includes(`>${text}<`), text);
  assert.ok(!/NaN|undefined|Infinity/.test(svg));
  assert.equal(curveFigure(result, 'other').match(/class="series"/g), null);
});
