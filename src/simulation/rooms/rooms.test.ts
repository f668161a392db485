/** @file The rooms keep the contract of environments, and their own promises: collisions, stopping, sides, SPL. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { environmentContract, expertContract } from '../../../tests/contracts/environment.ts';
import type { NarratingEnvironment, Outcome } from '../../interfaces/environment.ts';
import { absolutePose, drive, relativePose } from './base.ts';
import { apartBy, distanceTo } from './planar.ts';
import { BASE_RADIUS, drawRoom, isFree, obstacles, wayThrough } from './room.ts';
import { createRooms } from './rooms.ts';
import { drawErrand, GOAL_RADIUS, placeBeside, ROOM_TASKS, SIDES } from './tasks.ts';

const open = (): Promise<NarratingEnvironment> => createRooms({ imageSize: 32 });
type Measured = NarratingEnvironment & { metrics(): Readonly<Record<string, number>> };

environmentContract('rooms', { open, unseenPerturbations: [] });
expertContract('rooms', open);

test('rooms: a pose relative to another one, and back, is the same pose', () => {
  const random = new Random(3);
  const pose = () => ({ x: random.range(-3, 3), y: random.range(-3, 3), heading: random.range(-3, 3) });
  for (let draw = 0; draw < 100; draw++) {
    const [origin, at] = [pose(), pose()];
    const back = absolutePose(origin, relativePose(origin, at));
    for (const key of ['x', 'y', 'heading'] as const) assert.ok(Math.abs(back[key] - at[key]) < 1e-12);
  }
});

test('rooms: however it is driven, the base runs into nothing, and only what is in the way stops it', () => {
  const random = new Random(4);
  let stopped = 0;
  for (let draw = 0; draw < 6; draw++) {
    const room = drawRoom(random);
    let pose = room.start;
    for (let tick = 0; tick < 150; tick++) {
      const waypoint = [random.range(-0.2, 0.9), random.range(-0.3, 0.3), random.range(-0.7, 0.7)];
      const next = drive(room, pose, waypoint);
      assert.ok(obstacles(room).every((polygon) => distanceTo(polygon, [next.x, next.y]) > BASE_RADIUS - 1e-9));
      assert.ok(Math.abs(next.x) < room.half[0] && Math.abs(next.y) < room.half[1]);
      const [dx, dy] = [Math.max(-0.5, Math.min(0.5, waypoint[0]!)), waypoint[1]!];
      const wanted = absolutePose(pose, { x: dx, y: dy, heading: 0 });
      const short = apartBy([next.x, next.y], [wanted.x, wanted.y]) > 1e-9;
      if (short) stopped++;
      else assert.ok(isFree(room, [wanted.x, wanted.y]));
      pose = next;
    }
  }
  assert.ok(stopped > 20, `${stopped} collisions`);
});

test('rooms: sides are those that are seen from the start', () => {
  const errand = drawErrand(ROOM_TASKS[1]!, new Random(8));
  const { room } = errand;
  for (const landmark of room.landmarks) {
    const seen = (side: string): { x: number; y: number } => {
      const [x, y] = placeBeside(
        room,
        landmark,
        SIDES.findIndex(({ name }) => name === side),
      );
      return relativePose(
        { ...room.start, heading: Math.atan2(landmark.y - room.start.y, landmark.x - room.start.x) },
        { x, y, heading: 0 },
      );
    };
    const far = apartBy([landmark.x, landmark.y], [room.start.x, room.start.y]);
    assert.ok(seen('left of').y > 0.5 && Math.abs(seen('left of').x - far) < 1e-9);
    assert.ok(seen('right of').y < -0.5);
    assert.ok(Math.abs(seen('in front of').y) < 1e-9 && seen('in front of').x < far - 0.5);
  }
});

test('rooms: success wants a stop at the goal; passing by is none', async () => {
  const environment = (await open()) as Measured;
  await environment.reset({ task: 'stop-beside', seed: 3 });
  const waypoints: Float32Array[] = [];
  let outcome: Outcome = 'running';
  while (outcome === 'running') {
    waypoints.push(environment.expert());
    outcome = await environment.step(waypoints.at(-1)!);
  }
  assert.equal(outcome, 'success');
  const { spl } = environment.metrics();
  assert.ok(spl! > 0.85 && spl! <= 1, `spl ${spl}`);
  // The same way without the stop at its end: still running.
  await environment.reset({ task: 'stop-beside', seed: 3 });
  for (const waypoint of waypoints.slice(0, -1)) outcome = await environment.step(waypoint);
  assert.equal(outcome, 'running');
  const { handPosition, goalPosition } = environment.privileged();
  assert.ok(Math.hypot(handPosition[0] - goalPosition![0], handPosition[1] - goalPosition![1]) < GOAL_RADIUS);
  await environment.reset({ task: 'go-to', seed: 3 });
  assert.equal(environment.metrics()['spl'], 0);
  await environment.close();
});

test('rooms: stopping at another landmark is judged wrong', async () => {
  const environment = await open();
  let judged = 0;
  for (let seed = 0; judged < 2; seed++) {
    await environment.reset({ task: 'stop-beside', seed });
    const { room, target, side } = drawErrand(ROOM_TASKS[1]!, new Random(seed, 100, 0));
    const other = [...room.landmarks.keys()].find((index) => index !== target);
    const [x, y] = placeBeside(room, room.landmarks[other!]!, side!);
    if (wayThrough(room, [room.start.x, room.start.y], [x, y])!.points.length > 2) continue;
    const goal = relativePose(room.start, { x, y, heading: 0 });
    let outcome: Outcome = 'running';
    while (outcome === 'running') {
      const [atX, atY, cosine, sine] = (await environment.observe()).state as unknown as number[];
      const [dx, dy] = [goal.x - atX!, goal.y - atY!];
      const off = Math.hypot(dx, dy);
      const share = off < 0.1 ? 0 : Math.min(1, 0.4 / off);
      outcome = await environment.step([share * (cosine! * dx + sine! * dy), share * (cosine! * dy - sine! * dx), 0]);
    }
    assert.equal(outcome, 'wrong', `seed ${seed}`);
    judged++;
  }
  await environment.close();
});
