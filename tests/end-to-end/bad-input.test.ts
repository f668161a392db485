/** @file Bad input through the real command line: one clear error, a next step, exit code 1, and nothing half-written. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ErrorCode } from '../../src/base/errors.ts';
import {
  assertFine,
  assertOneError,
  filesBelow,
  noOwnDisks,
  onOwnDisk,
  scratchFolder,
  vlakit,
} from '../processes/vlakit.ts';

const folder = scratchFolder('bad-input');
const SMALL = ['--set', 'record.episodes=3'];
const SHORT = ['--set', 'loop.steps=3', '--set', 'schedule.warmupSteps=1', '--set', 'data.workers=1'];

before(async () => {
  assertFine(await vlakit(['record', 'debug', ...SMALL], { cwd: folder }));
  assertFine(await vlakit(['train', 'debug', ...SHORT], { cwd: folder }));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Runs the command; it must fail with one error and leave neither a run nor a result. */
async function refuses(args: readonly string[], code: ErrorCode, message: RegExp): Promise<void> {
  const out = path.join(scratchFolder('out'), 'run');
  try {
    assertOneError(await vlakit([...args, '--out', out], { cwd: folder }), code, message);
    assert.deepEqual(
      filesBelow(out).filter((file) => /model\.safetensors|evaluation.*\.json|meta\/info\.json|\.html$/.test(file)),
      [],
      'nothing may be left that looks whole',
    );
  } finally {
    fs.rmSync(path.dirname(out), { recursive: true, force: true });
  }
}

/** Runs `use` on a copy of a folder of the setup. */
async function onCopy(of: string, use: (copy: string) => Promise<void>): Promise<void> {
  const copy = path.join(scratchFolder('copy'), 'copy');
  fs.cpSync(path.join(folder, of), copy, { recursive: true });
  try {
    await use(copy);
  } finally {
    fs.rmSync(path.dirname(copy), { recursive: true, force: true });
  }
}

const DATASET = path.join('data', 'debug');
const train = (dataset: string): string[] => ['train', 'debug', ...SHORT, '--dataset', dataset];

describe('datasets', () => {
  test('a parquet file that was cut off', () =>
    onCopy(DATASET, async (dataset) => {
      const file = path.join(dataset, 'data', 'chunk-000', 'file-000.parquet');
      fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2));
      await refuses(train(dataset), 'bad-data', /file-000\.parquet: expected a whole parquet file/);
    }));

  const lies: [string, RegExp, string, ErrorCode, RegExp][] = [
    ['the number of frames', /"total_frames": \d+/, '"total_frames": 7', 'bad-data', /total_frames says 7/],
    ['the action', /("action": \{[^}]*"shape": \[\s*)7/, '$15', 'mismatch', /"action": expected 7 numbers .* got 5/],
    ['the rate', /"fps": 20/, '"fps": 30', 'mismatch', /expected 20 actions per second .* got 30/],
    ['the names', /"gripper"/, '"grappler"', 'mismatch', /dimension 6: expected "gripper" .* got "grappler"/],
    [
      'the pictures',
      /("observation\.images\.front": \{[^}]*"shape": \[\s*)32/,
      '$164',
      'mismatch',
      /32 × 32 pixels .* got 32 × 64/,
    ],
  ];
  for (const [what, find, replacement, code, message] of lies) {
    test(`info.json lies about ${what}`, () =>
      onCopy(DATASET, async (dataset) => {
        const file = path.join(dataset, 'meta', 'info.json');
        const text = fs.readFileSync(file, 'utf8');
        const changed = text.replace(find, replacement);
        assert.notEqual(changed, text);
        fs.writeFileSync(file, changed);
        await refuses(train(dataset), code, message);
      }));
  }

  test('episodes that are not there are named', () =>
    refuses([...train(path.join(folder, DATASET)), '--episodes', '0-4'], 'not-found', /episode.*\b3\b.*\b4\b/));

  const holdOut = (list: string): string[] => [
    '--set',
    `data.datasets.0.heldOut=${list}`,
    '--set',
    'openLoop={"every":5}',
  ];
  test('held-out episodes that are not there are named before the training', () =>
    refuses(
      [...train(path.join(folder, DATASET)), ...holdOut('[1,7]')],
      'not-found',
      /held-out episodes: .*got 7\.\nhint: .*data\.datasets\.0\.heldOut/,
    ));
  test('open loop without held-out episodes is refused before the training', () =>
    refuses([...train(path.join(folder, DATASET)), ...holdOut('[]')], 'bad-argument', /expected held-out episodes/));

  test('a folder without a dataset', () => refuses(train(folder), 'not-found', /no meta\/info\.json/));

  test('an instruction longer than the context is named before the training', async () => {
    const command = [...train(path.join(folder, DATASET)), '--set', 'codec.instructionTokens=1'];
    const message = /episode 0: ".+": instruction: expected at most 1 token.*\nhint: .*codec\.instructionTokens/;
    await refuses(command, 'bad-argument', message);
    const { err } = await vlakit([...command, '--out', path.join('runs', 'long')], { cwd: folder });
    assert.doesNotMatch(err, /load|steps/);
  });

  test('a dataset that is there already is not written over', async () => {
    const before = filesBelow(path.join(folder, DATASET));
    const again = await vlakit(['record', 'debug', '--set', 'record.episodes=4'], { cwd: folder });
    assertOneError(again, 'bad-argument', /data.debug/);
    assert.deepEqual(filesBelow(path.join(folder, DATASET)), before);
  });
});

