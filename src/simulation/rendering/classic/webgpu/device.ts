/** @file A device that draws: the browser's own WebGPU, or in Node that of the npm package webgpu (Dawn). */

import { VlaError } from '../../../../base/errors.ts';
import { loadOptional } from '../../../../base/optional.ts';

/** A device and its end. */
export interface OpenDevice {
  readonly device: GPUDevice;
  /** The adapter in words, for people. */
  readonly name: string;
  /** Gives everything on it back. */
  close(): void;
}

/** Opens the fastest adapter. Rejects: `missing-package` in Node without the package, `unsupported` where there is no driver. */
export async function openDevice(): Promise<OpenDevice> {
  const gpu = await findGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new VlaError('unsupported', 'WebGPU renderer: expected an adapter, got none.', {
      hint: 'It needs a graphics driver (in Node on Linux: Vulkan, which vulkaninfo shows). The renderer on the CPU needs none.',
    });
  }
  const device = await adapter.requestDevice();
  const { vendor, architecture, description } = adapter.info;
  const name = [vendor, architecture, description].filter((word) => word !== '').join(' ');
  return { device, name, close: () => device.destroy() };
}

/** Dawn's entry, kept: when it is collected, its devices crash (webgpu 0.6.2). */
let dawn: GPU | null = null;

async function findGpu(): Promise<GPU> {
  const own = (globalThis.navigator as Partial<Navigator> | undefined)?.gpu;
  if (own !== undefined) return own;
  const { create } = await loadOptional('webgpu', 'Drawing with WebGPU in Node', () => import('webgpu'));
  return (dawn ??= create([]));
}
