/** @file A trained policy through the real command line: the same result whatever the number of workers, but for times. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import type { EvaluationResult } from '../../src/benchmarks/result.ts';
import { assertFine, scratchFolder, vlakit } from '../processes/vlakit.ts';
import { repositoryRoot } from '../shared-data.ts';

const folder = scratchFolder('worker-count');
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const SHIPPED = path.join(repositoryRoot, 'assets', 'checkpoints', 'quickstart');

/** Evaluates the shipped policy; `seed` is that of the first episode. */
async function evaluate(workers: number, seed: number, ...more: string[]): Promise<EvaluationResult> {
  const what = ['--tasks', 'touch,push', '--conditions', 'base,shuffled', '--episodes', '2', '--seed', String(seed)];
  const how = ['--workers', String(workers), '--no-films', '--json', '--out', 'out'];
  const ended = await vlakit(['evaluate', SHIPPED, ...what, ...how, ...more], { cwd: folder });
  assertFine(ended);
  return JSON.parse(ended.out) as EvaluationResult;
}

/** The whole result without what may differ: when, how fast, and the command, which names the number of workers. */
function withoutTimes(result: EvaluationResult): object {
  const { created: _created, timing: _timing, command: _command, episodes, ...rest } = result;
  return { ...rest, episodes: episodes.map(({ timing: _times, ...episode }) => episode) };
}

test('1, 2 and 3 workers give the same result of the shipped policy; other seeds or another sampling give another', async () => {
  const one = await evaluate(1, 0);
  assert.equal(one.episodes.length, 8);
  assert.ok(
    one.episodes.some(({ outcome }) => outcome === 'success') && one.episodes.every(({ inferences }) => inferences > 1),
    'the policy acts, and mostly knows how',
  );
  for (const workers of [2, 3]) {
    const more = await evaluate(workers, 0);
    assert.equal(more.timing.workers, workers);
    assert.deepEqual(withoutTimes(more), withoutTimes(one));
  }
  const hashes = ({ episodes }: EvaluationResult): string[] => episodes.map(({ actionsHash }) => actionsHash);
  assert.notDeepEqual(hashes(await evaluate(2, 50)), hashes(one));
  assert.notDeepEqual(hashes(await evaluate(2, 0, '--noise-scale', '1')), hashes(one));
  assert.notDeepEqual(hashes(await evaluate(2, 0, '--euler-steps', '2')), hashes(one));
});
