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
import { ClassicRenderer, posesOf } from './renderer.ts';
import { classicScene } from './scene.ts';

const mujoco = await loadMujoco();

/** Decibels that every stored picture must reach; each reached 49 or more when this was written. */
const LIBERO_DECIBELS = 47;

test(
  'LIBERO scenes: both cameras of every stored picture as MuJoCo draws them',
  { skip: skipReason('libero') },
  async () => {
    const renderer = new ClassicRenderer({ width: 256, height: 256 });
    const shots = liberoShots();
    assert.equal(shots.length, 4);
    for (const task of shots) {
      const sim = liberoScene(mujoco, task);
      const scene = classicScene(sim, { geomGroups: LIBERO_GROUPS });
      for (const camera of LIBERO_CAMERAS) {
        const ours = renderer.render(scene, posesOf(sim), cameraOf(sim, sim.id('camera', camera)), classicLights(sim));
        const quality = psnr(ours.data, await readPng(liberoPicture(task, camera)));
        assert.ok(quality > LIBERO_DECIBELS, `${task}, ${camera}: ${quality.toFixed(2)} dB`);
      }
      sim.close();
    }
  },
);
