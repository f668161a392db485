/** @file The robot side without models: what `npm install --omit=optional` brings, and what importing it loads. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { workerUrl } from '../../src/base/worker-url.ts';
import { repositoryRoot } from '../shared-data.ts';
import { isTest, sourceFiles } from '../source-files.ts';

/** What stands beside a robot: control loop, drivers, servers, recorders. */
const FOLDERS = ['base', 'interfaces', 'recording', 'runtime', 'serving', 'drivers'];
/** What must not be needed there: packages, and folders of ours. */
const HEAVY = ['onnxruntime-node', 'onnxruntime-web', '@mujoco/mujoco', 'node-av', 'sharp', '@huggingface/tokenizers'];
const MODEL_FOLDERS = ['engine', 'nn', 'codec', 'models', 'checkpoints', 'training', 'simulation', 'benchmarks', 'cli'];

interface LockEntry {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

/** Paths of the packages that an install without the optional ones has. */
function requiredPackages(): string[] {
  const lock = JSON.parse(fs.readFileSync(path.join(repositoryRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>;
  };
  return Object.entries(lock.packages)
    .filter(([at, { dev, optional, devOptional }]) => at !== '' && !dev && !optional && !devOptional)
    .map(([at]) => at);
}

function bytesBelow(folder: string): number {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath ?? entry.path, entry.name)).size, 0);
}

test('an install without the optional packages has nothing native and none of the runtimes', (t) => {
  const packages = requiredPackages();
  assert.deepEqual(
    packages.filter((at) => HEAVY.slice(0, -1).some((name) => at.endsWith(`node_modules/${name}`))),
    [],
  );
  const built = packages.filter((at) => fs.existsSync(path.join(repositoryRoot, at, 'binding.gyp')));
  assert.deepEqual(built, [], 'these would be compiled');
  const there = packages.filter((at) => fs.existsSync(path.join(repositoryRoot, at)));
  const sizes = there.map((at): [string, number] => [
    at.replace('node_modules/', ''),
    bytesBelow(path.join(repositoryRoot, at)),
  ]);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  const largest = sizes.sort((a, b) => b[1] - a[1]).slice(0, 4);
  const list = largest.map(([name, bytes]) => `${name} ${(bytes / 1e6).toFixed(1)} MB`).join(', ');
  t.diagnostic(`${there.length} packages, ${(total / 1e6).toFixed(1)} MB: ${list}`);
});

test('importing the robot side loads no runtime, no simulator and no model', (t) => {
  const entries = sourceFiles('src').filter(
    ({ file }) => FOLDERS.includes(file.split('/')[1]!) && !isTest(file) && !/(^|[/-])(worker|main)\.ts$/.test(file),
  );
  assert.ok(entries.length > 40);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-robot-side-'));
  try {
    const trace = path.join(folder, 'trace');
    const program = fileURLToPath(workerUrl(import.meta.url, './import-entries'));
    const urls = entries.map(({ file }) => workerUrl(import.meta.url, `../../${file.replace(/\.ts$/, '')}`).href);
    const output = execFileSync(process.execPath, [program, trace, ...urls], { encoding: 'utf8' });
    const said = JSON.parse(output) as { milliseconds: number; sharedObjects: string[]; rss: number };
    const loaded = [...new Set(fs.readFileSync(trace, 'utf8').split('\n'))];
    assert.ok(
      loaded.some((url) => url.includes('/@mcap/core/')),
      'the trace sees packages',
    );
    assert.deepEqual(
      loaded.filter((url) => HEAVY.some((name) => url.includes(`/node_modules/${name}/`))),
      [],
    );
    assert.deepEqual(
      loaded.filter((url) => MODEL_FOLDERS.some((name) => url.includes(`/src/${name}/`))),
      [],
    );
    assert.deepEqual(
      said.sharedObjects.filter((file) => /onnxruntime|mujoco|sharp|node-av/.test(file)),
      [],
    );
    const { milliseconds, rss } = said;
    t.diagnostic(`${urls.length} modules in ${milliseconds.toFixed(0)} ms, ${(rss / 1e6).toFixed(0)} MB of memory`);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
