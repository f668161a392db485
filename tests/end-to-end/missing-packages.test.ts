/** @file `vlakit doctor`, and a command that needs one, in a copy of the package beside which packages are really missing. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Finding } from '../../src/cli/doctor/checks.ts';
import { assertOneError, scratchFolder, vlakit, type Ended } from '../processes/vlakit.ts';
import { repositoryRoot } from '../shared-data.ts';

const folder = scratchFolder('missing-packages');
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Runs a command of a copy of the package that has every package beside it but those of these names. */
function without(missing: readonly string[], args: readonly string[]): Promise<Ended> {
  const root = fs.mkdtempSync(path.join(folder, 'copy-'));
  const beside = path.join(root, 'node_modules');
  for (const part of ['package.json', 'assets', path.join('dist', 'src'), path.join('dist', 'recipes')]) {
    fs.cpSync(path.join(repositoryRoot, part), path.join(root, part), { recursive: true });
  }
  const installed = path.join(repositoryRoot, 'node_modules');
  for (const name of fs.readdirSync(installed).flatMap((entry) => packagesOf(installed, entry))) {
    if (missing.includes(name)) continue;
    fs.mkdirSync(path.dirname(path.join(beside, name)), { recursive: true });
    fs.symlinkSync(path.join(installed, name), path.join(beside, name), 'junction');
  }
  return vlakit(args, { cwd: root, main: path.join(root, 'dist', 'src', 'cli', 'main.js') });
}

/** The packages of an entry of node_modules: itself, or those of its scope. */
function packagesOf(installed: string, entry: string): string[] {
  if (entry.startsWith('.')) return [];
  if (!entry.startsWith('@')) return [entry];
  return fs.readdirSync(path.join(installed, entry)).map((name) => `${entry}/${name}`);
}

function findings({ out }: Ended): { ok: boolean; of: (name: string) => Finding } {
  const report = JSON.parse(out) as { ok: boolean; findings: Finding[] };
  return { ok: report.ok, of: (name) => report.findings.find((finding) => finding.name.startsWith(name))! };
}

test('without any optional package it says what each is for and how to get it, and fails', async () => {
  const { optionalDependencies } = JSON.parse(fs.readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  const ended = await without(Object.keys(optionalDependencies), ['doctor', '--json']);
  assert.equal(ended.code, 1, ended.err);
  const { ok, of } = findings(ended);
  assert.equal(ok, false);
  for (const [name, verdict] of [
    ['onnxruntime-node', 'fail'],
    ['WebGPU', 'warn'],
    ['@mujoco/mujoco', 'fail'],
    ['node-av', 'warn'],
    ['sharp', 'warn'],
  ] as const) {
    const finding = of(name);
    assert.deepEqual([finding.name, finding.verdict], [name, verdict]);
    assert.match(finding.detail, /^not installed \(to .+\)$/);
    if (name !== 'WebGPU') assert.ok(finding.cure?.includes(`npm install ${name}`), String(finding.cure));
  }
  assert.equal(of('speed'), undefined, 'there is nothing to measure with');
});

test('without a package that has a substitute it warns, and the rest is tried for real', async () => {
  const ended = await without(['sharp'], ['doctor', '--json']);
  assert.equal(ended.code, 0, ended.err);
  const { ok, of } = findings(ended);
  assert.equal(ok, true);
  assert.deepEqual(of('sharp'), {
    name: 'sharp',
    verdict: 'warn',
    detail: 'not installed (to film rollouts for reports)',
    cure: 'Run `npm install sharp`; reports have no films without it.',
  });
  for (const name of ['onnxruntime-node', '@mujoco/mujoco', 'node-av']) assert.equal(of(name).verdict, 'ok', name);
});

test('a command that needs a missing package names it', async () => {
  const ended = await without(['@mujoco/mujoco'], ['record', 'debug']);
  assertOneError(
    ended,
    'missing-package',
    /needs the npm package @mujoco\/mujoco.*\nhint: .*npm install @mujoco\/mujoco/s,
  );
});
