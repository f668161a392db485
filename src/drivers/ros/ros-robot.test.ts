/** @file The ROS bridge against a server of rosbridge's protocol; against a real one where $ROSBRIDGE_URL names it. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { serveRosbridge, type RosbridgeServer } from '../../../tests/rosbridge-server.ts';
import type { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Image } from '../../interfaces/observation.ts';
import type { Measurement } from '../../interfaces/robot.ts';
import { parseMapping, type RosMapping } from './mapping.ts';
import { openNodeSocket } from './node-socket.ts';
import { createRosRobot, type RosRobotOptions } from './ros-robot.ts';
import { Rosbridge } from './rosbridge.ts';
import { StampClock } from './stamp-clock.ts';

const convention = {
  rotation: 'none',
  frame: 'joint',
  gripper: 'close-zero-open-one',
  reference: 'absolute',
  unit: 'si',
} as const;
const embodiment: Embodiment = {
  name: 'ros-arm',
  cameras: [{ name: 'front', width: 2, height: 2 }],
  state: { names: ['shoulder', 'elbow', 'gripper'], convention },
  action: { names: ['shoulder', 'elbow', 'gripper', 'drive'], convention },
  controlHz: 20,
  holdAction: null,
};
const file = {
  state: [
    {
      topic: '/joint_states',
      type: 'sensor_msgs/msg/JointState',
      field: 'position',
      values: { shoulder: 'shoulder_pan_joint', elbow: 'elbow_joint' },
    },
    { topic: '/gripper/width', type: 'std_msgs/msg/Float64MultiArray', values: ['gripper'], factor: 12.5 },
  ],
  cameras: { front: { topic: '/camera/image_raw', type: 'sensor_msgs/msg/Image' } },
  action: [
    {
      topic: '/arm/joint_trajectory',
      type: 'trajectory_msgs/msg/JointTrajectory',
      values: { shoulder: 'shoulder_pan_joint', elbow: 'elbow_joint' },
      seconds: 0.1,
      stop: 'measured',
    },
    {
      topic: '/gripper/commands',
      type: 'std_msgs/msg/Float64MultiArray',
      values: ['gripper'],
      factor: 0.08,
      stop: 'measured',
    },
    { topic: '/cmd_vel', type: 'geometry_msgs/msg/Twist', values: { drive: 'linear.x' }, stop: 'zero' },
  ],
};
const mapping = parseMapping(file, embodiment, 'arm.json');

const stamp = { sec: 1_700_000_000, nanosec: 250_000_000 };
/** As rosbridge_suite writes a JointState; a joint's number that is none is null. */
const jointState = (...position: (number | null)[]): object => ({
  header: { stamp, frame_id: '' },
  name: ['elbow_joint', 'shoulder_pan_joint', 'wheel'],
  position,
  velocity: [],
  effort: [],
});
const picture = {
  header: { stamp, frame_id: 'camera' },
  height: 2,
  width: 2,
  encoding: 'bgr8',
  is_bigendian: 0,
  // Rows are longer than their pixels.
  step: 8,
  data: Buffer.from([1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0]).toString('base64'),
};

/** A server whose robot speaks as soon as it is listened to. */
async function talkative(): Promise<RosbridgeServer> {
  const said: Record<string, unknown> = {
    '/joint_states': jointState(0.5, -1.25, 9),
    '/gripper/width': { layout: { dim: [], data_offset: 0 }, data: [0.04] },
    '/camera/image_raw': picture,
  };
  const server = await serveRosbridge((topic) => server.publish(topic, said[topic]));
  return server;
}

const optionsFor = (server: RosbridgeServer, more: Partial<RosRobotOptions> = {}): RosRobotOptions => ({
  embodiment,
  mapping,
  url: server.url,
  openSocket: openNodeSocket,
  waitSeconds: 60,
  ...more,
});

