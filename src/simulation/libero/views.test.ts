/** @file Pictures drawn from the physics model’s poses are those of the whole model, mirrored. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { LIBERO_CAMERAS, liberoScene, liberoShots } from '../../../tests/libero-scene.ts';
import { composedTask, composedTasks, packFiles } from '../../../tests/libero-tasks.ts';
import { skipReason } from '../../../tests/shared-data.ts';
import { loadMujoco } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import { cameraOf } from '../rendering/camera.ts';
import { classicLights } from '../rendering/classic/lights.ts';
import { posesOf } from '../rendering/classic/poses.ts';
import { ClassicRenderer } from '../rendering/classic/renderer.ts';
import { reduceScene } from '../rendering/classic/reduce.ts';
import { classicScene } from '../rendering/classic/scene.ts';
import { modelFiles, physicsXml } from './physics-model.ts';
import { openRenderer } from './renderers.ts';
import { LiberoViews } from './views.ts';
import { SEEN_GROUPS, visualModel } from './visual-model.ts';

const SIZE = 128;

test('a picture from two half models is the whole model’s, mirrored', { skip: skipReason('libero') }, async () => {
  const mujoco = await loadMujoco();
  const shot = liberoShots()[0]!;
  const [suite, name] = composedTasks().find(([, task]) => task === shot)!;
  const task = composedTask(suite, name);
  const whole = liberoScene(mujoco, name);
  const xml = physicsXml(task.xml);
  const physics = Sim.fromXml(mujoco, xml, { files: modelFiles(packFiles, xml) });
  for (const field of ['body_pos', 'body_quat'] as const) physics.model(field).set(whole.model(field));
  for (const field of ['qpos', 'qvel'] as const) physics.data(field).set(whole.data(field));
  physics.forward();
  const views = new LiberoViews(await openRenderer('cpu', SIZE));
  const images = await views.render(physics, visualModel(mujoco, packFiles, task), new Set());
  views.close();
  const renderer = new ClassicRenderer({ width: SIZE, height: SIZE });
  const scene = reduceScene(classicScene(whole, { geomGroups: SEEN_GROUPS, primitiveCoordinates: 'generated' }));
  for (const camera of LIBERO_CAMERAS) {
    const view = cameraOf(whole, whole.id('camera', camera));
    const { data } = renderer.render(scene, posesOf(whole), view, classicLights(whole));
    let different = 0;
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const [here, there] = [3 * (y * SIZE + x), 3 * (y * SIZE + SIZE - 1 - x)];
        for (let c = 0; c < 3; c++) {
          if (Math.abs(data[here + c]! - images[camera]!.data[there + c]!) > 2) different++;
        }
      }
    }
    // Rounding of poses may move a sample over an edge.
    assert.ok(different < 20, `${camera}: ${different} of ${data.length} bytes differ`);
  }
  physics.close();
  whole.close();
});