describe('words that are not known', () => {
  test('a recipe', () => refuses(['train', 'debgu'], 'not-found', /Did you mean "debug"/));
  test('a module without a whole recipe', async () => {
    const file = path.join(folder, 'half.mjs');
    fs.writeFileSync(file, 'export const recipe = { name: "half", seed: 1 };');
    await refuses(['train', file], 'bad-argument', /half\.mjs: .* got one without summary, /);
    await refuses(['train', path.join(folder, 'none.mjs')], 'not-found', /none\.mjs: expected a module/);
  });
  test('a path of a recipe', () =>
    refuses(['train', 'debug', '--set', 'loop.stepz=3'], 'not-found', /Did you mean "(loop\.)?steps"/));
  test('a value of another type', () =>
    refuses(['train', 'debug', '--set', 'loop.steps=many'], 'bad-argument', /loop\.steps/));
  test('a task of a recipe', () =>
    refuses(['train', 'debug', '--set', 'evaluation.tasks=tuoch'], 'not-found', /Did you mean "touch"/));
  test('a task', () => refuses(['evaluate', 'expert', '--tasks', 'lfit'], 'not-found', /Did you mean "lift"/));
  test('a policy', () => refuses(['evaluate', path.join(folder, 'nowhere')], 'not-found', /nowhere/));
});

describe('numbers that cannot work', () => {
  const cases: [string[], RegExp][] = [
    [['schedule.learningRate=0'], /schedule\.learningRate: expected a positive number, got 0/],
    [['schedule.warmupSteps=3'], /schedule\.warmupSteps: expected 0 to less than the 3 steps .*, got 3/],
    [['schedule.finalFraction=2'], /schedule\.finalFraction: expected 0 to 1, got 2/],
    [['optimiser.epsilon=0'], /optimiser\.epsilon: expected a positive number, got 0.*\nhint: .*optimiser\.epsilon=/],
    [['loop.logEvery=0'], /loop\.logEvery: expected a whole number of at least 1, got 0/],
    [['device.replicas=3'], /device\.replicas: expected .* 4 samples of a step, got 3.*\nhint: .*1, 2, 4/],
    [
      ['evaluation.validationEpisodes=0'],
      /evaluation\.validationEpisodes: expected a whole number of at least 1, got 0/,
    ],
    [['evaluation.execute=9'], /evaluation\.execute: expected a whole number from 1 to 4 \(the horizon\), got 9/],
    [['data.datasets=[]'], /expected at least one dataset in data\.datasets or data\.conversations, got none/],
    [
      ['data.datasets.0.samplesPerStep=0'],
      /expected samplesPerStep of at least 1.*\nhint: .*datasets\.0\.samplesPerStep/,
    ],
    [['data.datasets.0.heldOut=[0,1,2]'], /expected at least one episode, got none/],
    [['data.datasets.0.heldOut=[1]', 'data.datasets.0.episodes=0-1'], /got 1 in both/],
    [['data.datasets.0.episodes=[0,1]'], /expected "all", "present" or a list such as 0-4,7, got "\[0,1\]"/],
  ];
  for (const [changes, message] of cases) {
    test(changes.join(' '), () =>
      refuses(['train', 'debug', ...SHORT, ...changes.flatMap((change) => ['--set', change])], 'bad-argument', message),
    );
  }
  test('replicas on another runtime', () =>
    refuses(
      ['train', 'debug', ...SHORT, '--set', 'device.replicas=2', '--set', 'device.runtime=webgpu'],
      'unsupported',
      /device: expected one graph per step on runtime "webgpu", got 2 × 1 parts/,
    ));
  test('a list of episodes', () => refuses(['train', 'debug', '--episodes', '3-1'], 'bad-argument', /got "3-1"/));
  test('a number of demonstrations', () =>
    refuses(['record', 'debug', '--set', 'record.episodes=0'], 'bad-argument', /record\.episodes: expected .* got 0/));
  test('a recipe that does not record', () =>
    refuses(['record', 'g1-bottle'], 'bad-argument', /expected one that records.*\nhint: .*debug, quickstart/));
  test('a world', () => refuses(['evaluate', 'expert', '--environment', 'tabeltop'], 'not-found', /--environment/));
});

