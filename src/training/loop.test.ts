/** @file The loop on a real learner: it learns, repeats bit for bit, survives being killed, and ends cleanly. */

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { VlaError } from '../base/errors.ts';
import { regressionBatches, regressionFiles, regressionLearner } from '../../tests/regression.ts';
import { workerUrl } from '../base/worker-url.ts';
import { loadCheckpoint } from '../checkpoints/checkpoint.ts';
import { bestCheckpoint, checkpointSteps, resolveCheckpoint } from '../checkpoints/checkpoint-series.ts';
import { train, type TrainingRun } from './loop.ts';
import { readMetrics } from './metrics-log.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'loop-'));
after(() => fs.rmSync(root, { recursive: true }));

const PROGRAM = workerUrl(import.meta.url, '../../tests/regression-run').pathname;

function start(folder: string, steps: number): ChildProcess & { exited: Promise<number | null>; text: () => string } {
  const child = spawn(process.execPath, [PROGRAM, folder, String(steps), '5'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk) => (text += chunk));
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return Object.assign(child, { exited, text: () => text });
}

/** Resolves when `file` has at least `lines` lines, or the process has ended. */
async function untilLines(file: string, lines: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    if (fs.existsSync(file) && fs.readFileSync(file, 'utf8').split('\n').length > lines) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What must not depend on how often the run was killed. */
function outcome(folder: string): Record<string, string> {
  const checkpoint = resolveCheckpoint(folder, 'newest');
  const files = ['metrics.jsonl', 'checkpoints/best.json'].map((name) => path.join(folder, name));
  const inside = ['model.safetensors', 'training-state/state.safetensors', 'training-state/loop.json', 'training.json'];
  return Object.fromEntries(
    [...files, ...inside.map((name) => path.join(checkpoint, name))].map((file) => [
      path.relative(folder, file),
      fs.readFileSync(file, 'hex'),
    ]),
  );
}

function run(folder: string, learner: TrainingRun['learner'], changes: Partial<TrainingRun> = {}): TrainingRun {
  return {
    folder: path.join(root, folder),
    identity: 'regression',
    config: { steps: 60, logEvery: 10, checkpointEvery: 30, evaluateEvery: null, keepLast: 2 },
    learner,
    batches: regressionBatches(6),
    files: regressionFiles,
    evaluate: null,
    signal: new AbortController().signal,
    wallClock: () => 0,
    progressStream: { write: () => true },
    ...changes,
  };
}

test('it learns, and the same seed gives the same files, bit for bit', async () => {
  const folders = ['a', 'b'].map((name) => path.join(root, name));
  for (const folder of folders) {
    const child = start(folder, 400);
    assert.equal(await child.exited, 0, child.text());
  }
  const [first, last] = [0, -1].map((i) =>
    readMetrics(path.join(folders[0]!, 'metrics.jsonl'))
      .filter(({ kind }) => kind === 'train')
      .at(i)!,
  );
  assert.deepEqual([first!.step, last!.step], [7, 400]);
  assert.ok((last!['loss'] as number) < 0.1 * (first!['loss'] as number), JSON.stringify([first, last]));
  assert.deepEqual(outcome(folders[0]!), outcome(folders[1]!));
  assert.deepEqual(checkpointSteps(folders[0]!), [250, 380, 400]);
  assert.equal(bestCheckpoint(folders[0]!)!.step, 250);
});

test('killed again and again and resumed, it continues bit for bit', async () => {
  const folder = path.join(root, 'killed');
  const metrics = path.join(folder, 'metrics.jsonl');
  for (const lines of [2, 13, 31, 50]) {
    const child = start(folder, 400);
    await untilLines(metrics, lines, child);
    child.kill('SIGKILL');
    assert.equal(await child.exited, null, `it ended before it was killed: ${child.text()}`);
  }
  const last = start(folder, 400);
  assert.equal(await last.exited, 0, last.text());
  assert.deepEqual(outcome(folder), outcome(path.join(root, 'a')));
  const left = fs.readdirSync(path.join(folder, 'checkpoints'));
  assert.deepEqual(
    left.filter((name) => !/^(step-\d{8}|best\.json)$/.test(name)),
    [],
  );
});

test('killed while it evaluates, it evaluates again', async () => {
  const folder = path.join(root, 'evaluating');
  const child = start(folder, 400);
  await new Promise<void>((resolve) => {
    child.stderr!.on('data', () => child.text().includes('evaluating 150') && resolve());
  });
  child.kill('SIGKILL');
  assert.equal(await child.exited, null, child.text());
  const again = start(folder, 400);
  assert.equal(await again.exited, 0, again.text());
  assert.match(again.text(), /^evaluating 150\n/m);
  assert.deepEqual(outcome(folder), outcome(path.join(root, 'a')));
});

test('Ctrl-C saves, says how to go on and ends with 130; the rest continues bit for bit', async () => {
  const folder = path.join(root, 'interrupted');
  const child = start(folder, 400);
  await untilLines(path.join(folder, 'metrics.jsonl'), 5, child);
  child.kill('SIGINT');
  assert.equal(await child.exited, 130, child.text());
  assert.match(
    child.text(),
    /error\[interrupted\]: train: stopped after \d+ steps; the checkpoint is .*\nhint: Run the same command again/,
  );
  const again = start(folder, 400);
  assert.equal(await again.exited, 0, again.text());
  assert.deepEqual(outcome(folder), outcome(path.join(root, 'a')));
});

test('a run that is complete does nothing more', async () => {
  const before = outcome(path.join(root, 'a'));
  const child = start(path.join(root, 'a'), 400);
  assert.equal(await child.exited, 0, child.text());
  assert.deepEqual(outcome(path.join(root, 'a')), before);
});

test('another configuration does not continue a run', async () => {
  const learner = await regressionLearner(5, 60);
  await train(run('identity', learner));
  await assert.rejects(train(run('identity', learner, { identity: 'other' })), (error: VlaError) => {
    assert.match(error.message, /expected a run of configuration other, got one of regression/);
    return error.code === 'mismatch';
  });
  await learner.close();
});

test('a loss that diverges ends the run with its step and keeps the last good checkpoint', async () => {
  const learner = await regressionLearner(5, 60);
  const good = regressionBatches(6);
  const poisoned: TrainingRun['batches'] = {
    async batch(step) {
      const feeds = await good.batch(step);
      if (step === 40) (feeds['y']!.data as Float32Array)[0] = Number.NaN;
      return feeds;
    },
  };
  await assert.rejects(train(run('diverged', learner, { batches: poisoned })), (error: VlaError) => {
    assert.match(error.message, /train: step 41: expected a finite loss, got NaN/);
    return error.code === 'not-finite';
  });
  await learner.close();
  const checkpoint = loadCheckpoint(resolveCheckpoint(path.join(root, 'diverged')));
  assert.equal(checkpoint.json<{ step: number }>('training.json').step, 30);
});

test('a folder that cannot be written is an error before anything is trained', async () => {
  const learner = await regressionLearner(5, 60);
  fs.writeFileSync(path.join(root, 'a-file'), '');
  await assert.rejects(train(run('a-file/run', learner)), { code: 'io' });
  await learner.close();
});

test('the state of another model is refused', async () => {
  const learner = await regressionLearner(5, 60);
  const state = await learner.state();
  await assert.rejects(learner.restore({ ...state, m: { dtype: 'f32', shape: [1], data: new Float32Array(1) } }), {
    message: 'training state "m": expected f32 [121], got f32 [1].',
  });
  await learner.close();
});
