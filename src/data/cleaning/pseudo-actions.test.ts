/** @file Tests of pseudo-actions: integrating them gives the states back, in both frames and all notations. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { FRONT, stateAt, withFolder, writeSmallDataset } from '../../../tests/small-dataset.ts';
import { writeVersion2 } from '../../../tests/small-version-2.ts';
import { Random } from '../../base/random.ts';
import {
  angleBetween,
  axisAngleToQuaternion,
  multiplyQuaternions,
  quaternionToAxisAngle,
  quaternionToEuler,
  quaternionToRotation6d,
  rotateVector,
  toXyzw,
  type Quaternion,
  type Vector3,
} from '../../base/rotation.ts';
import type { RotationFormat } from '../../codec/relative-pose.ts';
import { copyWithFeature, type AddedFeature } from '../lerobot/add-feature.ts';
import { openLeRobot } from '../lerobot/reader.ts';
import { parseLayout } from './motion-layout.ts';
import { pseudoActions } from './pseudo-actions.ts';

const WRITE: Record<RotationFormat, (q: Quaternion) => readonly number[]> = {
  'axis-angle': quaternionToAxisAngle,
  'euler-xyz': quaternionToEuler,
  'quaternion-wxyz': (q) => q,
  'quaternion-xyzw': toXyzw,
  'rotation-6d': quaternionToRotation6d,
};

describe('pseudo-actions', () => {
  for (const format of Object.keys(WRITE) as RotationFormat[]) {
    for (const frame of ['base', 'end-effector'] as const) {
      test(`states follow from their actions: ${format}, ${frame}`, () => {
        const random = new Random(11);
        const poses: { p: Vector3; q: Quaternion; grip: number; joint: number }[] = [];
        let q: Quaternion = axisAngleToQuaternion([0.3, -1, 2]);
        for (let t = 0; t < 40; t++) {
          const turn = [0, 1, 2].map(() => 0.4 * random.normal()) as unknown as Vector3;
          q = multiplyQuaternions(axisAngleToQuaternion(turn), q);
          // A quaternion and its negative are one rotation: recordings flip the sign now and then.
          if (random.uniform() < 0.3) q = q.map((value) => -value) as unknown as Quaternion;
          const p = [random.normal(), random.normal(), random.normal()] as const;
          poses.push({ p, q, grip: random.uniform(), joint: random.normal() });
        }
        const rows = poses.map(({ p, q, grip, joint }) => [joint, ...p, ...WRITE[format](q), grip]);
        const size = rows[0]!.length;
        const layout = parseLayout(`position@1,rotation@4:${format},gripper@${size - 1}`, null, size);
        const { names, of } = pseudoActions(layout, frame);
        assert.equal(names.length, 8);
        const actions = of(Float32Array.from(rows.flat()));
        let { p: at, q: turned, joint } = poses[0]!;
        for (let t = 0; t + 1 < poses.length; t++) {
          const a = actions.subarray(t * 8, (t + 1) * 8);
          const moved = [a[1]!, a[2]!, a[3]!] as const;
          const turn = axisAngleToQuaternion([a[4]!, a[5]!, a[6]!]);
          const step = frame === 'base' ? moved : rotateVector(turned, moved);
          at = [at[0] + step[0], at[1] + step[1], at[2] + step[2]];
          turned = frame === 'base' ? multiplyQuaternions(turn, turned) : multiplyQuaternions(turned, turn);
          joint += a[0]!;
          const next = poses[t + 1]!;
          assert.ok(Math.hypot(...[0, 1, 2].map((i) => at[i]! - next.p[i]!)) < 1e-4);
          assert.ok(angleBetween(turned, next.q) < 2e-3, `turn ${t}`);
          assert.ok(Math.abs(joint - next.joint) < 1e-4);
          assert.ok(Math.abs(a[7]! - next.grip) < 1e-6, 'the gripper is absolute');
        }
        const last = [...actions.subarray(-8)];
        assert.deepEqual(last.slice(0, 7).map(Math.abs), [0, 0, 0, 0, 0, 0, 0], 'the last frame holds still');
      });
    }
  }
});

describe('a dataset with one more feature', () => {
  const added: AddedFeature = {
    name: 'action.pseudo',
    feature: { dtype: 'float32', shape: [2], names: ['d_x', 'd_y'] },
    source: 'observation.state',
    of: (states) => pseudoActions(parseLayout('gripper@1', ['x', 'y'], 2), 'base').of(states),
    notes: { pseudoActions: { from: 'observation.state' } },
  };

  for (const [kind, write] of [
    ['v3.0 with pictures', (root: string) => writeSmallDataset(root, 'image', [6, 4, 5], { dataFileMegabytes: 0.001 })],
    ['v3.0 with video', (root: string) => writeSmallDataset(root, 'video', [6, 4])],
    ['v2.1', (root: string) => writeVersion2(root, 'v2.1', [6, 4])],
  ] as const) {
    test(`${kind}: everything else is as before`, () =>
      withFolder(async (folder) => {
        const [from, to] = [path.join(folder, 'from'), path.join(folder, 'to')];
        await write(from);
        await copyWithFeature(from, to, added);
        const [old, fresh] = [await openLeRobot(from, { episodes: 'all' }), await openLeRobot(to, { episodes: 'all' })];
        assert.deepEqual(fresh.features['action.pseudo'], added.feature);
        assert.deepEqual(fresh.episodes, old.episodes);
        for (const { index, length } of old.episodes) {
          for (const [name, { dtype }] of Object.entries(old.features)) {
            if (dtype === 'video' || dtype === 'image' || dtype === 'string') continue;
            assert.deepEqual(await fresh.column(name, index), await old.column(name, index), name);
          }
          for (const frame of [0, length - 1]) {
            assert.deepEqual(await fresh.image(FRONT, index, frame), await old.image(FRONT, index, frame));
            assert.equal(await fresh.instruction(index, frame), await old.instruction(index, frame));
          }
          const made = await fresh.column('action.pseudo', index);
          const wanted = Array.from({ length }, (_, t) => {
            const next = stateAt(index, Math.min(t + 1, length - 1));
            return [next[0]! - stateAt(index, t)[0]!, next[1]!];
          });
          assert.deepEqual(
            [...made].map((v) => v + 0),
            wanted.flat().map((v) => v + 0),
          );
        }
        const stats = JSON.parse(fs.readFileSync(path.join(to, 'meta', 'info.json'), 'utf8')) as { vlakit: object };
        assert.deepEqual((stats.vlakit as Record<string, unknown>)['pseudoActions'], { from: 'observation.state' });
        await Promise.all([old.close(), fresh.close()]);
      }));
  }

  test('refused: a folder that exists, a feature that exists, a source that does not', () =>
    withFolder(async (folder) => {
      const from = path.join(folder, 'from');
      await writeSmallDataset(from, 'image', [4]);
      const to = path.join(folder, 'to');
      await assert.rejects(copyWithFeature(from, folder, added), /expected a new folder/);
      await assert.rejects(copyWithFeature(from, to, { ...added, name: 'action' }), /without "action"/);
      await assert.rejects(copyWithFeature(from, to, { ...added, source: 'state' }), /expected a feature "state"/);
      await assert.rejects(
        copyWithFeature(from, to, {
          ...added,
          of: () => {
            throw new Error('broken');
          },
        }),
        /broken/,
      );
      assert.ok(!fs.existsSync(to), 'a failure leaves no folder');
      assert.deepEqual(fs.readdirSync(folder), ['from']);
    }));
});
