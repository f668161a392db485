/** @file The doctor's verdicts: limits, real trials in child processes, and the command with its exit codes. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { workerUrl } from '../../base/worker-url.ts';
import { findingLine } from '../doctor.ts';
import { cores, memory, nodeVersion, runProbe, writable, type Finding } from './checks.ts';

const main = fileURLToPath(workerUrl(import.meta.url, '../main'));

test('limits give verdicts, and a cure where one is needed', () => {
  assert.deepEqual(
    ['18.20.1', '20.18.3', '20.19.0', '22.1.0'].map((version) => nodeVersion(version).verdict),
    ['fail', 'fail', 'ok', 'ok'],
  );
  assert.match(nodeVersion('18.20.1').cure!, /Node 20\.19 or newer/);
  assert.deepEqual([cores(1).verdict, cores(2).verdict], ['warn', 'ok']);
  assert.deepEqual([memory(2, 1).verdict, memory(16, 1).verdict], ['warn', 'ok']);
  assert.deepEqual([writable('.').verdict, writable('/nowhere').verdict], ['ok', 'fail']);
});

test('a trial that fails or cannot be started is a finding, not a crash', async () => {
  const finding = await runProbe('nothing', 'thing', 'warn', 'Do this.');
  assert.deepEqual(
    { ...finding, detail: '' },
    {
      name: 'thing',
      verdict: 'warn',
      detail: '',
      cure: 'Choose one of: cpu, webgpu, speed, simulation, films, video, serial.',
    },
  );
  assert.match(finding.detail, /^probe: expected one of/);
});

test('a line is aligned, with the cure below, and coloured only when asked', () => {
  const finding: Finding = { name: 'disk', verdict: 'warn', detail: '1 GB', cure: 'Free some.' };
  const plain = findingLine(finding, false);
  assert.match(plain, /^warn {2}disk {22} {2}1 GB\n {34}→ Free some\.\n$/);
  assert.ok(findingLine(finding, true).startsWith('\u001b[33mwarn\u001b[0m'));
});

const unwritable = fs.existsSync('/proc') ? false : 'needs /proc, a folder in which not even root may write';
test('the command tries everything for real; a folder that cannot be written fails it', { skip: unwritable }, () => {
  const run = spawnSync(process.execPath, [main, 'doctor', '--json'], { cwd: '/proc', encoding: 'utf8' });
  assert.equal(run.status, 1, run.stderr);
  const { ok, findings } = JSON.parse(run.stdout) as { ok: boolean; findings: Finding[] };
  assert.equal(ok, false);
  const verdictOf = (name: string): string => findings.find((finding) => finding.name.startsWith(name))!.verdict;
  assert.deepEqual(
    ['Node', 'folder', 'onnxruntime-node', '@mujoco/mujoco', 'node-av', 'sharp', 'serialport', 'speed'].map(verdictOf),
    ['ok', 'fail', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok'],
  );
  assert.match(findings.find(({ name }) => name === 'speed')!.detail, /^\d+ GFLOP\/s/);
  assert.ok(findings.some(({ name }) => name === 'WebGPU'));
  assert.ok(findings.every(({ verdict, cure }) => verdict === 'ok' || cure !== null));
});
