/** @file Where narration says a point is, against the pictures: painted fingers are found there. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { loadMujoco } from '../mujoco/module.ts';
import { lightsOf } from '../rendering/lights.ts';
import { Random } from '../../base/random.ts';
import { sevenJointArm } from './arm-model.ts';
import { sceneSentence } from './narration.ts';
import { blocksScene } from './scenes.ts';
import { Views } from './views.ts';
import { World } from './world.ts';

const SIZE = 128;

test('the hand is drawn where it is located, in both cameras', async () => {
  const scene = { ...blocksScene(new Random(1)), target: 0, alternatives: [] };
  const world = new World(
    await loadMujoco(),
    scene.objects.map(({ shape }) => shape),
    sevenJointArm,
  );
  const views = new Views(['front', 'wrist'], SIZE);
  for (const position of [
    [0.5, 0, 0.15],
    [0.47, 0.1, 0.13],
    [0.56, -0.09, 0.2],
  ] as const) {
    world.arrange(scene, [{ position, yaw: 0.2 }]);
    for (const pad of ['pad1', 'pad2']) world.drawable(pad).rgba.set([1, 0, 1]);
    world.sim.forward();
    const images = views.render(world, lightsOf(world.sim));
    const located = views.locator(world)(world.robot.position());
    for (const [camera, { data }] of Object.entries(images)) {
      const pixels: [number, number][] = [];
      for (let i = 0; i < SIZE * SIZE; i++) {
        const [red, green, blue] = data.subarray(3 * i, 3 * i + 3);
        if (red! > 60 && blue! > 60 && green! < red! / 3) pixels.push([(i % SIZE) + 0.5, Math.floor(i / SIZE) + 0.5]);
      }
      assert.ok(pixels.length > 20, `${camera}: ${pixels.length} pixels of fingers`);
      const [x, y] = [0, 1].map((k) => located[camera]![k]! * SIZE) as [number, number];
      // The grip site lies between the pads, near their tips: inside of what is painted, left to right and top to bottom.
      const span = (k: number): [number, number] => [
        Math.min(...pixels.map((pixel) => pixel[k]!)),
        Math.max(...pixels.map((pixel) => pixel[k]!)),
      ];
      const [[left, right], [top, bottom]] = [span(0), span(1)];
      const spot = `${camera}: ${x.toFixed(1)}, ${y.toFixed(1)} in ${left} to ${right}, ${top} to ${bottom}`;
      assert.ok(x > left && x < right && y > top && y < bottom, spot);
      assert.ok(Math.abs(x - (left + right) / 2) < 0.25 * (right - left) + 2, spot);
    }
  }
  world.sim.close();
});

test('a scene is told by its things, with "and" before the last', () => {
  const cube = { shape: 'cube', colour: 'red', x: 0, y: 0, yaw: 0 } as const;
  const zone = { rgb: [0.1, 0.1, 0.12], x: 0, y: 0 } as const;
  assert.equal(sceneSentence({ objects: [cube], marks: [] }), 'A red cube is on the table.');
  assert.equal(sceneSentence({ objects: [cube], marks: [zone] }), 'A red cube and a dark zone are on the table.');
});
