/** @file Initial states: every file of the suites, and files that are something else. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { PICKLE, archive, bytesOf, pickled } from '../../../tests/libero-made.ts';
import { goldenTasks, liberoFiles, noFullLibero, noLibero } from '../../../tests/libero-golden.ts';
import { parseInitialStates, readInitialStates } from './initial-states.ts';
import { initialStatesPath } from './suites.ts';

const STOVE = ['libero_goal', 'turn_on_the_stove'] as const;
describe('initial states of LIBERO', () => {
  it('are read for every task of the pack, with the width of its model', { skip: noLibero }, () => {
    readAll(
      goldenTasks().filter(({ suite }) => ['libero_spatial', 'libero_object', 'libero_goal'].includes(suite)),
      30,
    );
  });

  it('are read for all 130 tasks', { skip: noFullLibero }, () => readAll(goldenTasks(), 130));

  it('of another task are refused by their width', { skip: noLibero }, () => {
    assert.throws(() => readInitialStates(liberoFiles, ...STOVE, { nq: 48, nv: 43 }), {
      code: 'bad-data',
      message: /turn_on_the_stove\.pruned_init: expected states of 92 numbers \(1 \+ 48 \+ 43\), got 79\.$/,
    });
  });

  it('that are cut short are refused at any length', { skip: noLibero }, () => {
    const whole = liberoFiles.read(initialStatesPath(...STOVE));
    for (const length of [0, 1, 100, whole.length >> 1, whole.length - 1]) {
      assert.throws(() => parseInitialStates(whole.subarray(0, length), 'cut'), {
        code: 'bad-data',
        message: /^cut: /,
      });
    }
    const pickle = unzipSync(whole)[PICKLE]!;
    assert.throws(() => parseInitialStates(archive(pickle.subarray(0, 3000)), 'cut'), /it is cut off/);
  });

  it('are views of the rows', () => {
    const states = parseInitialStates(archive(pickled([2, 3], [0, 1, 2, 3, 4, -5.5])), 'made');
    assert.deepEqual([states.count, states.width], [2, 3]);
    assert.deepEqual([...states.state(1)], [3, 4, -5.5]);
    assert.throws(() => states.state(2), { code: 'bad-argument' });
  });

  it('that are not finite, of another type, or something else are refused', () => {
    const refused = (bytes: Uint8Array, message: RegExp): void =>
      assert.throws(() => parseInitialStates(bytes, 'made'), { code: 'bad-data', message });
    refused(archive(pickled([2, 2], [0, 1, 2, NaN])), /^made: expected finite numbers, got NaN in state 1\.$/);
    refused(archive(pickled([1, 4], [0, 1, 2, 3], 'i8')), /^made: expected one float64 array of two axes/);
    refused(
      archive(pickled([2, 3], [0, 1, 2, 3])),
      /^made: expected what torch\.save writes: array: expected 48 bytes/,
    );
    refused(archive(bytesOf('\x80\x02cos\nsystem\n.')), /refused the name "os\.system"/);
    refused(archive(bytesOf('\x80\x02N.')), /^made: expected one float64 array/);
    refused(zipSync({ 'archive/version': strToU8('3\n') }), /expected one data\.pkl in the archive, got 0/);
    refused(strToU8('<html>not found</html>'), /^made: expected what torch\.save writes/);
  });
});

function readAll(tasks: ReturnType<typeof goldenTasks>, count: number): void {
  assert.equal(tasks.length, count);
  for (const { suite, name, counts } of tasks) {
    const states = readInitialStates(liberoFiles, suite, name, counts);
    assert.equal(states.count, 50, name);
    for (let i = 0; i < states.count; i++) assert.equal(states.state(i)[0], 0, `${name}: time of state ${i}`);
  }
}
