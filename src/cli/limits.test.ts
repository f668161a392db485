/** @file `vlakit limits` as a user runs it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, { after } from 'node:test';
import { WORLD_LIMITS } from '../../recipes/motion-limits.ts';
import { joints } from '../../tests/safety/robots.ts';
import { readLimits } from '../runtime/safety/limits-file.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'limits-'));
after(() => fs.rmSync(root, { recursive: true }));

function vlakit(...options: string[]): { status: number | null; stdout: string; stderr: string } {
  const main = new URL('./main.js', import.meta.url).pathname;
  return spawnSync(process.execPath, [main, 'limits', ...options], { encoding: 'utf8' });
}

test('the limits of a built-in robot are printed', () => {
  const { stdout, status } = vlakit('--world', 'six-joint');
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout), WORLD_LIMITS['six-joint']);
});

test('a robot’s own ranges, velocities and a ramp make a limits.json, and the rule is said', () => {
  const [embodiment, out] = ['embodiment.json', 'limits.json'].map((name) => path.join(root, name));
  fs.writeFileSync(embodiment!, JSON.stringify(joints.embodiment));
  const ramp = ['--embodiment', embodiment!, '--to-velocity', '0.5', '--to-acceleration', '0.1', '--out', out!];
  const { status, stderr } = vlakit(...ramp, '--grippers', 'grip', '--velocities', 'pan=1,lift=1,elbow=2');
  assert.equal(status, 0, stderr);
  assert.match(stderr, /elbow: acceleration 4 = velocity 2 in 0.5 s; jerk 40 = that in 0.1 s/);
  assert.deepEqual(readLimits(out!).axes[0], { ...joints.limits.axes[0], velocity: 1, acceleration: 2, jerk: 20 });
  const missing = vlakit(...ramp, '--grippers', 'grip');
  assert.notEqual(missing.status, 0);
  assert.match(missing.stderr, /pan: expected a largest velocity, got none/);
});
