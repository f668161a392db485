/** @file Tests of recording frame by frame: what was added is what the dataset holds, and bad frames are refused whole. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { withFolder } from '../../tests/small-dataset.ts';
import type { Embodiment, VectorSpec } from '../interfaces/embodiment.ts';
import type { Observation } from '../interfaces/observation.ts';
import { openLeRobot } from './lerobot/reader.ts';
import { createLeRobotWriter } from './lerobot/writer.ts';
import { cameraFeature, embodimentFeatures, recordEpisode } from './record.ts';

const vector = (names: readonly string[]): VectorSpec => ({
  names,
  convention: { rotation: 'none', frame: 'joint', gripper: 'none', reference: 'absolute', unit: 'si' },
});

const robot: Embodiment = {
  name: 'two-joint',
  cameras: [{ name: 'top', width: 4, height: 2 }],
  state: vector(['shoulder', 'elbow']),
  action: vector(['shoulder', 'elbow']),
  controlHz: 10,
  holdAction: null,
};

const observe = (frame: number, instruction = 'reach the cup'): Observation => ({
  images: { top: { width: 4, height: 2, data: new Uint8Array(24).fill(frame * 10) } },
  state: Float32Array.from([frame, frame / 4]),
  instruction,
});

describe('recording frame by frame', () => {
  test('the dataset holds what was added, with instructions and further features per frame', () =>
    withFolder(async (folder) => {
      const root = path.join(folder, 'set');
      const features = {
        ...embodimentFeatures(robot, 'image'),
        'supervision.phase': { dtype: 'int64' as const, shape: [1], names: null },
      };
      const writer = createLeRobotWriter({
        root,
        fps: robot.controlHz,
        robotType: robot.name,
        features,
        existing: 'refuse',
      });
      const recorder = recordEpisode(features);
      const shared = observe(0);
      for (let frame = 0; frame < 5; frame++) {
        // A driver may hand out the same memory again and again.
        shared.images['top']!.data.fill(frame * 10);
        shared.state.set([frame, frame / 4]);
        const instruction = frame < 3 ? 'reach the cup' : 'lift the cup';
        recorder.add({ ...shared, instruction }, [frame + 0.5, -frame], { 'supervision.phase': [frame >> 1] });
      }
      assert.equal(recorder.length, 5);
      await writer.addEpisode(recorder.episode());
      await writer.finish();
      const dataset = await openLeRobot(root, { episodes: 'all' });
      assert.deepEqual(dataset.episodes[0]!.tasks, ['reach the cup', 'lift the cup']);
      for (let frame = 0; frame < 5; frame++) {
        const image = await dataset.image(cameraFeature('top'), 0, frame);
        assert.ok(image.data.every((value) => value === frame * 10));
        assert.equal(await dataset.instruction(0, frame), frame < 3 ? 'reach the cup' : 'lift the cup');
      }
      assert.deepEqual([...(await dataset.column('observation.state', 0))].slice(6), [3, 0.75, 4, 1]);
      assert.deepEqual([...(await dataset.column('action', 0))].slice(0, 4), [0.5, -0, 1.5, -1]);
      assert.deepEqual([...(await dataset.column('supervision.phase', 0))], [0, 0, 1, 1, 2]);
      await dataset.close();
    }));

  test('a bad frame is refused and leaves the episode as it was', () => {
    const recorder = recordEpisode(embodimentFeatures(robot, 'video'));
    recorder.add(observe(0), [0, 0]);
    const { images, ...blind } = observe(1);
    const small = { width: 2, height: 2, data: new Uint8Array(12) };
    assert.ok(images['top']);
    assert.throws(() => recorder.add({ ...blind, images: {} }, [0, 0]), {
      code: 'bad-shape',
      message: /frame 1: expected a picture of 4 × 2 from camera "top", got none/,
    });
    assert.throws(() => recorder.add({ ...blind, images: { top: small } }, [0, 0]), /got 2 × 2/);
    assert.throws(() => recorder.add(observe(1), [0]), { code: 'bad-shape', message: /"action": expected 2 values/ });
    assert.throws(() => recorder.add(observe(1), [0, NaN]), { code: 'not-finite', message: /"action", dimension 1/ });
    assert.throws(() => recorder.add({ ...observe(1), state: new Float32Array([1, Infinity]) }, [0, 0]), {
      code: 'not-finite',
    });
    assert.equal(recorder.length, 1);
    assert.equal(recorder.episode().length, 1);
  });
});
