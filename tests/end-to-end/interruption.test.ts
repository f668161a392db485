/** @file Ctrl-C in every phase through the real command line: it stops cleanly, leaves nothing that looks whole, goes on later. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { readResult } from '../../src/benchmarks/result.ts';
import { assertFine, assertOneError, filesBelow, scratchFolder, vlakit } from '../processes/vlakit.ts';

const folder = scratchFolder('interruption');
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A folder of its own for a test. */
function room(name: string): string {
  const cwd = path.join(folder, name);
  fs.mkdirSync(cwd);
  return cwd;
}

const whole = (cwd: string): string[] =>
  filesBelow(cwd).filter((file) => /meta\/info\.json$|\.html$|^evaluation.*\.json$/.test(file));

describe('record', () => {
  const command = ['record', 'debug', '--set', 'record.episodes=8'];

  test('stops, is not taken for a dataset, and goes on where it was', async () => {
    const cwd = room('record');
    assertOneError(
      await vlakit(command, { cwd, interruptAt: [/\/8 episodes/] }),
      'interrupted',
      /again|resume|continue/i,
    );
    assert.deepEqual(whole(cwd), []);
    const train = await vlakit(['train', 'debug'], { cwd });
    assertOneError(train, 'bad-data', /interrupted/);
    assertFine(await vlakit(command, { cwd }));
    assert.deepEqual(whole(cwd), ['data/debug/meta/info.json']);
  });

  test('the second Ctrl-C ends at once', async () => {
    const cwd = room('record-twice');
    const ended = await vlakit(command, { cwd, interruptAt: [/\/8 episodes/, /Ctrl-C again/] });
    assertOneError(ended, 'interrupted', /Ended at once.*\nhint: .*run the same command again/);
    assert.deepEqual(whole(cwd), []);
  });
});

describe('train', () => {
  const steps = (count: number): string[] => ['--set', `loop.steps=${count}`, '--set', 'loop.logEvery=1'];
  const command = ['train', 'debug', ...steps(2000)];
  const checkpoints = (cwd: string): string[] => fs.readdirSync(path.join(cwd, 'runs', 'debug', 'checkpoints')).sort();

  test('while pictures are loaded nothing is left that looks like a policy', async () => {
    const cwd = room('load');
    assertFine(await vlakit(['record', 'debug', '--set', 'record.episodes=4'], { cwd }));
    const ended = await vlakit(command, { cwd, interruptAt: [/load .*pictures/] });
    assertOneError(ended, 'interrupted', /stopped while the pictures of debug were loaded/);
    assert.deepEqual(
      filesBelow(cwd).filter((file) => file.endsWith('.safetensors')),
      [],
    );
    fs.cpSync(cwd, path.join(folder, 'recorded'), { recursive: true });
  });

  test('saves a checkpoint and continues from it', async () => {
    const cwd = path.join(folder, 'train');
    fs.cpSync(path.join(folder, 'recorded'), cwd, { recursive: true });
    assertOneError(await vlakit(command, { cwd, interruptAt: [/\/2000 steps/] }), 'interrupted', /./);
    const saved = checkpoints(cwd);
    assert.match(saved.at(-1)!, /^step-\d+$/);
    const step = Number(saved.at(-1)!.replace('step-', ''));
    assert.ok(step > 0 && step < 2000, `a checkpoint in between, got step ${step}`);
    assertOneError(await vlakit(command, { cwd, interruptAt: [/\/2000 steps/] }), 'interrupted', /./);
    assert.ok(Number(checkpoints(cwd).at(-1)!.replace('step-', '')) > step, 'the second run went on');
  });

  test('the second Ctrl-C ends at once and leaves no half checkpoint', async () => {
    const cwd = path.join(folder, 'train-twice');
    fs.cpSync(path.join(folder, 'recorded'), cwd, { recursive: true });
    const { code } = await vlakit(command, { cwd, interruptAt: [/\/2000 steps/, /Ctrl-C again/] });
    assert.equal(code, 130);
    for (const name of checkpoints(cwd).filter((checkpoint) => /^step-\d+$/.test(checkpoint))) {
      assert.ok(fs.existsSync(path.join(cwd, 'runs', 'debug', 'checkpoints', name, 'hashes.json')), name);
    }
  });
});

describe('evaluate', () => {
  const command = ['evaluate', 'expert', '--tasks', 'touch', '--conditions', 'base', '--episodes', '500', '--no-films'];

  test('saves what is finished, marked as partial', async () => {
    const cwd = room('evaluate');
    assertOneError(await vlakit(command, { cwd, interruptAt: [/[1-9]\d*\/500 episodes/] }), 'interrupted', /partial/);
    const file = path.join(cwd, 'evaluation', 'evaluation-expert.json');
    const result = JSON.parse(fs.readFileSync(file, 'utf8')) as {
      partial: boolean;
      planned: number;
      episodes: unknown[];
    };
    assert.deepEqual([result.partial, result.planned], [true, 500]);
    assert.ok(result.episodes.length > 0 && result.episodes.length < 500);
  });

  test('the second Ctrl-C ends at once', async () => {
    const cwd = room('evaluate-twice');
    const { code } = await vlakit(command, { cwd, interruptAt: [/\/500 episodes/, /Ctrl-C again/] });
    assert.equal(code, 130);
  });
});

describe('filming', () => {
  const FILMING = [/film .*rollouts/];

  test('the numbers are kept whole, with the films that are there, and no earlier film is lost', async () => {
    const cwd = room('evaluate-films');
    const command = ['evaluate', 'expert', '--tasks', 'touch,push', '--conditions', 'base', '--episodes', '2'];
    assertFine(await vlakit(command, { cwd }));
    const films = filesBelow(path.join(cwd, 'evaluation')).filter((file) => file.endsWith('.webp'));
    assert.equal(films.length, 2);
    const ended = await vlakit([...command, '--seed', '7'], { cwd, interruptAt: FILMING });
    assertOneError(ended, 'interrupted', /stopped while filming; the numbers are whole, \d of 2 films/);
    assert.match(ended.out, /base +touch +\d\/2/);
    const result = readResult(path.join(cwd, 'evaluation', 'evaluation-expert.json'));
    assert.deepEqual([result.partial, result.episodes.length], [false, 4]);
    assert.ok(result.rollouts.length < 2);
    assert.match(result.warnings.join(), /Stopped before all rollouts were filmed/);
    const left = filesBelow(path.join(cwd, 'evaluation'));
    for (const file of [...films, ...result.rollouts.map((rollout) => rollout.file)]) assert.ok(left.includes(file));
  });

  test('run leaves no page', async () => {
    const cwd = room('run-films');
    const command = ['run', 'expert', '--task', 'touch', '--episodes', '3'];
    const ended = await vlakit(command, { cwd, interruptAt: FILMING });
    assertOneError(ended, 'interrupted', /\d of 3 episodes were not filmed/);
    assert.equal(ended.out.match(/“/g)!.length, 3);
    assert.deepEqual(whole(cwd), []);
  });
});

test('run leaves no page', async () => {
  const cwd = room('run');
  const command = ['run', 'expert', '--task', 'touch', '--episodes', '200'];
  assertOneError(await vlakit(command, { cwd, interruptAt: [/\/200 episodes/] }), 'interrupted', /./);
  assert.deepEqual(whole(cwd), []);
});
