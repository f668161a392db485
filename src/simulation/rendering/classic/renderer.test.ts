/** @file MuJoCo's classic renderer on the CPU against the pictures of MuJoCo itself: whole LIBERO scenes, where their files are. */

import assert from 'node:assert/strict';
import test from 'node:test';
import {
  LIBERO_CAMERAS,
  LIBERO_GROUPS,
  liberoPicture,
  liberoScene,
  liberoShots,
} from '../../../../tests/libero-scene.ts';
import { psnr, readPng } from '../../../../tests/pictures.ts';
import { skipReason } from '../../../../tests/shared-data.ts';
import { loadMujoco } from '../../mujoco/module.ts';
import { cameraOf } from '../camera.ts';
import { classicLights } from './lights.ts';
import { posesOf } from './poses.ts';
import { reduceScene } from './reduce.ts';
import { ClassicRenderer } from './renderer.ts';
import { decodeScene, encodeScene } from './scene-file.ts';
import { classicScene } from './scene.ts';

const mujoco = await loadMujoco();

/** Decibels that every stored picture must reach; each reached 49 or more when this was written. */
const FULL_DECIBELS = 48;
/** The same with reduced meshes, stored in 16 bits; they reached 35 to 40. */
const REDUCED_DECIBELS = 34;

test(
  'LIBERO scenes: both cameras of every stored picture as MuJoCo draws them, also with reduced meshes from a file',
  { skip: skipReason('libero') },
  async () => {
    const renderer = new ClassicRenderer({ width: 256, height: 256 });
    const shots = liberoShots();
    assert.equal(shots.length, 4);
    for (const task of shots) {
      const sim = liberoScene(mujoco, task);
      const full = classicScene(sim, { geomGroups: LIBERO_GROUPS });
      const reduced = decodeScene(encodeScene(reduceScene(full)));
      const triangles = [full, reduced].map(({ drawables }) =>
        drawables.reduce((sum, { geometry }) => sum + geometry.indices.length / 3, 0),
      );
      assert.ok(triangles[1]! < triangles[0]! / 4, triangles.join(' '));
      for (const camera of LIBERO_CAMERAS) {
        const theirs = await readPng(liberoPicture(task, camera));
        for (const [scene, bound] of [
          [full, FULL_DECIBELS],
          [reduced, REDUCED_DECIBELS],
        ] as const) {
          const view = cameraOf(sim, sim.id('camera', camera));
          const quality = psnr(renderer.render(scene, posesOf(sim), view, classicLights(sim)).data, theirs);
          assert.ok(quality > bound, `${task}, ${camera}: ${quality.toFixed(2)} dB`);
        }
      }
      sim.close();
    }
  },
);
