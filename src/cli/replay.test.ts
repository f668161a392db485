/** @file `vlakit run --mcap --dataset` and `vlakit replay` as processes: equal with the same checkpoint, and what it says where they differ. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { assertFine, assertOneError, scratchFolder, vlakit, type Ended } from '../../tests/processes/vlakit.ts';
import { shippedFile } from '../base/shipped-file.ts';
import { readSession } from '../recording/session-file.ts';

const folder = scratchFolder('replay');
test.after(() => fs.rmSync(folder, { recursive: true }));
const checkpoint = path.dirname(shippedFile('checkpoints/tabletop/model.safetensors'));
const run = (...args: readonly string[]): Promise<Ended> => vlakit(args, { cwd: folder });
const replay = (session: string, ...args: readonly string[]): Promise<Ended> =>
  run('replay', session, '--policy', checkpoint, ...args);

describe('a session that vlakit run recorded', () => {
  before(async () => {
    const film = ['--film-size', '32', '--out', 'rollout.html'];
    const ended = await run('run', checkpoint, '--task', 'touch', ...film, '--mcap', 's.mcap', '--dataset', 'set');
    assertFine(ended);
    assert.match(ended.err, /recorded \d+ records, dropped 0/);
  });

  test('holds what was asked and done', () => {
    const { whole, about, episodes } = readSession(path.join(folder, 's.mcap'));
    assert.equal(whole, true);
    assert.match(about['checkpointSha256']!, /^[0-9a-f]{64}$/);
    const [{ ticks, inferences }] = episodes as [(typeof episodes)[0]];
    assert.equal(episodes.length, 1);
    assert.ok(ticks.length > 1);
    // Every action is the one that its inference gave for this tick.
    for (const { tick, action } of ticks) {
      const last = inferences.findLast((inference) => inference.tick! <= tick)!;
      const row = tick - last.tick!;
      assert.deepEqual(action, last.chunk.slice(row * last.dim, (row + 1) * last.dim));
    }
  });

  test('gives equal actions when it is asked again, to the last bit', async () => {
    const ended = await replay('s.mcap', '--exact');
    assertFine(ended);
    assert.match(ended.out, /^dx +0\.00 +0\.00 +0\.0 % +–$/m);
    assert.match(ended.out, /inferences, \d+ numbers: all are exactly equal\nreplay\.html\n$/);
    assert.match(fs.readFileSync(path.join(folder, 'replay.html'), 'utf8'), /all are exactly equal/);
  });

  test('so does the dataset of the same loop, with the seed that the session names', async () => {
    const [episode] = readSession(path.join(folder, 's.mcap')).episodes;
    const every = String(episode!.inferences[1]!.tick! - episode!.inferences[0]!.tick!);
    const ended = await replay('set', '--exact', '--every', every, '--seed', String(episode!.seed));
    assertFine(ended);
    assert.match(ended.out, /all are exactly equal/);
  });

  test('shows where another way of sampling differs', async () => {
    const ended = await replay('s.mcap', '--euler-steps', '1', '--exact', '--worst', '2', '--out', 'other.html');
    assertOneError(ended, 'mismatch', /expected equal actions, got \d+ of \d+ numbers that differ/);
    assert.match(ended.out, /^dx +\d\.\d+ +\d\.\d+ +\d+\.\d % +episode 0, tick \d+$/m);
    const page = fs.readFileSync(path.join(folder, 'other.html'), 'utf8');
    assert.equal(page.match(/<figure class="film">/g)!.length, 2);
    assert.ok(page.match(/data:image\/png/g)!.length >= 2);
    assert.equal(page.match(/class="line recorded"/g)!.length, 7);
  });

  test('is replayed up to where a crash cut it off', async () => {
    const bytes = fs.readFileSync(path.join(folder, 's.mcap'));
    fs.writeFileSync(path.join(folder, 'cut.mcap'), bytes.subarray(0, bytes.length * 0.7));
    const ended = await replay('cut.mcap', '--out', 'cut.html');
    assertFine(ended);
    assert.match(fs.readFileSync(path.join(folder, 'cut.html'), 'utf8'), /The recording was cut off/);
  });

  test('is not replayed with what does not fit', async () => {
    const [expert, none, episode, again] = await Promise.all([
      run('replay', 'set', '--policy', 'expert'),
      replay('missing.mcap'),
      replay('s.mcap', '--episodes', '7'),
      run('run', checkpoint, '--task', 'touch', '--film-size', '32', '--mcap', 's.mcap', '--out', 'again.html'),
    ]);
    assertOneError(expert!, 'bad-argument', /expected a checkpoint for a dataset/);
    assertOneError(none!, 'not-found', /missing\.mcap/);
    assertOneError(episode!, 'not-found', /expected one of the episodes 0, got 7/);
    assertOneError(again!, 'io', /expected a new file/);
  });
});
