/**
 * @file The unmodified Python clients of starVLA, GR00T, dexbotic and vla-evaluation-harness against our servers, and the servers of openpi and of the first two and the last against our clients.
 * `VLAKIT_PEERS_PYTHON` names a Python with numpy, msgpack, pyzmq, websockets, requests, opencv and pillow, `VLAKIT_PEERS_PATH` the folders of
 * their sources (as PYTHONPATH). Without them these tests are skipped.
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { describe, test } from 'node:test';
import { lookUp } from '../../src/base/errors.ts';
import { openOpenpiPolicy } from '../../src/serving/openpi/openpi-client.ts';
import { connectPolicy } from '../../src/serving/policy-clients.ts';
import { PROTOCOLS } from '../../src/serving/protocols.ts';
import { repositoryRoot } from '../shared-data.ts';
import { serverFor, serviceFor, toy, type TestContext } from './serve-for-test.ts';
import { toyActions, toyObservation } from './toy-observation.ts';
import { toyEmbodiment, type ToyOptions } from './toy-policy.ts';

const python = process.env['VLAKIT_PEERS_PYTHON'];
const env = { ...process.env, PYTHONPATH: process.env['VLAKIT_PEERS_PATH'] };
const script = path.join(repositoryRoot, 'tests/serving/peers.py');

/** Why a peer cannot be tried here, or false. */
function without(module: string): string | false {
  if (python === undefined) return 'VLAKIT_PEERS_PYTHON is not set';
  const { status } = spawnSync(python, ['-c', `import ${module}`], { env });
  return status === 0 ? false : `${module} cannot be imported`;
}

/** What Python clients print. */
interface Said {
  readonly results: unknown;
  readonly protocol?: number;
  readonly failed?: boolean;
}

/** What one printed. */
async function client(
  t: TestContext,
  protocol: string,
  options: ToyOptions = {},
  token: string | null = null,
): Promise<Said> {
  const adapter = await lookUp('protocol', protocol, PROTOCOLS).load();
  const { address } = await serverFor(t, adapter, serviceFor(t, toy(options)), { token, seed: 5 });
  const child = spawn(python!, [script, 'client', protocol, new URL(address).port], { env });
  t.after(async () => void child.kill());
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (data: Buffer) => (texts[name] += String(data)));
  const status = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(status, 0, texts.stderr);
  return JSON.parse(texts.stdout.trim().split('\n').at(-1)!) as Said;
}

/** A Python server; its address is right at once, and answers soon. */
async function server(t: TestContext, protocol: string): Promise<string> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const child = spawn(python!, [script, 'server', protocol, String(port)], { env, stdio: 'ignore' });
  t.after(async () => void child.kill('SIGKILL'));
  return `${protocol}://127.0.0.1:${port}`;
}

const rows = (flat: readonly number[]): number[][] => [flat.slice(0, 4), flat.slice(4)];

describe('stock Python peers', () => {
  test(
    'starVLA’s client plays on our server',
    { skip: without('deployment.model_server.tools.websocket_policy_client') },
    async (t) => {
      assert.deepEqual(await client(t, 'starvla'), {
        chunk: 2,
        results: [rows(toyActions(5, 0)), rows(toyActions(5, 1, 0.75))],
        failed: false,
      });
    },
  );

  test(
    'GR00T’s client plays on our server, and cannot end it',
    { skip: without('gr00t.policy.server_client') },
    async (t) => {
      assert.deepEqual(await client(t, 'gr00t', {}, 'a token of some length'), {
        video: ['front', 'wrist'],
        results: [rows(toyActions(5, 0)), rows(toyActions(5, 1, 0.75))],
        killed: false,
      });
    },
  );

  test(
    'vla-evaluation-harness’s connection plays on our server',
    { skip: without('vla_eval.connection') },
    async (t) => {
      const { protocol, results, failed } = await client(t, 'vla-eval');
      assert.deepEqual([protocol, failed], [1, true]);
      const step = (seed: number, call: number, state: number): number[] => [seed, call, state, 43];
      // The connection took seed 5; every episode has the next.
      const episode = (seed: number): number[][] => [step(seed, 0, 0.5), step(seed, 0, 0.5), step(seed, 1, 0.75)];
      assert.deepEqual(results, [...episode(6), ...episode(7)]);
    },
  );

  test('dexbotic’s client plays on our server', { skip: without('dexbotic.client') }, async (t) => {
    // It takes every action twice, and sends one camera and no state.
    const { results } = await client(t, 'dm0', { cameras: ['front'] });
    const action = (call: number): number[] => [5, call, 0, 3];
    assert.deepEqual(results, [action(0), action(0), action(0), action(0), action(1)]);
  });

  for (const [protocol, module, mapping] of [
    ['starvla', 'deployment.model_server.tools.websocket_policy_server', null],
    ['gr00t', 'gr00t.policy.server_client', { images: {}, actions: { arm: 3, hand: 1 } }],
  ] as const) {
    test(`our client plays on ${protocol}’s server`, { skip: without(module) }, async (t) => {
      const robot = toyEmbodiment();
      const address = await server(t, protocol);
      const policy = await connectPolicy({
        address,
        token: null,
        robot,
        mapping,
        connectSeconds: 120,
        answerSeconds: 60,
      });
      await policy.reset({ seed: 1 });
      for (const state of [0.5, 0.75]) {
        const chunk = await policy.infer(toyObservation('stack', state));
        assert.deepEqual([...chunk.data], toyActions(5, 0, state));
      }
      await policy.close();
    });
  }

  test(
    'our client plays on openpi’s server, and hears what went wrong there',
    { skip: without('openpi.serving.websocket_policy_server') },
    async (t) => {
      const address = (await server(t, 'openpi')).replace('openpi', 'ws');
      const times = { connectSeconds: 120, answerSeconds: 60, retries: 0 };
      const policy = await openOpenpiPolicy({ address, token: null, robot: toyEmbodiment(), ...times });
      for (const state of [0.5, 0.75]) {
        const chunk = await policy.infer(toyObservation('stack', state));
        assert.deepEqual([...chunk.data], toyActions(5, 0, state));
      }
      await assert.rejects(
        async () => policy.infer(toyObservation('stack', 0.5, 4)),
        /AssertionError: expected 8 by 8 pixels/,
      );
      await policy.close();
    },
  );

  test(
    'our client plays on vla-evaluation-harness’s model server, which gives out its chunks itself',
    { skip: without('vla_eval.model_servers.serve') },
    async (t) => {
      const address = await server(t, 'vla-eval');
      const options = { address, token: null, robot: toyEmbodiment(), mapping: null };
      const policy = await connectPolicy({ ...options, connectSeconds: 120, answerSeconds: 60 });
      const act = async (text: string, state: number): Promise<number[]> => [
        ...(await policy.infer(toyObservation(text, state))).data,
      ];
      await policy.reset({ seed: 1 });
      assert.deepEqual(await act('stack', 0.5), [5, 0, 0.5, 43]);
      assert.deepEqual(await act('stack', 0.75), [5, 1, 0.5, 43]);
      assert.deepEqual(await act('stack', 0.75), [5, 0, 0.75, 43]);
      // A new episode begins a new chunk.
      await policy.reset({ seed: 2 });
      assert.deepEqual(await act('go', 0.25), [2, 0, 0.25, 43]);
      await policy.close();
    },
  );
});
