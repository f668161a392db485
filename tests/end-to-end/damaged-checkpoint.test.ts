/** @file Damaged checkpoints through the real command line: one clear error, exit code 1, no result, and no run that goes on. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ErrorCode } from '../../src/base/errors.ts';
import { workerUrl } from '../../src/base/worker-url.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/base/safetensors.ts';
import { f32, type Tensor } from '../../src/base/tensor.ts';
import { assertFine, assertOneError, filesBelow, scratchFolder, vlakit } from '../processes/vlakit.ts';

const folder = scratchFolder('checkpoint');

const MINE = `
import { debug } from '${workerUrl(import.meta.url, '../../recipes/debug').href}';
export const recipe = {
  ...debug,
  name: 'mine',
  loop: { ...debug.loop, steps: 2, checkpointEvery: 1 },
  schedule: { ...debug.schedule, warmupSteps: 1 },
};`;

before(async () => {
  assertFine(await vlakit(['record', 'debug', '--set', 'record.episodes=3'], { cwd: folder }));
  // A recipe of one's own, as a module.
  fs.writeFileSync(path.join(folder, 'mine.mjs'), MINE);
  assertFine(await vlakit(['train', 'mine.mjs'], { cwd: folder }));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('evaluate refuses a checkpoint', () => {
  /** Evaluates a damaged copy of the run's last checkpoint. */
  async function refuses(damage: (checkpoint: string) => void, code: ErrorCode, message: RegExp): Promise<void> {
    const scratch = scratchFolder('checkpoint');
    try {
      const checkpoint = path.join(scratch, 'checkpoint');
      fs.cpSync(newestCheckpoint(path.join(folder, 'runs', 'mine')), checkpoint, { recursive: true });
      damage(checkpoint);
      const out = path.join(scratch, 'out');
      const command = ['evaluate', checkpoint, '--episodes', '1', '--conditions', 'base', '--no-films', '--out', out];
      assertOneError(await vlakit(command, { cwd: scratch }), code, message);
      assert.deepEqual(filesBelow(out), []);
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true });
    }
  }

  /** Changes the weights, as somebody would who edits a checkpoint: the hashes go. */
  function editWeights(change: (tensors: Record<string, Tensor>) => void): (checkpoint: string) => void {
    return (checkpoint) => {
      const file = path.join(checkpoint, 'model.safetensors');
      const { tensors } = decodeSafetensors(fs.readFileSync(file));
      change(tensors);
      fs.writeFileSync(file, encodeSafetensors(tensors));
      fs.rmSync(path.join(checkpoint, 'hashes.json'));
    };
  }

  const cut = (checkpoint: string): void => fs.truncateSync(path.join(checkpoint, 'model.safetensors'), 5000);
  const aName = (tensors: Record<string, Tensor>): string =>
    Object.keys(tensors).find((name) => name.endsWith('weight'))!;

  test('with weights that were cut off', () => refuses(cut, 'bad-data', /model\.safetensors: expected SHA-256/));

  test('with weights that were cut off, and no hashes', () =>
    refuses(
      (checkpoint) => {
        cut(checkpoint);
        fs.rmSync(path.join(checkpoint, 'hashes.json'));
      },
      'bad-data',
      /model\.safetensors.*expected/,
    ));

  test('with a tensor of another shape', () =>
    refuses(
      editWeights((tensors) => (tensors[aName(tensors)] = f32([1, 2, 3]))),
      'bad-shape',
      /expected f32 \[.*\], got f32 \[3\]/,
    ));

  test('with a tensor of another name', () =>
    refuses(
      editWeights((tensors) => {
        const name = aName(tensors);
        tensors[`${name}s`] = tensors[name]!;
        delete tensors[name];
      }),
      'mismatch',
      /expected a tensor ".*weight", got ".*weights"/,
    ));

  test('with a number that is none', () =>
    refuses(
      editWeights((tensors) => (tensors[aName(tensors)]!.data[0] = NaN)),
      'not-finite',
      /expected finite numbers, got NaN/,
    ));

  test('without its codec', () =>
    refuses((checkpoint) => fs.rmSync(path.join(checkpoint, 'codec.json')), 'bad-data', /expected codec\.json/));
});

describe('train refuses to go on from a checkpoint', () => {
  /** Continues a copy of the run that stopped after its first step, whose checkpoint is damaged. */
  async function refuses(damage: (checkpoint: string) => void, message: RegExp): Promise<void> {
    const run = path.join(scratchFolder('resume'), 'run');
    try {
      stoppedRun(run);
      damage(newestCheckpoint(run));
      const before = contents(run);
      const command = ['train', 'mine.mjs', '--out', run];
      assertOneError(await vlakit(command, { cwd: folder }), 'bad-data', message);
      assert.deepEqual(contents(run), before, 'the run is left as it was');
    } finally {
      fs.rmSync(path.dirname(run), { recursive: true, force: true });
    }
  }

  /** The trained run as it was when its first step had been saved. */
  function stoppedRun(run: string): void {
    fs.cpSync(path.join(folder, 'runs', 'mine'), run, { recursive: true });
    fs.rmSync(newestCheckpoint(run), { recursive: true });
    assert.equal(path.basename(newestCheckpoint(run)), 'step-00000001');
  }

  function contents(run: string): [file: string, bytes: string][] {
    return filesBelow(run).map((file) => [file, fs.readFileSync(path.join(run, file), 'latin1')]);
  }

  const files = ['model.safetensors', path.join('training-state', 'state.safetensors')];
  const cutTo = (checkpoint: string, file: string, share: number): void => {
    const whole = path.join(checkpoint, file);
    fs.truncateSync(whole, Math.floor(share * fs.statSync(whole).size));
  };

  for (const file of files) {
    test(`whose ${path.basename(file)} was cut off`, () =>
      refuses(
        (checkpoint) => cutTo(checkpoint, file, 0.5),
        new RegExp(`${path.basename(file).replace('.', '\\.')}: expected SHA-256`),
      ));
  }

  for (const share of [0, 0.5, 0.999]) {
    test(`whose state was cut to ${100 * share} %, without hashes`, () =>
      refuses((checkpoint) => {
        cutTo(checkpoint, files[1]!, share);
        fs.rmSync(path.join(checkpoint, 'hashes.json'));
      }, /state\.safetensors.*expected/));
  }

  test('but goes on from one that is whole, to the same weights', async () => {
    const run = path.join(folder, 'continued');
    stoppedRun(run);
    assertFine(await vlakit(['train', 'mine.mjs', '--out', run], { cwd: folder }));
    const weights = (of: string): string => fs.readFileSync(path.join(newestCheckpoint(of), files[0]!), 'hex');
    assert.equal(weights(run), weights(path.join(folder, 'runs', 'mine')));
  });
});

function newestCheckpoint(run: string): string {
  const all = path.join(run, 'checkpoints');
  return path.join(
    all,
    fs
      .readdirSync(all)
      .filter((name) => name.startsWith('step-'))
      .sort()
      .at(-1)!,
  );
}
