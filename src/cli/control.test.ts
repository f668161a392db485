/** @file `vlakit control` as a process: real time in a thread, Ctrl-C, and what it refuses before anything moves. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { assertFine, assertOneError, scratchFolder, vlakit, type Ended } from '../../tests/processes/vlakit.ts';
import { readSession } from '../recording/session-file.ts';

const folder = scratchFolder('control-command');
test.after(() => fs.rmSync(folder, { recursive: true }));
const control = (args: readonly string[], interruptAt: readonly RegExp[] = []): Promise<Ended> =>
  vlakit(['control', ...args], { cwd: folder, interruptAt });

test('Ctrl-C in real time stops the robot, and leaves a whole recording', async () => {
  const ended = await control(['--task', 'lift', '--seed', '3', '--mcap', 's.mcap'], [/the robot moves/]);
  assert.match(ended.err, /the loop runs in its thread/);
  assertOneError(ended, 'interrupted', /stopped; the robot stands/);
  const { whole, about, episodes } = readSession(path.join(folder, 's.mcap'));
  assert.equal(whole, true);
  assert.match(about['checkpointSha256']!, /^[0-9a-f]{64}$/);
  const [{ ticks, inferences, seed }] = episodes as [(typeof episodes)[0]];
  assert.deepEqual([episodes.length, seed], [1, 3]);
  assert.ok(ticks.some(({ source }) => source === 'chunk') && inferences.length > 0);
  assert.ok(ticks.some(({ images }) => Object.keys(images).length > 0));
});

test('in simulated time the same command gives the same report and dataset frames', async () => {
  const args = ['--task', 'touch', '--latency', '0.1-0.2', '--simulated-time', '--seconds', '2'];
  const first = await control([...args, '--record', 'set']);
  assertFine(first);
  assert.match(first.out, /“.+” after \d\.\d s\n  ticks \d+, idle \d+, held \d+\n  inferences \d+, late actions \d+/);
  assert.match(first.out, /gate interventions \d+.*\n.*jerk of actions .*\n.*seam discontinuity/);
  const second = await control(args);
  assert.equal(second.out, first.out);
  const info = JSON.parse(fs.readFileSync(path.join(folder, 'set/meta/info.json'), 'utf8')) as { total_frames: number };
  assert.equal(info.total_frames, Number(/ticks (\d+)/.exec(first.out)![1]));
});

const ROBOT = `
const vector = (names) => ({ names, convention: { rotation: 'none', frame: 'joint', gripper: 'none', reference: 'absolute', unit: 'si' } });
export const openRobot = async () => ({
  name: 'bare',
  embodiment: { name: 'bare', cameras: [], state: vector(['a']), action: vector(['a']), controlHz: 10, holdAction: null },
  connect() { throw new Error('connected'); },
  async actuate() {},
  async stop() {},
  async close() {},
});
`;

test('a robot without limits, one that nobody watches and a module without a robot are refused', async () => {
  fs.writeFileSync(path.join(folder, 'bare.mjs'), ROBOT);
  fs.writeFileSync(path.join(folder, 'none.mjs'), 'export const openRobot = async () => ({});');
  const say = ['--instruction', 'go'];
  assertOneError(
    await control(['--robot', 'bare.mjs', '--unattended', ...say]),
    'mismatch',
    /bare: expected limits of its motion, got none/,
  );
  assertOneError(await control(['--robot', 'bare.mjs', ...say]), 'bad-argument', /expected --dead-man or --unattended/);
  const watched = ['--robot', 'bare.mjs', '--dead-man', ...say];
  assertOneError(await control(watched), 'bad-argument', /--dead-man key: expected a terminal/);
  assertOneError(await control([...watched, '--unattended']), 'bad-argument', /--dead-man or --unattended, got both/);
  assertOneError(
    await control(['--robot', 'none.mjs', '--unattended', ...say]),
    'bad-argument',
    /none\.mjs: openRobot: expected a robot/,
  );
  assertOneError(await control(['--robot', 'talbetop']), 'not-found', /tabletop/);
  const continued = await control(['--strategy', 'continued', '--simulated-time']);
  assertOneError(continued, 'unsupported', /continue/);
});
