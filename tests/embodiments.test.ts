/**
 * @file Every built-in robot through recording and codec: what it records is read back, its actions survive references, quantiles and
 * padding, and its prompt says what it is.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { recordingOf, WORLD_ACTIONS } from '../recipes/embodiments.ts';
import { Random } from '../src/base/random.ts';
import { angleBetween, axisAngleToQuaternion, type Vector3 } from '../src/base/rotation.ts';
import { recordDataset } from '../src/cli/recording/record-dataset.ts';
import { changeReference } from '../src/codec/delta.ts';
import { designCodec } from '../src/codec/design-codec.ts';
import { chainWaypoints, unchainWaypoints } from '../src/codec/planar-waypoints.ts';
import { createCodec } from '../src/codec/policy-codec.ts';
import { qwenVlaPrompt } from '../src/codec/prompts/qwen-vla.ts';
import { relatePose, unrelatePose, type PoseChange } from '../src/codec/relative-pose.ts';
import { openLeRobot } from '../src/data/lerobot/reader.ts';
import type { Embodiment } from '../src/interfaces/embodiment.ts';
import { openWorld, WORLDS } from '../src/simulation/worlds.ts';
import { drive, relativePose } from '../src/simulation/rooms/base.ts';
import { drawRoom } from '../src/simulation/rooms/room.ts';
import { tabletopTokenizer } from './tabletop-tokenizer.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'embodiments-'));
after(() => fs.rmSync(root, { recursive: true }));

const HORIZON = 8;
const ACTION_SIZE = 20;

/** What Qwen-VLA's prompt says of each robot. */
const SENTENCES: Readonly<Record<string, RegExp>> = {
  tabletop: /^<.*The robot is vlakit tabletop with single arm\. The control frequency is 20 Hz\./s,
  'six-joint': /<\|ego_start\|>.*<\|cam_right_wrist_end\|>The robot is vlakit six-joint with single arm\..* 10 Hz\./s,
  'two-arms': /<\|ego_start\|>.*<\|cam_left_wrist_start\|>.*<\|cam_right_wrist_end\|>The robot is .* with dual arms\./s,
  rooms: /<\|ego_end\|>The robot is vlakit mobile base with mobile base\. The control frequency is 2 Hz\./s,
};

test('every built-in world has noise for its recordings', () => {
  assert.deepEqual(Object.keys(WORLD_ACTIONS), Object.keys(WORLDS));
});

for (const world of Object.keys(WORLDS)) {
  test(`${world}: a recording is read back, and its actions survive reference, quantiles and padding`, async () => {
    const folder = path.join(root, world);
    const { tasks } = WORLDS[world]!;
    const config = { ...recordingOf(world, Math.min(4, tasks.length), 5, 16), annotations: true };
    const { signal } = new AbortController();
    await recordDataset({ config, root: folder, existing: 'refuse', workers: 1, command: 'test', signal });
    const dataset = await openLeRobot(folder, { episodes: 'all' });
    const { embodiment } = dataset.info.raw['vlakit'] as { embodiment: Embodiment };
    const environment = await openWorld({ world, imageSize: 16 });
    assert.deepEqual(embodiment, JSON.parse(JSON.stringify(environment.embodiment)));
    await environment.close();
    assert.equal(dataset.fps, embodiment.controlHz);
    assert.deepEqual(
      dataset.cameras,
      embodiment.cameras.map(({ name }) => `observation.images.${name}`),
    );
    assert.ok((await dataset.annotation(0, 0))?.subtask !== undefined);

    const { reference } = WORLD_ACTIONS[world]!;
    const dim = embodiment.action.names.length;
    const states = await dataset.statistics('observation.state');
    const { index } = dataset.episodes.reduce((longest, one) => (one.length > longest.length ? one : longest));
    const state = await dataset.column('observation.state', index);
    const actions = await dataset.column('action', index);
    const length = actions.length / dim;
    assert.ok(length > HORIZON, `${length} frames`);
    const chunks = Array.from({ length: length - HORIZON }, (_, frame) => ({
      from: state.subarray(frame * embodiment.state.names.length, (frame + 1) * embodiment.state.names.length),
      actions: actions.subarray(frame * dim, (frame + HORIZON) * dim),
    }));
    const tokenizer = tabletopTokenizer();
    const codec = createCodec(
      designCodec(
        {
          embodiment,
          cameras: embodiment.cameras.map(({ name, width, height }) => ({
            name,
            steps: [],
            width,
            height,
            patch: 4,
            merge: 2,
            temporal: 1,
            augmentation: null,
          })),
          statistics: { state: states, action: statisticsOf(chunks.flatMap(related), dim) },
          normalisation: {
            state: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0 },
            action: { kind: 'quantile', epsilon: 1e-8, smallestRange: 0.02 },
          },
          clamp: 50,
          reference,
          stateSize: ACTION_SIZE,
          actionSize: ACTION_SIZE,
          horizon: HORIZON,
          prompt: qwenVlaPrompt,
          instructionTokens: 40,
          supervision: [],
        },
        tokenizer,
      ),
      tokenizer,
    );
    for (const chunk of chunks) {
      const encoded = codec.encodeActions(chunk.actions, chunk.from);
      const decoded = codec.decodeActions(encoded, chunk.from);
      chunk.actions.forEach((value, i) => assert.ok(Math.abs(decoded.data[i]! - value) < 1e-4, `${i}`));
      encoded.forEach((value, i) => {
        if (i % ACTION_SIZE >= dim) assert.equal(value, 0, 'padding is zero');
      });
    }
    const images = Object.fromEntries(
      await Promise.all(
        embodiment.cameras.map(async ({ name }) => [name, await dataset.image(`observation.images.${name}`, index, 0)]),
      ),
    );
    const isPad = Uint8Array.from({ length: HORIZON }, (_, h) => (h < HORIZON - 2 ? 0 : 1));
    const { from, actions: chunk } = chunks[0]!;
    const instruction = await dataset.instruction(index, 0);
    const sample = { images, state: from, instruction, actions: chunk, actionIsPad: isPad, supervision: {} };
    const batch = codec.collate([sample], null);
    const mask = batch['actionMask']!.data as Float32Array;
    mask.forEach((value, i) => {
      const [h, a] = [Math.floor(i / ACTION_SIZE), i % ACTION_SIZE];
      assert.equal(value, a < dim && h < HORIZON - 2 ? 1 : 0, `step ${h}, channel ${a}`);
    });
    const text = codec.config.prompt.parts
      .map((part) => (part.kind === 'text' ? part.text : `[${part.kind}]`))
      .join('');
    assert.match(text, SENTENCES[world]!);
    await dataset.close();

    function related({ from: start, actions: rows }: (typeof chunks)[number]): number[] {
      const values = Float64Array.from(rows);
      if (reference !== null) changeReference(values, start, reference);
      return [...values];
    }
  });
}