/** Waits for something that a message of the server brings about. */
async function until(there: () => boolean): Promise<void> {
  while (!there()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const failure = (work: Promise<unknown>): Promise<VlaError> =>
  work.then(
    () => assert.fail('expected a failure'),
    (error: VlaError) => error,
  );

test('state and pictures come in, actions and stops go out, in the frames of the protocol', async () => {
  const server = await talkative();
  const robot = createRosRobot(optionsFor(server));
  const heard: Measurement[] = [];
  await robot.connect((measurement) => heard.push(measurement));
  server.publish('/joint_states', jointState(0.5, -1.25, 9));
  await until(() => heard.some(({ sensor }) => sensor === 'state'));
  assert.deepEqual([...(heard.findLast(({ sensor }) => sensor === 'state')!.value as Float32Array)], [-1.25, 0.5, 0.5]);
  const image = heard.find(({ sensor }) => sensor === 'front')!.value as Image;
  assert.deepEqual(image, { width: 2, height: 2, data: Uint8Array.of(3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10) });

  await robot.actuate(Float32Array.of(0.25, -0.5, 1, 0.75));
  await server.frame(({ op, topic }) => op === 'publish' && topic === '/cmd_vel');
  await robot.stop();
  await server.frame(
    ({ msg, topic }) => topic === '/cmd_vel' && (msg as { linear: { x: number } } | undefined)?.linear.x === 0,
  );
  await robot.close();
  await server.frame(({ op, topic }) => op === 'unadvertise' && topic === '/cmd_vel');

  const trajectory = (...positions: number[]): object => ({
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' },
    joint_names: ['shoulder_pan_joint', 'elbow_joint'],
    points: [
      { positions, velocities: [], accelerations: [], effort: [], time_from_start: { sec: 0, nanosec: 100_000_000 } },
    ],
  });
  const still = { x: 0, y: 0, z: 0 };
  const numbers = (value: number): object => ({ layout: { dim: [], data_offset: 0 }, data: [value] });
  const subscribe = (topic: string, type: string): object => ({
    op: 'subscribe',
    id: `subscribe:${topic}`,
    topic,
    type,
    queue_length: 1,
    throttle_rate: 0,
  });
  const advertise = (topic: string, type: string): object => ({
    op: 'advertise',
    id: `advertise:${topic}`,
    topic,
    type,
  });
  assert.deepEqual(server.frames, [
    { op: 'set_level', level: 'error' },
    subscribe('/joint_states', 'sensor_msgs/msg/JointState'),
    subscribe('/gripper/width', 'std_msgs/msg/Float64MultiArray'),
    subscribe('/camera/image_raw', 'sensor_msgs/msg/Image'),
    advertise('/arm/joint_trajectory', 'trajectory_msgs/msg/JointTrajectory'),
    advertise('/gripper/commands', 'std_msgs/msg/Float64MultiArray'),
    advertise('/cmd_vel', 'geometry_msgs/msg/Twist'),
    { op: 'publish', topic: '/arm/joint_trajectory', msg: trajectory(0.25, -0.5) },
    { op: 'publish', topic: '/gripper/commands', msg: numbers(0.08) },
    { op: 'publish', topic: '/cmd_vel', msg: { linear: { ...still, x: 0.75 }, angular: still } },
    { op: 'publish', topic: '/arm/joint_trajectory', msg: trajectory(-1.25, 0.5) },
    { op: 'publish', topic: '/gripper/commands', msg: numbers(0.04) },
    { op: 'publish', topic: '/cmd_vel', msg: { linear: still, angular: still } },
    ...['/joint_states', '/gripper/width', '/camera/image_raw'].map((topic) => ({
      op: 'unsubscribe',
      id: `subscribe:${topic}`,
      topic,
    })),
    ...['/arm/joint_trajectory', '/gripper/commands', '/cmd_vel'].map((topic) => ({
      op: 'unadvertise',
      id: `advertise:${topic}`,
      topic,
    })),
  ]);
  await server.close();
});

test('numbers that are none go neither in nor out', async () => {
  const server = await talkative();
  const robot = createRosRobot(optionsFor(server));
  const heard: Measurement[] = [];
  await robot.connect((measurement) => heard.push(measurement));
  const before = heard.length;
  server.publish('/joint_states', jointState(null, 1, 1));
  server.publish('/joint_states', jointState(0.25, 1, 1));
  await until(() => heard.length > before);
  const states = heard.filter(({ sensor }) => sensor === 'state').map(({ value }) => [...(value as Float32Array)]);
  assert.ok(states.flat().every(Number.isFinite));
  assert.deepEqual(states.at(-1), [1, 0.25, 0.5]);
  for (const bad of [NaN, Infinity]) {
    assert.equal((await failure(robot.actuate(Float32Array.of(0, bad, 0, 0)))).code, 'not-finite');
  }
  assert.equal((await failure(robot.actuate(new Float32Array(3)))).code, 'bad-shape');
  assert.ok(server.frames.every(({ op }) => op !== 'publish'));
  await robot.close();
  await server.close();
});

test('a connection that is gone is down for good', async () => {
  const server = await talkative();
  const robot = createRosRobot(optionsFor(server));
  await robot.connect(() => undefined);
  server.drop();
  for (let code = ''; code !== 'io';) {
    code = await robot.actuate(new Float32Array(4)).then(
      () => '',
      (error: VlaError) => error.code,
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal((await failure(robot.stop())).code, 'io');
  await server.close();
  const error = await failure(createRosRobot(optionsFor(server)).connect(() => undefined));
  assert.equal(error.code, 'io');
  assert.match(error.message, /ws:\/\/127\.0\.0\.1:\d+: expected an open rosbridge/);
});

test('messages of another layout end the run; noise between messages does not', async () => {
  const server = await talkative();
  const robot = createRosRobot(optionsFor(server));
  await robot.connect(() => undefined);
  for (const noise of ['', '{', 'null', '[]', '{"op":"publish"}', '{"op":"publish","topic":"/other","msg":{}}']) {
    server.sendRaw(noise);
  }
  server.sendRaw(Uint8Array.of(1, 2, 3));
  await robot.actuate(new Float32Array(4));
  await server.frame(({ op }) => op === 'publish');
  for (const broken of [
    { ...picture, encoding: 'yuv422' },
    { ...picture, data: picture.data.slice(4) },
    { ...picture, data: '§' },
    { ...picture, width: 1 },
    { ...picture, height: 1e9 },
  ]) {
    const other = createRosRobot(optionsFor(server));
    await other.connect(() => undefined);
    server.publish('/camera/image_raw', broken);
    let error: VlaError | null = null;
    while (error === null) {
      error = await other.actuate(new Float32Array(4)).then(
        () => null,
        (reason: VlaError) => reason,
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.match(error.message, /the link is down: \/camera\/image_raw/);
    await other.close();
  }
  await robot.close();
  await server.close();
});

test('a topic on which nobody speaks, and a complaint of the server, end the connecting', async () => {
  const quiet = await serveRosbridge((topic) => {
    if (topic !== '/gripper/width') quiet.publish(topic, topic === '/joint_states' ? jointState(0, 0, 0) : picture);
  });
  const robot = createRosRobot(optionsFor(quiet, { waitSeconds: 1 }));
  assert.match(
    (await failure(robot.connect(() => undefined))).message,
    /expected messages of \/gripper\/width, got none/,
  );
  await quiet.close();
  const strict = await serveRosbridge(() =>
    strict.sendRaw(
      JSON.stringify({ op: 'status', level: 'error', msg: 'Unable to load the manifest for package arm' }),
    ),
  );
  const refused = createRosRobot(optionsFor(strict));
  assert.match((await failure(refused.connect(() => undefined))).message, /rosbridge refuses: Unable to load/);
  await strict.close();
});

test('a mapping must have one place for every number and camera', () => {
  const refused = (change: (copy: typeof file) => void): string => {
    const copy = structuredClone(file);
    change(copy);
    try {
      parseMapping(copy, embodiment, 'arm.json');
    } catch (error) {
      return (error as VlaError).message;
    }
    assert.fail('accepted');
  };
  assert.match(
    refused((copy) => copy.state.pop()),
    /state: expected gripper as well.*"stop": "measured" expects|state: expected gripper/,
  );
  assert.match(
    refused((copy) => copy.action.pop()),
    /action: expected drive as well/,
  );
  assert.match(
    refused((copy) => (copy.cameras = {} as never)),
    /cameras: expected front as well/,
  );
  assert.match(
    refused((copy) => (copy.state[1]!.values = ['shoulder'])),
    /got twice: shoulder/,
  );
  assert.match(
    refused((copy) => (copy.state[1]!.topic = 'width')),
    /state\.1\.topic: expected a topic such as/,
  );
  assert.match(
    refused((copy) => (copy.state[1]!.topic = '/joint_states')),
    /every topic to be read once/,
  );
  assert.match(
    refused((copy) => (copy.action[2]!.stop = 'measured')),
    /action\.2\.stop/,
  );
  assert.match(
    refused((copy) => ((copy.action[0] as { seconds: number }).seconds = 0)),
    /action\.0\.seconds/,
  );
  const unseen: RosMapping['action'][number] = {
    topic: '/cmd_vel',
    type: 'std_msgs/msg/Float64MultiArray',
    values: ['drive'],
    factor: 1,
    stop: 'measured',
  };
  assert.match(
    refused((copy) => (copy.action[2] = unseen as never)),
    /expects these in the state, too: drive/,
  );
});

test('compressed images are decoded by whoever can', async () => {
  const compressed = structuredClone(file);
  compressed.cameras.front.type = 'sensor_msgs/msg/CompressedImage';
  const options = { mapping: parseMapping(compressed, embodiment, 'arm.json') };
  const server = await serveRosbridge((topic) => {
    if (topic === '/joint_states') server.publish(topic, jointState(0, 0, 0));
    if (topic === '/gripper/width') server.publish(topic, { data: [0] });
    if (topic === '/camera/image_raw') {
      server.publish(topic, {
        header: { stamp, frame_id: '' },
        format: 'jpeg',
        data: Buffer.from('abc').toString('base64'),
      });
    }
  });
  assert.throws(() => createRosRobot(optionsFor(server, options)), /expected decodeImage/);
  const heard: Measurement[] = [];
  const decoded = { width: 2, height: 2, data: new Uint8Array(12) };
  const decodeImage = async (bytes: Uint8Array): Promise<Image> => {
    assert.equal(Buffer.from(bytes).toString(), 'abc');
    return decoded;
  };
  const robot = createRosRobot(optionsFor(server, { ...options, decodeImage }));
  await robot.connect((measurement) => heard.push(measurement));
  assert.deepEqual(heard.find(({ sensor }) => sensor === 'front')!.value, decoded);
  await robot.close();
  await server.close();
});

test('late messages are as old as they are, whatever the other clock says', () => {
  const stamps = new StampClock();
  const start = 1_700_000_000;
  assert.ok(Math.abs(stamps.time(start, 10.05) - 10.05) < 1e-6);
  assert.ok(Math.abs(stamps.time(start + 1, 11.02) - 11.02) < 1e-6, 'the fastest so far is fresh');
  assert.ok(Math.abs(stamps.time(start + 2, 12.52) - 12.02) < 1e-6, 'half a second late');
  assert.equal(stamps.time(0, 13), 13, 'no stamp');
  for (let i = 0; i < 50; i++) assert.ok(stamps.time(start + 3 + i, 13.02 + i + (i % 7)) <= 13.02 + i + (i % 7));
});

const real = process.env['ROSBRIDGE_URL'];
test(
  'a real rosbridge: what is published is heard',
  { skip: real === undefined && 'no ROS 2 here: $ROSBRIDGE_URL names no rosbridge' },
  async () => {
    const topic = { topic: '/vlakit_test', type: 'std_msgs/msg/Float64MultiArray' };
    const bridge = await Rosbridge.connect(real!, openNodeSocket, 30);
    const heard = new Promise((resolve) => bridge.subscribe(topic, resolve));
    bridge.advertise(topic);
    const timer = setInterval(
      () => bridge.publish(topic.topic, { layout: { dim: [], data_offset: 0 }, data: [1, 2.5] }),
      100,
    );
    assert.deepEqual(((await heard) as { data: number[] }).data, [1, 2.5]);
    clearInterval(timer);
    bridge.close();
  },
);
