/** @file LeRobot's own robot client against our server, where its sources are. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { serveRobots } from '../../../tests/serving/robot-server.ts';

const python = process.env['VLAKIT_PYTHON'] ?? 'python3';
const source = process.env['VLAKIT_LEROBOT'];
const skip = source === undefined ? 'set VLAKIT_LEROBOT to the src folder of a LeRobot checkout' : false;

test('LeRobot’s own robot client moves its robot by our actions', { skip }, async (t) => {
  const { address } = await serveRobots(t);
  const client = spawn(
    python,
    [path.join(repositoryRoot, 'tools/lerobot-client.py'), source!, address.replace('grpc://', ''), 'joints', '40'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  client.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
  assert.equal(await new Promise((resolve) => client.on('exit', resolve)), 0);
  const { actions, latest } = JSON.parse(output) as { actions: number[][]; latest: number };
  assert.equal(actions.length, 40);
  // An action that is played while its chunk is mixed may be played twice by it.
  assert.ok(latest >= 20, `latest ${latest}`);
  // [seed, call, state, state, picture, tick]: LeRobot mixes chunks that overlap, 0.3 of the old and 0.7 of the new.
  assert.ok(actions.every(([seed]) => Math.abs(seed! - 5) < 1e-5));
  assert.ok(
    actions.every((action, i) => i === 0 || action[1]! >= actions[i - 1]![1]! - 1e-5),
    'calls go on',
  );
  assert.ok(actions.at(-1)![1]! >= 3, 'several chunks were played');
  assert.ok(actions.at(-1)![4]! > 0, 'the camera was seen');
});
