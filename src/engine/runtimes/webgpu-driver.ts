/** @file Says whether WebGPU can run here, by running a one-node graph on it. */

import { input, neg, output, trace } from '../index.ts';
import { createSession } from '../session.ts';
import { f32 } from '../../base/tensor.ts';

/** Why the `webgpu` runtime cannot run on this machine, or false when it can. */
export async function webGpuMissing(): Promise<string | false> {
  try {
    const graph = trace(() => output('y', neg(input('x', 'f32', [1]))));
    const session = await createSession(graph, { runtime: 'webgpu' });
    await session.run({ x: f32([1]) });
    await session.close();
    return false;
  } catch (cause) {
    return `no WebGPU here: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`;
  }
}
