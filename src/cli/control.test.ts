/** @file `vlakit control` as a process: real time in a thread, Ctrl-C, and what it refuses before anything moves. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { WebSocket } from 'ws';
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

/** What a viewer of a live view has seen: by topic the first messages, each with its time, seconds since 1970. */
type Seen = Record<string, { readonly time: number; readonly data: Buffer }[]>;

/** A small client of Foxglove's WebSocket protocol: subscribes to `topics`, and hears until it has `count` messages of each. */
function viewer(address: string, topics: readonly string[], count: number): Promise<Seen> {
  const seen: Seen = Object.fromEntries(topics.map((topic) => [topic, []]));
  const socket = new WebSocket(address, ['foxglove.websocket.v1']);
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the view ended; seen: ${JSON.stringify(seen).slice(0, 500)}`)));
    socket.on('message', (data: Buffer, binary) => {
      if (!binary) {
        const said = JSON.parse(String(data)) as { op: string; channels: { id: number; topic: string }[] };
        if (said.op !== 'advertise') return;
        const subscriptions = said.channels.flatMap(({ id, topic }) =>
          topics.includes(topic) ? [{ id: topics.indexOf(topic), channelId: id }] : [],
        );
        return socket.send(JSON.stringify({ op: 'subscribe', subscriptions }));
      }
      // 1, the subscription (u32), nanoseconds (u64), then the message.
      assert.equal(data[0], 1);
      const time = Number(data.readBigUInt64LE(5)) / 1e9;
      seen[topics[data.readUInt32LE(1)]!]!.push({ time, data: data.subarray(13) });
      if (!Object.values(seen).every((messages) => messages.length >= count)) return;
      resolve(seen);
      socket.close();
    });
  });
}

test('a viewer sees the robot live, at the time that it is', async () => {
  const topics = ['/tick', '/observation/state', '/observation/images/front'];
  const look = async (address: string, interrupt: () => void): Promise<Seen> => {
    try {
      return await viewer(address, topics, 5);
    } finally {
      interrupt();
    }
  };
  let seen: Promise<Seen> | null = null;
  const ended = await vlakit(['control', '--task', 'lift', '--seed', '3', '--episodes', '50', '--live', '0'], {
    cwd: folder,
    watch(err, interrupt) {
      const address = /live view at (ws:\S+)/.exec(err)?.[1];
      if (address === undefined || seen !== null) return;
      seen = look(address, interrupt);
    },
  });
  assertOneError(ended, 'interrupted', /stopped; the robot stands/);
  const { '/tick': ticks, '/observation/state': states, '/observation/images/front': pictures } = await seen!;
  const told = ticks!.map(({ data }) => JSON.parse(String(data)) as { tick: number; action: number[] });
  assert.ok(told.every(({ action }) => action.length === 7));
  assert.ok(told.at(-1)!.tick !== told[0]!.tick);
  for (const { time } of [...ticks!, ...states!, ...pictures!]) assert.ok(Math.abs(Date.now() / 1000 - time) < 120);
  assert.ok(pictures!.every(({ data }) => data.length > 100));
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
