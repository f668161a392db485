/** @file Tests of the pickles of actions: our reader's and Python's own. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { unpickle } from '../../base/pickle/unpickle.ts';
import type { PickleObject } from '../../base/pickle/values.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import type { NumericArray } from '../../base/numeric-array.ts';
import { LEROBOT_NAMES } from './names.ts';
import { pickleActions } from './timed-actions.ts';

const chunk = { horizon: 3, dim: 2, data: Float32Array.of(0.1, -2, 3e-30, 4, 5.5, -0) };
const start = { timestamp: 1_700_000_000.25, timestep: 41, period: 1 / 30 };
const MODULE = 'lerobot.async_inference.helpers';

test('actions are read back as they were written', () => {
  const value = unpickle(pickleActions(chunk, 2, start, MODULE), {
    vocabulary: LEROBOT_NAMES,
    limits: DEFAULT_WIRE_LIMITS,
  });
  assert.ok(Array.isArray(value));
  const actions = value.map((action) => (action as PickleObject).fields);
  assert.deepEqual(
    actions.map((fields) => [fields.get('timestamp'), fields.get('timestep')]),
    [
      [start.timestamp, 41],
      [start.timestamp + 1 / 30, 42],
    ],
  );
  assert.deepEqual(
    actions.map((fields) => (fields.get('action') as NumericArray).toFloats()),
    [chunk.data.slice(0, 2), chunk.data.slice(2, 4)],
  );
});

test('Python reads them as objects of the client’s class', (t) => {
  const python = process.env['VLAKIT_PYTHON'] ?? 'python3';
  if (spawnSync(python, ['-c', 'import pickle']).status !== 0) return t.skip('no Python here');
  // Stands in for torch and LeRobot by their names only: what is checked is the pickle.
  const program = `
import sys, types, pickle, json, struct
for name in ("torch", "lerobot", "lerobot.async_inference", "${MODULE}"):
    sys.modules[name] = types.ModuleType(name)
class TimedAction: pass
TimedAction.__module__ = "${MODULE}"
sys.modules["${MODULE}"].TimedAction = TimedAction
sys.modules["torch"].tensor = lambda values: [struct.unpack("f", struct.pack("f", v))[0] for v in values]
print(json.dumps([[a.timestamp, a.timestep, a.action] for a in pickle.load(sys.stdin.buffer)]))
`;
  const { stdout, stderr } = spawnSync(python, ['-c', program], {
    input: pickleActions(chunk, 50, start, MODULE),
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.deepEqual(
    JSON.parse(stdout),
    [0, 1, 2].map((i) => [start.timestamp + i / 30, 41 + i, [...chunk.data.subarray(2 * i, 2 * i + 2)]]),
  );
});
