/** @file Says whether a WebGPU device has 16-bit floats (shader-f16), by asking it to add two. */

import { add, input, output, trace } from '../index.ts';
import { hostNumbers } from '../host-array.ts';
import { createSession } from '../session.ts';

/** Why the `webgpu` runtime cannot compute in 16-bit floats on this machine, or false when it can. */
export async function halfFloatsMissing(): Promise<string | false> {
  const graph = trace(() => output('y', add(input('x', 'f16', [2]), 1)));
  try {
    const session = await createSession(graph, { runtime: 'webgpu' });
    try {
      await session.run({ x: { dtype: 'f16', shape: [2], data: hostNumbers('f16', [1, 2]) } });
      return false;
    } finally {
      await session.close();
    }
  } catch (cause) {
    return cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
  }
}