test('joint targets: absolute, delta and chunk-relative numbers are the same targets', () => {
  const random = new Random(2);
  const { reference } = WORLD_ACTIONS['six-joint']!;
  for (let draw = 0; draw < 50; draw++) {
    const state = Float32Array.from({ length: 7 }, () => random.range(-3, 3));
    const absolute = Float64Array.from({ length: HORIZON * 7 }, () => random.range(-6, 6));
    const ways = ['delta', 'relative-to-chunk-start'] as const;
    for (const to of ways) {
      const rows = absolute.slice();
      changeReference(rows, state, reference!, 'absolute', to);
      assert.ok(rows.some((value, i) => value !== absolute[i]));
      for (const other of ways) {
        const there = rows.slice();
        changeReference(there, state, reference!, to, other);
        changeReference(there, state, reference!, other, 'absolute');
        there.forEach((value, i) => assert.ok(Math.abs(value - absolute[i]!) < 1e-12));
      }
      // The gripper's command refers to nothing.
      rows.forEach((value, i) => i % 7 === 6 && assert.equal(value, absolute[i]));
    }
  }
});

test('two hands: absolute poses relative to the chunk’s first ones, and back, for each hand apart', () => {
  const random = new Random(3);
  const pose = (first: number, state: number): PoseChange => ({
    position: [first, first + 1, first + 2],
    rotation: [first + 3, first + 4, first + 5],
    format: 'axis-angle',
    statePosition: [state, state + 1, state + 2],
    stateRotation: [state + 3, state + 4, state + 5],
    stateFormat: 'axis-angle',
  });
  const hands = [pose(0, 0), pose(7, 8)];
  const draw = (count: number): Float64Array => Float64Array.from({ length: count }, () => random.range(-1, 1));
  for (let round = 0; round < 50; round++) {
    const [state, absolute] = [draw(16), draw(HORIZON * 14)];
    const rows = absolute.slice();
    for (const hand of hands) relatePose(rows, 14, state, hand);
    for (const hand of hands) unrelatePose(rows, 14, state, hand);
    rows.forEach((value, i) => {
      if ([3, 4, 5, 10, 11, 12].includes(i % 14)) return;
      assert.ok(Math.abs(value - absolute[i]!) < 1e-12);
    });
    for (let row = 0; row < HORIZON; row++) {
      for (const { rotation } of hands) {
        const read = (from: Float64Array) =>
          axisAngleToQuaternion(rotation.map((index) => from[14 * row + index]!) as unknown as Vector3);
        assert.ok(angleBetween(read(rows), read(absolute)) < 1e-7);
      }
    }
  }
});

test('waypoints: steps and poses are the same way, and the base ends where the poses say', () => {
  const random = new Random(4);
  for (let draw = 0; draw < 50; draw++) {
    const steps = Float64Array.from({ length: 3 * HORIZON }, () => random.range(-0.5, 0.5));
    const poses = chainWaypoints(steps);
    unchainWaypoints(poses).forEach((value, i) => assert.ok(Math.abs(value - steps[i]!) < 1e-12));
  }
  const room = drawRoom(random);
  // Small steps in the free space before the start.
  const steps = Array.from({ length: HORIZON }, (_, i) => [0.06, 0.02 * Math.sin(i), 0.1 * Math.cos(i)]);
  let pose = room.start;
  for (const step of steps) pose = drive(room, pose, step);
  const { x, y, heading } = relativePose(room.start, pose);
  const last = chainWaypoints(steps.flat()).slice(-3);
  [x, y, heading].forEach((value, i) => assert.ok(Math.abs(value - last[i]!) < 1e-9));
});

/** Exact statistics of rows of `dim` numbers. */
function statisticsOf(values: readonly number[], dim: number) {
  const columns = Array.from({ length: dim }, (_, d) =>
    values.filter((_, i) => i % dim === d).toSorted((a, b) => a - b),
  );
  const at = (share: number): number[] => columns.map((column) => column[Math.round(share * (column.length - 1))]!);
  const mean = columns.map((column) => column.reduce((sum, value) => sum + value, 0) / column.length);
  return { min: at(0), max: at(1), mean, std: mean.map(() => 1), q01: at(0.01), q99: at(0.99) };
}