describe('runs', () => {
  test('a line of the metrics that was damaged', () =>
    onCopy(path.join('runs', 'debug'), async (run) => {
      fs.appendFileSync(path.join(run, 'metrics.jsonl'), '{"step":\n');
      await refuses(['report', run], 'bad-data', /metrics\.jsonl: line \d+: expected JSON, got \{"step":/);
    }));

  test('the report of a run without an evaluation shows the seeds and the commands', async () => {
    assertFine(await vlakit(['report', path.join('runs', 'debug')], { cwd: folder }));
    const page = fs.readFileSync(path.join(folder, 'runs', 'debug', 'report.html'), 'utf8');
    for (const command of [`record debug ${SMALL.join(' ')}`, `train debug ${SHORT.join(' ')}`]) {
      assert.ok(page.includes(`<pre>vlakit ${command}</pre>`), command);
    }
    assert.match(page, /<dt>training seed<\/dt>\s*<dd>1</);
    assert.match(page, /<dt>recording seed<\/dt>\s*<dd>1</);
  });

  test('a run is not continued with another recipe', async () => {
    const before = filesBelow(path.join(folder, 'runs'));
    const other = await vlakit(['train', 'debug', ...SHORT, '--set', 'seed=2'], { cwd: folder });
    assertOneError(other, 'mismatch', /seed/);
    assert.deepEqual(filesBelow(path.join(folder, 'runs')), before);
  });

  test('a run that failed to start is started again in the same folder, as its hint says', async () => {
    const out = path.join('runs', 'corrected');
    const episodes = (list: string): string[] => ['train', 'debug', ...SHORT, '--episodes', list, '--out', out];
    assertOneError(await vlakit(episodes('0-4'), { cwd: folder }), 'not-found', /episode/);
    assertFine(await vlakit(episodes('0'), { cwd: folder }));
  });

  test('a report of nothing', async () => {
    const empty = path.join(folder, 'empty');
    fs.mkdirSync(empty);
    assertOneError(await vlakit(['report', empty], { cwd: folder }), 'not-found', /empty/);
    assert.deepEqual(filesBelow(empty), []);
  });
});

const noDisks = noOwnDisks();
describe('disks', { skip: noDisks }, () => {
  const disk = path.join(folder, 'disk');
  /** Where a command writes there: a folder, or a page. */
  const out = ['--out', path.join(disk, 'out')];
  const page = ['--out', path.join(disk, 'page.html')];
  let disks = 0;

  /** Runs the command, which must fail, with a disk of its own at `disk`; gives the folder with what was left on it. */
  async function onDisk(options: string, args: readonly string[], message: RegExp): Promise<string> {
    const left = path.join(folder, 'left', String(disks++));
    const ended = await vlakit(args, { cwd: folder, wrapper: onOwnDisk(disk, options, left) });
    assertOneError(ended, 'io', message);
    return left;
  }

  test('recording onto a full disk leaves a recording that goes on elsewhere, and no dataset', async () => {
    const left = await onDisk('size=40k', ['record', 'debug', ...SMALL, ...out], /disk is full/);
    const files = filesBelow(left);
    assert.ok(files.includes('out/.recording/journal.jsonl'), files.join());
    assert.deepEqual(
      files.filter((file) => !file.startsWith('out/.recording/')),
      [],
    );
    const root = path.join(left, 'out');
    assertOneError(await vlakit(train(root), { cwd: left }), 'bad-data', /a recording that was interrupted/);
    assertFine(await vlakit(['record', 'debug', ...SMALL, '--out', root], { cwd: left }));
    const table = path.join('data', 'chunk-000', 'file-000.parquet');
    const content = (dataset: string): string => fs.readFileSync(path.join(dataset, table), 'hex');
    assert.equal(content(root), content(path.join(folder, DATASET)));
  });

  test('training onto a full disk leaves no half checkpoint', async () => {
    const left = filesBelow(await onDisk('size=200k', ['train', 'debug', ...SHORT, ...out], /disk is full/));
    assert.ok(left.includes('out/recipe.json'), left.join());
    assert.deepEqual(
      left.filter((file) => /checkpoints\/|\.safetensors|\.(tmp|old)(\/|$)/.test(file)),
      [],
    );
  });

  const expert = ['expert', '--episodes', '1'];
  for (const [command, ...args] of [
    ['evaluate', ...expert, '--tasks', 'touch', '--conditions', 'base', ...out],
    ['run', ...expert, '--task', 'touch', ...page],
    ['report', path.join('runs', 'debug'), ...page],
  ]) {
    test(`${command} onto a full disk leaves nothing`, async () => {
      assert.deepEqual(filesBelow(await onDisk('size=4k', [command!, ...args], /disk is full/)), []);
    });
  }

  for (const [command, ...args] of [
    ['record', 'debug', ...SMALL, ...out],
    ['train', 'debug', ...SHORT, ...out],
    ['evaluate', 'expert', ...out],
    ['run', 'expert', ...page],
    ['report', path.join('runs', 'debug'), ...page],
  ]) {
    test(`${command} into a read-only folder fails before any work`, async () => {
      assert.deepEqual(filesBelow(await onDisk('ro', [command!, ...args], /read-only/)), []);
    });
  }
});
