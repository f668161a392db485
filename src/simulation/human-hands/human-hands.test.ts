/** @file Made-up hands: bones keep their lengths and mirror, motions are smooth, things are where the hands leave them. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { normaliseQuaternion, quaternionToMatrix, type Quaternion, type Vector3 } from '../../base/rotation.ts';
import { drawHandEpisode, HAND_HZ, HAND_SUBTASKS, THING_HALF } from './episode.ts';
import { handAt, minimumJerk, type HandKey } from './motion.ts';
import { posture } from './postures.ts';
import { alongBone, BONE_LENGTHS, BONES, bonesOf } from './skeleton.ts';
import { HandsView } from './view.ts';

const random = new Random(9);
const numbers = (count: number): Float64Array => Float64Array.from({ length: count }, () => 0.5 * random.normal());
const apart = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((value, k) => value - b[k]!));

test('bones have their lengths and hang together, whatever the joints; a left hand is the mirror image', () => {
  const still = { position: [0, 0, 0] as Vector3, rotation: [1, 0, 0, 0] as Quaternion };
  for (let draw = 0; draw < 20; draw++) {
    const joints = numbers(45);
    const wrist = {
      position: [...numbers(3)] as unknown as Vector3,
      rotation: normaliseQuaternion([...numbers(4)] as unknown as Quaternion),
    };
    const bones = bonesOf('right', wrist, joints);
    assert.equal(bones.length, BONES);
    for (const [i, bone] of bones.entries()) {
      assert.ok(Math.abs(apart(bone.from, bone.to) - BONE_LENGTHS[i]!) < 1e-12);
      if (i % 3 > 0) assert.deepEqual(bone.from, bones[i - 1]!.to);
      const matrix = alongBone(bone);
      [2, 5, 8].forEach((at, k) => {
        assert.ok(Math.abs(matrix[at]! - (bone.to[k]! - bone.from[k]!) / BONE_LENGTHS[i]!) < 1e-9);
      });
    }
    const mirrored = joints.map((value, i) => (i % 3 === 1 ? value : -value));
    const [right, left] = [bonesOf('right', still, joints), bonesOf('left', still, mirrored)];
    for (const [i, { to }] of right.entries()) assert.ok(apart([to[0], -to[1], to[2]], left[i]!.to) < 1e-12);
  }
});

test('closing a hand brings fingertips to the palm’s side, and the thumb towards the fingers', () => {
  const flat = { position: [0, 0, 0] as Vector3, rotation: [1, 0, 0, 0] as Quaternion };
  const tips = (name: Parameters<typeof posture>[0]): Vector3[] =>
    bonesOf('right', flat, posture(name))
      .filter((_, i) => i % 3 === 2)
      .map(({ to }) => to);
  const [open, power, pinch] = [tips('open'), tips('power'), tips('pinch')];
  for (let finger = 0; finger < 4; finger++) {
    assert.ok(open[finger]![2] > -0.03 && power[finger]![2] < -0.04, `${open[finger]} ${power[finger]}`);
  }
  assert.ok(apart(pinch[4]!, pinch[0]!) < apart(open[4]!, open[0]!) - 0.03, 'thumb and index meet more than before');
});

test('stretches of minimum jerk begin and end at rest, without acceleration', () => {
  assert.deepEqual(
    [minimumJerk(-1), minimumJerk(0), minimumJerk(0.5), minimumJerk(1), minimumJerk(3)],
    [0, 0, 0.5, 1, 1],
  );
  const h = 1e-4;
  for (const end of [h, 1 - h]) {
    const [a, b, c] = [minimumJerk(end - h), minimumJerk(end), minimumJerk(end + h)];
    assert.ok(Math.abs(c - a) / (2 * h) < 1e-5 && Math.abs(a - 2 * b + c) / h ** 2 < 0.02);
  }
  const key = (x: number): HandKey => ({
    position: [x, 0, 0],
    rotation: normaliseQuaternion([1, x, 0, 0]),
    joints: new Float64Array(45).fill(x),
  });
  const stretches = [
    { to: key(1), seconds: 2, subtask: 'a', through: { joints: new Float64Array(45).fill(3), at: 0.5 } },
    { to: key(2), seconds: 1, subtask: 'b' },
  ];
  assert.deepEqual(handAt(key(0), stretches, 0).hand.position, [0, 0, 0]);
  assert.ok(Math.abs(handAt(key(0), stretches, 1).hand.joints[7]! - 3) < 1e-9, 'passes through');
  const { hand, subtask } = handAt(key(0), stretches, 2);
  assert.equal(subtask, 'b');
  assert.ok(Math.abs(hand.position[0] - 1) < 1e-12 && Math.abs(hand.joints[0]! - 1) < 1e-12);
  assert.ok(Math.abs(handAt(key(0), stretches, 99).hand.rotation[1] - key(2).rotation[1]) < 1e-9);
});

test('episodes: the thing is taken where it lies and put where it is asked, hands move like hands, all repeats', () => {
  let puts = 0;
  const hands = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const episode = drawHandEpisode(new Random(seed));
    assert.deepEqual(drawHandEpisode(new Random(seed)), episode);
    const { frames, things, pads, target, goal, instruction } = episode;
    const thing = things[target]!;
    assert.ok(instruction.includes(`${thing.colour} ${thing.shape}`), instruction);
    const side = /\b(left|right)\b/.exec(instruction)![1] as 'left' | 'right';
    hands.add(side);
    assert.ok(frames.length >= 12 && frames.length < 90, `${frames.length} frames`);
    assert.deepEqual(
      frames[0]!.things,
      things.map(({ position }) => position),
    );
    for (const [i, { subtask, hands: both }] of frames.entries()) {
      assert.ok(HAND_SUBTASKS.includes(subtask));
      if (i === 0) continue;
      for (const one of ['left', 'right'] as const) {
        const speed = apart(both[one].position, frames[i - 1]!.hands[one].position) * HAND_HZ;
        assert.ok(speed < 1.5, `${speed} m/s`);
        if (one !== side) assert.ok(speed < 0.2, 'the other hand rests');
      }
    }
    const grasped = frames.find(({ subtask }) => subtask === 'lift')!;
    const { position, rotation } = grasped.hands[side];
    const palm = quaternionToMatrix(rotation);
    assert.ok(apart(position, thing.position) < 0.2);
    assert.ok(palm[8] > 0.3, 'the palm looks down');
    const last = frames.at(-1)!;
    for (const [i, { position: start }] of things.entries()) if (i !== target) assert.deepEqual(last.things[i], start);
    if (goal === null) {
      assert.ok(last.things[target]![2] > thing.position[2] + 0.1);
      continue;
    }
    puts++;
    const [x, y] = pads[goal]!.position;
    assert.ok(apart(last.things[target]!, [x, y, THING_HALF[thing.shape]]) < 1e-9);
    // Nothing jumps on the way: not when it is taken, not when it is let go.
    for (let i = 1; i < frames.length; i++) {
      assert.ok(apart(frames[i]!.things[target]!, frames[i - 1]!.things[target]!) < 0.08, `seed ${seed}, frame ${i}`);
    }
  }
  assert.ok(puts > 10 && puts < 30 && hands.size === 2);
});

test('the camera sees both hands and the thing', () => {
  const episode = drawHandEpisode(new Random(3));
  const view = new HandsView(48, episode, new Random(3, 1));
  const first = view.render(episode.frames[0]!);
  const box = view.box(episode.target);
  assert.ok(box !== null && box[2] - box[0] > 0.02 && box[2] - box[0] < 0.3);
  const middle = view.render(episode.frames[Math.floor(episode.frames.length / 2)]!);
  assert.notDeepEqual(middle.data, first.data);
});
