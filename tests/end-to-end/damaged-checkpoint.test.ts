/** @file Damaged checkpoints through the real command line: one clear error, exit code 1, no result. */

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
  loop: { ...debug.loop, steps: 2 },
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
