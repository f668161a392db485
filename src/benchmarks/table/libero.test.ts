/** @file LIBERO's suites as benchmarks: what is asked of the files before anything runs, and episodes as the papers begin them. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import { VlaError, type ErrorCode } from '../../base/errors.ts';
import { conventionalNames } from '../../serving/openpi/openpi-client.ts';
import { liberoEmbodiment } from '../../simulation/libero/embodiment.ts';
import { initialStatesPath, suiteTasks } from '../../simulation/libero/suites.ts';
import { sharedData, skipReason } from '../../../tests/shared-data.ts';
import { noWebGpu } from '../../../tests/webgpu-device.ts';
import { EpisodeJournal } from '../episode-journal.ts';
import { evaluate } from '../evaluate.ts';
import type { Benchmark } from './benchmark.ts';
import { findBenchmark } from './index.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-libero-'));
test.after(() => fs.rmSync(folder, { recursive: true }));
// What is kept between runs belongs to no test.
process.env['XDG_CACHE_HOME'] = path.join(folder, 'cache');
const skip = skipReason('libero');
const pack = sharedData('libero');
const CHOICE = { seed: 7, episodes: 50, imageSize: 32, filmSize: 256, renderer: 'cpu' } as const;

/** With LIBERO's files in a folder. */
async function withFiles<T>(files: string, work: () => Promise<T>): Promise<T> {
  const before = process.env['VLAKIT_LIBERO'];
  process.env['VLAKIT_LIBERO'] = files;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env['VLAKIT_LIBERO'];
    else process.env['VLAKIT_LIBERO'] = before;
  }
}

async function refuses(benchmark: Benchmark, files: string, code: ErrorCode, message: RegExp): Promise<void> {
  await withFiles(files, () =>
    assert.rejects(benchmark.open(CHOICE), (error: unknown) => {
      assert.ok(error instanceof VlaError && error.code === code, String(error));
      assert.match(`${error.message}\n${error.hint}`, message);
      return true;
    }),
  );
}

/** The pack by links, with files of one's own in their places. */
function packWith(name: string, own: Readonly<Record<string, string>>): string {
  const root = path.join(folder, name);
  for (const entry of fs.readdirSync(pack!, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const source = path.join(entry.parentPath, entry.name);
    const relative = path.relative(pack!, source);
    if (!/^(LIBERO|robosuite)\b/.test(relative)) continue;
    fs.mkdirSync(path.join(root, path.dirname(relative)), { recursive: true });
    fs.symlinkSync(own[relative] === undefined ? source : path.join(pack!, own[relative]), path.join(root, relative));
  }
  return root;
}

test('files that are not there are said before anything runs', { skip }, async () => {
  await refuses(
    findBenchmark('libero-spatial'),
    path.join(folder, 'nothing'),
    'not-found',
    /expected the files of libero_spatial, got none\.\nFetch them first: vlakit benchmark pull libero/,
  );
  await refuses(
    findBenchmark('libero-10'),
    pack!,
    'not-found',
    /expected the files of libero_10, got \d+ of \d+ files/,
  );
  await withFiles(pack!, () =>
    assert.rejects(
      findBenchmark('libero-goal').open({ ...CHOICE, episodes: 51 }),
      /expected at most 50 of libero_goal/,
    ),
  );
});

test(
  'who draws is in the result’s settings where it is not the CPU, and the adapter in its text',
  { skip: skip || noWebGpu },
  async () => {
    await withFiles(pack!, async () => {
      const benchmark = findBenchmark('libero-goal');
      const [cpu, webgpu] = [await benchmark.open(CHOICE), await benchmark.open({ ...CHOICE, renderer: 'webgpu' })];
      assert.deepEqual({ ...cpu.settings, renderer: 'webgpu' }, webgpu.settings);
      assert.deepEqual(Object.keys(cpu.settings), ['harnessSeed', 'imageSize', 'files']);
      assert.match(webgpu.text, /two images of 32²\. WebGPU draws them: \w+/);
      assert.doesNotMatch(cpu.text, /WebGPU/);
      for (const { environment, stage } of [cpu, webgpu])
        assert.deepEqual(Object.keys(environment.options as object), Object.keys(stage!.options as object));
      assert.equal((webgpu.stage!.options as { renderer?: string }).renderer, 'webgpu');
    });
    await assert.rejects(
      findBenchmark('tabletop').open({ ...CHOICE, renderer: 'webgpu' }),
      (error) => error instanceof VlaError && error.code === 'bad-argument',
    );
  },
);

test('initial states of another task are found before anything runs', { skip }, async () => {
  const [first] = suiteTasks('libero_goal');
  const [other] = suiteTasks('libero_spatial');
  const files = packWith('swapped', {
    [initialStatesPath('libero_goal', first!.name)]: initialStatesPath('libero_spatial', other!.name),
  });
  await refuses(findBenchmark('libero-goal'), files, 'bad-data', new RegExp(first!.name));
});

test(
  'a policy that never saw LIBERO plays it: rows of the initial states, the papers’ steps, the protocol in the result',
  { skip },
  async () => {
    const [task] = suiteTasks('libero_spatial');
    const module = path.join(folder, 'still.mjs');
    fs.writeFileSync(module, STILL);
    await withFiles(pack!, async () => {
      const benchmark = findBenchmark('libero-spatial');
      const opened = await benchmark.open(CHOICE);
      const { result } = await evaluate({
        environment: opened.environment,
        policy: { module: `file://${module}`, options: null },
        tasks: [task!.name],
        conditions: benchmark.conditions,
        episodes: 1,
        firstSeed: opened.firstSeed,
        execute: 'half',
        workers: 1,
        inferenceTimeoutMs: null,
        policyName: null,
        film: null,
        command: '',
        checkpoint: null,
        benchmark: {
          ...opened,
          name: benchmark.name,
          conditions: benchmark.conditions,
          shard: null,
          failures: { onError: 'stop', attempts: 1, inARow: 1 },
          openLog: (head) =>
            EpisodeJournal.open(path.join(folder, 'journal.jsonl'), head, { created: '', command: '', versions: {} }),
        },
      });
      const [episode] = result.episodes;
      assert.deepEqual([episode!.seed, episode!.outcome, episode!.length], [0, 'timeout', 220]);
      assert.equal(episode!.inferences, 2);
      assert.equal(episode!.instruction, task!.instruction);
      assert.match(String(result.benchmark!.settings['files']), /^[0-9a-f]{64}$/);
      assert.match(result.benchmark!.text, /row i .* seed 7 .* 10 control steps without motion, then at most 220/);
      assert.match(result.benchmark!.text, /files are NOT as published/);
    });
  },
);

test('openpi’s servers are asked by the names of openpi’s LIBERO client', () => {
  assert.deepEqual(conventionalNames(liberoEmbodiment(256)), {
    images: { agentview: 'observation/image', robot0_eye_in_hand: 'observation/wrist_image' },
    state: 'observation/state',
    instruction: 'prompt',
  });
});

const STILL = `
export const openPolicy = async (options, environment) => ({
  name: 'still',
  embodiment: environment.embodiment,
  reset() {},
  async infer() {
    return { horizon: 220, dim: 7, data: new Float32Array(1540) };
  },
  async close() {},
});
`;
