/** @file The servers that are fuzzed through their sockets, each with a good client. To add one: a line here. */

import { WebSocket, type RawData } from 'ws';
import { dm0Adapter } from '../../src/serving/dm0/dm0-adapter.ts';
import { gr00tAdapter } from '../../src/serving/gr00t/gr00t-adapter.ts';
import { openOpenpiPolicy } from '../../src/serving/openpi/openpi-client.ts';
import { openpiAdapter } from '../../src/serving/openpi/openpi-adapter.ts';
import { connectPolicy } from '../../src/serving/policy-clients.ts';
import type { ProtocolAdapter, RunningAdapter } from '../../src/serving/protocol-adapter.ts';
import { starvlaAdapter } from '../../src/serving/starvla/starvla-adapter.ts';
import { vlaEvalAdapter } from '../../src/serving/vla-eval/vla-eval-adapter.ts';
import { ARRAY_DIALECTS, arrayMessages } from '../../src/serving/wire/array-dialects.ts';
import { DEFAULT_WIRE_LIMITS } from '../../src/serving/wire/limits.ts';
import { NumericArray } from '../../src/base/numeric-array.ts';
import type { Policy } from '../../src/interfaces/policy.ts';
import { connectRobot, partsOf } from '../serving/robot-connection.ts';
import { observationPickle } from '../serving/robot-pickles.ts';
import { serveRobots, setupPickle } from '../serving/robot-server.ts';
import { serverFor, serviceFor, toy, type TestContext } from '../serving/serve-for-test.ts';
import { toyObservation } from '../serving/toy-observation.ts';
import { toyEmbodiment } from '../serving/toy-policy.ts';
import { liveTarget } from './live-view.ts';
import type { SocketTarget } from './sockets.ts';

type Good = (port: number) => Promise<void>;

const client = { token: null, robot: toyEmbodiment(), connectSeconds: 20, answerSeconds: 60 };

/** Name → how it is started. */
export const SOCKET_TARGETS: Readonly<Record<string, () => Promise<SocketTarget>>> = {
  // Node does not see the end of connections with errors in HTTP/2; they hold their places until they were silent for a while.
  lerobot: () =>
    running((t) => serveRobots(t, { limits: { ...DEFAULT_WIRE_LIMITS, connections: 4096 } }, 4096), lerobotClient),
  openpi: () =>
    toyServer(openpiAdapter, (port) =>
      once(openOpenpiPolicy({ ...client, address: `ws://127.0.0.1:${port}`, retries: 0 })),
    ),
  starvla: () => toyServer(starvlaAdapter, (port) => ask(`starvla://127.0.0.1:${port}`)),
  gr00t: () => toyServer(gr00tAdapter, (port) => ask(`gr00t://127.0.0.1:${port}`)),
  dm0: () => toyServer(dm0Adapter, (port) => ask(`dm0+http://127.0.0.1:${port}`)),
  'live-view': liveTarget,
  'vla-eval': () => toyServer(vlaEvalAdapter, harnessClient),
};

/** A server that ends with its target. */
async function running(start: (t: TestContext) => Promise<RunningAdapter>, good: Good): Promise<SocketTarget> {
  const endings: (() => Promise<void>)[] = [];
  const { address } = await start({ after: (end) => void endings.push(end) });
  return {
    port: Number(new URL(address).port),
    good,
    async close() {
      for (const end of endings.reverse()) await end();
    },
  };
}

function toyServer(adapter: ProtocolAdapter, good: Good): Promise<SocketTarget> {
  // Bad clients hold their sessions until they are seen to be gone.
  return running((t) => serverFor(t, adapter, serviceFor(t, toy(), { sessions: 256 })), good);
}

function ask(address: string): Promise<void> {
  return once(connectPolicy({ ...client, address, mapping: null }));
}

/** One observation, answered with the toy's chunk. */
async function once(connecting: Promise<Policy>): Promise<void> {
  const policy = await connecting;
  try {
    const { data } = await policy.infer(toyObservation('go'));
    if (data[2] !== 0.5 || data[3] !== 43) throw new Error(`expected the toy's actions, got ${data.join(', ')}`);
  } finally {
    await policy.close();
  }
}

async function lerobotClient(port: number): Promise<void> {
  const robot = await connectRobot(`127.0.0.1:${port}`);
  try {
    await robot.ready();
    await robot.instruct(setupPickle());
    await robot.send(partsOf(observationPickle({ mustGo: true }), 1000));
    if ((await robot.act()).length === 0) throw new Error('expected actions, got none');
  } finally {
    robot.close();
  }
}

/** What a benchmark of the harness says: hello, the start of an episode, an observation. */
async function harnessClient(port: number): Promise<void> {
  const messages = arrayMessages(ARRAY_DIALECTS.textKeys, DEFAULT_WIRE_LIMITS);
  const { images, state } = toyObservation('go');
  const picture = (name: string): NumericArray => NumericArray.ofBytes(images[name]!.data, [8, 8, 3]);
  const observation = {
    images: { front: picture('front'), wrist: picture('wrist') },
    states: NumericArray.ofFloats(state, [2]),
    task_description: 'go',
  };
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  const say = (type: string, payload: object, seq: number): void =>
    socket.send(messages.encode({ type, payload, seq, timestamp: 1.5 }));
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the server ended the connection')));
      socket.on('open', () => say('hello', {}, 0));
      socket.on('message', (data: RawData) => {
        const { type } = messages.decode(data as Buffer) as { type: string };
        if (type === 'action') return resolve();
        if (type !== 'hello') return reject(new Error(`expected an action, got ${type}`));
        say('episode_start', {}, 1);
        say('observation', observation, 2);
      });
    });
  } finally {
    socket.close();
  }
}
