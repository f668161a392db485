/** @file A scene's picture by the CPU and by WebGPU, in a browser and in Node. */

import { loadMujoco } from '../../src/simulation/mujoco/module.ts';
import { Sim } from '../../src/simulation/mujoco/sim.ts';
import { cameraOf } from '../../src/simulation/rendering/camera.ts';
import { classicLights } from '../../src/simulation/rendering/classic/lights.ts';
import { posesOf } from '../../src/simulation/rendering/classic/poses.ts';
import { ClassicRenderer } from '../../src/simulation/rendering/classic/renderer.ts';
import { classicScene } from '../../src/simulation/rendering/classic/scene.ts';
import { openDevice } from '../../src/simulation/rendering/classic/webgpu/device.ts';
import { WebGpuRenderer } from '../../src/simulation/rendering/classic/webgpu/renderer.ts';

/** Bytes of the picture; by WebGPU only where it is. */
interface Drawn {
  readonly cpu: number[];
  readonly webgpu: number[] | null;
}

/** What the camera `eye` of a model without files sees, 128 × 96. */
export async function draw(xml: string, withWebGpu: boolean): Promise<Drawn> {
  const sim = Sim.fromXml(await loadMujoco(), xml);
  const groups = [0, 1, 2];
  const scene = classicScene(sim, { geomGroups: groups, siteGroups: groups });
  const size = { width: 128, height: 96 };
  const [poses, camera, lights] = [posesOf(sim), cameraOf(sim, sim.id('camera', 'eye')), classicLights(sim)];
  const cpu = [...new ClassicRenderer(size).render(scene, poses, camera, lights).data];
  let webgpu: number[] | null = null;
  if (withWebGpu) {
    const { device, close } = await openDevice();
    const renderer = await WebGpuRenderer.create(device, size);
    const [image] = await renderer.render(scene, poses, [camera], lights);
    webgpu = [...image!.data];
    renderer.close();
    close();
  }
  sim.close();
  return { cpu, webgpu };
}
