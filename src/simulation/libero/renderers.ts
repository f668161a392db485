/** @file Who draws LIBERO's pictures: the CPU, whose bytes are the same everywhere, or WebGPU. */

import type { Image } from '../../interfaces/observation.ts';
import type { Camera } from '../rendering/camera.ts';
import type { ClassicLight } from '../rendering/classic/lights.ts';
import type { Poses } from '../rendering/classic/poses.ts';
import { ClassicRenderer } from '../rendering/classic/renderer.ts';
import type { ClassicScene } from '../rendering/classic/scene.ts';
import { openDevice } from '../rendering/classic/webgpu/device.ts';
import { WebGpuRenderer } from '../rendering/classic/webgpu/renderer.ts';

/** Their names. */
export const LIBERO_RENDERERS = ['cpu', 'webgpu'] as const;

/** One of them. */
export type LiberoRendererName = (typeof LIBERO_RENDERERS)[number];

/** Draws square images of one size. */
export interface LiberoRenderer {
  /** One fresh image per camera, of the moment of the call. */
  render(
    scene: ClassicScene,
    poses: Poses,
    cameras: readonly Camera[],
    lights: readonly ClassicLight[],
  ): Promise<Image[]>;
  close(): void;
}

/** `size`: side of the images, pixels. WebGPU rejects: `missing-package` in Node without it, `unsupported` without a driver. */
export async function openRenderer(name: LiberoRendererName, size: number): Promise<LiberoRenderer> {
  return name === 'cpu' ? onCpu(size) : onGpu(size);
}

function onCpu(size: number): LiberoRenderer {
  const renderer = new ClassicRenderer({ width: size, height: size });
  return {
    async render(scene, poses, cameras, lights) {
      return cameras.map((camera) => {
        const { width, height, data } = renderer.render(scene, poses, camera, lights);
        return { width, height, data: data.slice() };
      });
    },
    close() {},
  };
}

async function onGpu(size: number): Promise<LiberoRenderer> {
  const { device, close } = await openDevice();
  try {
    const renderer = await WebGpuRenderer.create(device, { width: size, height: size });
    return {
      render: (...shot) => renderer.render(...shot),
      close() {
        renderer.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}
