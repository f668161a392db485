/** @file Tests of LeRobot's protocol over gRPC: chunks, episodes, refusals, limits, tokens and TLS. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { JOINT_ROBOT } from '../../../tests/serving/joint-policy.ts';
import { connectRobot, partsOf, type RobotConnection } from '../../../tests/serving/robot-connection.ts';
import { FORBIDDEN, PICKLED, observationPickle, pythonPickle } from '../../../tests/serving/robot-pickles.ts';
import { serveRobots, setupPickle } from '../../../tests/serving/robot-server.ts';
import { unpickle } from '../../base/pickle/unpickle.ts';
import type { PickleObject } from '../../base/pickle/values.ts';
import type { RunningAdapter } from '../protocol-adapter.ts';
import { DEFAULT_WIRE_LIMITS } from '../wire/limits.ts';
import type { NumericArray } from '../../base/numeric-array.ts';
import { LEROBOT_NAMES } from './names.ts';
import { lerobotMapping, readPolicySetup, requireAgreement } from './policy-setup.ts';

async function connect(t: TestContext, { address }: RunningAdapter, options = {}): Promise<RobotConnection> {
  const robot = await connectRobot(address, options);
  t.after(() => robot.close());
  return robot;
}

interface Action {
  readonly timestamp: unknown;
  readonly timestep: unknown;
  readonly numbers: readonly number[];
}

function readActions(pickle: Uint8Array): Action[] {
  if (pickle.length === 0) return [];
  const value = unpickle(pickle, { vocabulary: LEROBOT_NAMES, limits: DEFAULT_WIRE_LIMITS });
  return (value as PickleObject[]).map(({ fields }) => ({
    timestamp: fields.get('timestamp'),
    timestep: fields.get('timestep'),
    numbers: [...(fields.get('action') as NumericArray).toFloats()],
  }));
}

test('a robot is given the actions for its newest observation', async (t) => {
  const robot = await connect(t, await serveRobots(t));
  await robot.ready();
  await robot.instruct(setupPickle());
  await robot.send(partsOf(observationPickle({ timestep: 3 })));
  // In parts of a few bytes, and the older one is not answered any more.
  await robot.send(partsOf(observationPickle({ timestep: 4, mustGo: true }), 100));
  const actions = readActions(await robot.act());
  assert.equal(actions.length, 10, 'actions_per_chunk of the policy’s 12');
  const picture = actions[0]!.numbers[4];
  actions.forEach(({ timestamp, timestep, numbers }, i) => {
    assert.ok(Math.abs((timestamp as number) - (PICKLED.timestamp + i / 30)) < 1e-6);
    assert.equal(timestep, 4 + i);
    assert.deepEqual(numbers, [5, 0, ...PICKLED.state, picture, 4]);
  });
  // What was answered is not answered again, unless the robot has nothing left.
  await robot.send(partsOf(observationPickle({ timestep: 4 })));
  await robot.send(partsOf(observationPickle({ timestep: 5 })));
  assert.deepEqual(
    readActions(await robot.act())
      .at(0)
      ?.numbers.at(1),
    1,
  );
  await robot.send(partsOf(observationPickle({ timestep: 5, mustGo: true })));
  assert.deepEqual(
    readActions(await robot.act())
      .at(0)
      ?.numbers.at(1),
    2,
  );
  await robot.send(partsOf(observationPickle({ timestep: 5 })));
  assert.deepEqual(readActions(await robot.act()), [], 'after a while');
  // Another episode.
  await robot.ready();
  await assert.rejects(robot.act(), { details: /expected policy instructions first/ });
  await robot.instruct(setupPickle('vlakit'));
  await robot.send(partsOf(observationPickle({ timestep: 0 })));
  assert.deepEqual(
    readActions(await robot.act())
      .at(0)
      ?.numbers.slice(0, 2),
    [6, 0],
  );
});

test('each robot has its own episode', async (t) => {
  const server = await serveRobots(t);
  const robots = await Promise.all([0, 1, 2].map(() => connect(t, server)));
  for (const robot of robots) await robot.ready();
  await Promise.all(robots.map((robot) => robot.instruct(setupPickle())));
  await Promise.all(robots.map((robot, i) => robot.send(partsOf(observationPickle({ timestep: i })))));
  const actions = await Promise.all(robots.map((robot) => robot.act()));
  assert.deepEqual(
    actions.map((pickle) => readActions(pickle)[0]!.numbers).map(([seed, call, , , , tick]) => [seed, call, tick]),
    [
      [5, 0, 0],
      [6, 0, 1],
      [7, 0, 2],
    ],
  );
});

test('a call that is cancelled or too late does not keep the next one from its answer', async (t) => {
  const robot = await connect(t, await serveRobots(t));
  await robot.ready();
  await robot.instruct(setupPickle());
  await robot.send(partsOf(observationPickle({ timestep: 1, task: 'sleep 60000' })));
  const call = robot.beginAct();
  setTimeout(() => call.cancel(), 300);
  await assert.rejects(call.answer, { code: 1 });
  await robot.send(partsOf(observationPickle({ timestep: 2, task: 'sleep 60000' })));
  await assert.rejects(robot.act({ deadline: Date.now() + 500 }), { code: 4 });
  await robot.send(partsOf(observationPickle({ timestep: 3 })));
  assert.equal(readActions(await again(() => robot.act())).length, 10);
});

/** The server may hear of the end of a call a moment after its client. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (let i = 0; ; i++) {
    try {
      return await ask();
    } catch (error) {
      if (i === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

test('observations of every protocol of pickle are answered', async (t) => {
  const robot = await connect(t, await serveRobots(t));
  for (const protocol of [2, 3, 4, 5]) {
    await robot.ready();
    await robot.instruct(setupPickle());
    await robot.send(partsOf(pythonPickle('observation', protocol)));
    const [action] = readActions(await robot.act());
    assert.deepEqual(action!.numbers.slice(1, 4), [0, ...PICKLED.state]);
    assert.equal(action!.numbers[5], PICKLED.timestep);
  }
});

test('a robot that is silent is let go', async (t) => {
  const events: string[] = [];
  let told = (): void => undefined;
  const gone = new Promise<void>((resolve) => (told = resolve));
  const server = await serveRobots(t, {
    limits: { ...DEFAULT_WIRE_LIMITS, idleSeconds: 0.5 },
    onEvent(line) {
      events.push(line);
      if (line.includes('let go')) told();
    },
  });
  const robot = await connect(t, server);
  await robot.ready();
  await gone;
  await assert.rejects(robot.act(), { code: 9, details: /expected Ready first/ });
  assert.match(events.join('\n'), /robot 127\.0\.0\.1:\d+ came\n.*let go: nothing was asked for 0\.5 seconds/);
});

test('a robot whose connection broke goes on over another one', async (t) => {
  const server = await serveRobots(t);
  const robot = await connect(t, server);
  await robot.ready();
  await robot.instruct(setupPickle());
  await robot.send(partsOf(observationPickle({ timestep: 1 })));
  robot.close();
  const again = await connect(t, server);
  assert.equal(readActions(await again.act()).length, 10);
  // A second one from here, and nobody knows who a third is.
  await (await connect(t, server)).ready();
  const third = await connect(t, server);
  await assert.rejects(third.act(), { code: 9, details: /expected Ready first/ });
});

test('robots that vanish do not take the places of others', async (t) => {
  const server = await serveRobots(t);
  const places = 64;
  for (let i = 0; i < places + 6; i++) {
    const robot = await connectRobot(server.address);
    await robot.ready();
    robot.close();
  }
  const robot = await connect(t, server);
  await robot.ready();
  await robot.instruct(setupPickle());
});

test('a robot or a wish that does not fit is refused with all differences', async (t) => {
  const robot = await connect(t, await serveRobots(t));
  await robot.ready();
  await assert.rejects(robot.instruct(pythonPickle('setup')), {
    code: 9,
    details: /pretrained_name_or_path: expected joints \(or vlakit\), got user\/model/,
  });
  await assert.rejects(robot.send(partsOf(observationPickle({}))), { details: /expected policy instructions first/ });
  const setup = readPolicySetup(setupPickle(), DEFAULT_WIRE_LIMITS);
  const contract = { policy: 'joints', embodiment: JOINT_ROBOT, horizon: 12, statistics: null, continues: null };
  const mapping = lerobotMapping(JOINT_ROBOT);
  const differs = (changes: object): void => requireAgreement({ ...setup, ...changes }, contract, mapping);
  assert.doesNotThrow(() => differs({}));
  assert.throws(() => differs({ actionsPerChunk: 13 }), { code: 'mismatch', message: /at most 12, got 13/ });
  assert.throws(() => differs({ renames: true }), { code: 'mismatch', message: /rename_map/ });
  assert.throws(() => differs({ cameras: {} }), {
    code: 'mismatch',
    message: /camera front: expected it, got no camera/,
  });
  assert.throws(() => differs({ cameras: { front: [8, 6, 3] } }), {
    message: /camera front: expected 6, 8, 3, got 8, 6, 3/,
  });
  assert.throws(() => differs({ stateNames: setup.stateNames.slice(1) }), { message: /state: expected shoulder_pan/ });
  const swapped = [...setup.stateNames].reverse();
  assert.throws(() => differs({ stateNames: swapped }), { message: /actions: expected numbers for shoulder_pan/ });
  const more = ['current', ...setup.stateNames];
  assert.doesNotThrow(() => differs({ stateNames: more }), 'numbers that are not moved');
});

test('forbidden pickles are refused wherever they come, and the server goes on', async (t) => {
  const robot = await connect(t, await serveRobots(t));
  await robot.ready();
  for (const pickle of FORBIDDEN) await assert.rejects(robot.instruct(pickle), { code: 3 });
  await robot.instruct(setupPickle());
  for (const pickle of FORBIDDEN) await assert.rejects(robot.send(partsOf(pickle)), { code: 3 });
  await assert.rejects(robot.send([]), { code: 3, details: /expected a part that ends it/ });
  await assert.rejects(robot.send([{ transferState: 0, data: new Uint8Array(1) }]), { code: 3, details: /its place/ });
  await assert.rejects(robot.send([{ transferState: 2, data: new Uint8Array(1) }]), { code: 3, details: /ends it/ });
  await robot.send(partsOf(observationPickle({})));
  assert.equal(readActions(await robot.act()).length, 10);
});

test('what is too much is refused: bytes, parts, clients', async (t) => {
  const server = await serveRobots(t, { limits: { ...DEFAULT_WIRE_LIMITS, messageBytes: 100_000, connections: 1 } });
  const robot = await connect(t, server);
  await robot.ready();
  await robot.instruct(setupPickle());
  const part = { transferState: 2, data: new Uint8Array(60_000) };
  await assert.rejects(robot.send([part, part]), { code: 3, details: /at most 100000/ });
  await assert.rejects(robot.send([{ transferState: 2, data: new Uint8Array(200_000) }]), { code: 8 });
  const other = await connect(t, server);
  await assert.rejects(other.ready(), { code: 14 });
  other.close();
  await robot.send(partsOf(observationPickle({})));
  assert.equal(readActions(await robot.act()).length, 10);
});

test('beyond this machine a token is needed, and TLS is offered', async (t) => {
  await assert.rejects(serveRobots(t, { host: '0.0.0.0' }), { code: 'bad-argument', message: /token/ });
  const token = 'a-token-of-some-length';
  const guarded = await serveRobots(t, { token });
  await assert.rejects((await connect(t, guarded)).ready(), { code: 16 });
  await assert.rejects((await connect(t, guarded, { token: `${token}r` })).ready(), { code: 16 });
  await (await connect(t, guarded, { token })).ready();
  const pair = selfSigned();
  if (pair === null) return t.diagnostic('no openssl here: TLS is not tried');
  const secret = await serveRobots(t, { tls: pair });
  assert.match(secret.address, /^grpcs:/);
  const address = secret.address.replace('127.0.0.1', 'localhost');
  await (await connect(t, { ...secret, address }, { certificate: pair.cert })).ready();
  await assert.rejects((await connect(t, secret)).ready(), { code: 14 });
});

function selfSigned(): { cert: Buffer; key: Buffer } | null {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-tls-'));
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  try {
    execFileSync('openssl', [...args, ...name, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { cert: fs.readFileSync(cert), key: fs.readFileSync(key) };
  } catch {
    return null;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
