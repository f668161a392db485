/** @file The curve of success against delay: which results are on it, its table and its figure. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { wilsonInterval } from '../../../benchmarks/statistics.ts';
import type { EvaluationResult } from '../../../benchmarks/result.ts';
import { aligned } from '../../../benchmarks/text-table.ts';
import { curveFigure, curveLines, curvePoint } from './curve.ts';
import { latencyList, strategyList } from './latencies.ts';

/** As much of a result as the curve looks at. */
function resultWith(settings: Record<string, string | number>, successes: number, p50 = 33): EvaluationResult {
  const row = {
    condition: 'base',
    task: 'all',
    episodes: 10,
    successes,
    wrong: 0,
    meanLength: 20,
    ...wilsonInterval(successes, 10),
  };
  return {
    benchmark: { name: 'tabletop', text: '', settings, hash: '', shard: null },
    rows: [row],
    protocol: { conditions: [{ name: 'base' }] },
    timing: { latencyMs: { p50 } },
    episodes: [{ metrics: { idle: 0.25 } }, { metrics: { idle: 0.75 } }],
  } as unknown as EvaluationResult;
}

const results = [
  resultWith({ strategy: 'synchronous', latencyMs: 200 }, 4),
  resultWith({ strategy: 'synchronous', latencyMs: 0 }, 10),
  resultWith({ strategy: 'synchronous', latencyMs: 'measured' }, 8),
  resultWith({ strategy: 'naive-asynchronous', latencyMs: 0 }, 9),
];

test('a result is on the curve by its settings, a measured one at its median', () => {
  assert.equal(curvePoint(resultWith({ imageSize: 64 }, 3)), null);
  const points = results.map((result) => curvePoint(result)!);
  assert.deepEqual(
    points.map(({ latencyMs, measured, idle }) => [latencyMs, measured, idle]),
    [
      [200, false, 0.5],
      [0, false, 0.5],
      [33, true, 0.5],
      [0, false, 0.5],
    ],
  );
  const lines = aligned(curveLines(points), false);
  assert.equal(lines.length, 5);
  assert.match(lines[2]!, /^synchronous +measured, median 33 ms +8\/10 +80\.0 % .*50\.0 %/);
  assert.match(lines[4]!, /^naive-asynchronous +0 ms +9\/10/);
});

test('the figure has a line per strategy, a point for what was measured, and the latencies below', () => {
  const svg = curveFigure(
    'mine & yours',
    results.map((result) => curvePoint(result)!),
  );
  assert.match(svg, /^<svg/);
  assert.match(svg, /mine &amp; yours/);
  assert.equal(svg.match(/<path\s+class="series"/g)!.length, 3);
  for (const text of ['synchronous, measured latency', 'naive-asynchronous', '>0<', '>200<', 'latency, ms']) {
    assert.ok(svg.includes(text), text);
  }
});

test('what is no latency or strategy is refused', () => {
  assert.deepEqual(latencyList('measured,0,50,50'), ['measured', 0, 50]);
  for (const text of ['fast', '-1', '1e3', '60001', '']) assert.throws(() => latencyList(text), /Expected/);
  assert.deepEqual(strategyList('synchronous'), ['synchronous']);
  assert.throws(() => strategyList('synchronous,lazy'), /Expected some of synchronous, .*, got "lazy"/);
});
