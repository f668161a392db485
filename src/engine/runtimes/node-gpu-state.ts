/** @file State on a graphics card: the buffers that one run writes are fed to the next and freed after it. */

import type * as ort from 'onnxruntime-node';
import { allocate, elementCount, type Tensor } from '../../base/tensor.ts';
import { input, output, trace, type TensorType } from '../graph.ts';
import { toOnnx } from '../onnx/write.ts';
import { stateTypes, type CompiledGraph } from '../compile.ts';
import type { ResidentState } from './resident-state.ts';
import { unwrap, wrap, type Ort } from './node-tensor.ts';

/** State of a session on WebGPU; zeros at first. The first run, and the first after `write`, uploads it. */
export function gpuState(library: Ort, compiled: CompiledGraph): ResidentState {
  const feeds: Record<string, ort.Tensor> = {};
  for (const [name, { dtype, shape }] of stateTypes(compiled)) {
    feeds[name] = wrap(library, { dtype, shape, data: allocate(dtype, elementCount(shape)) } as Tensor);
  }
  const fetches = Object.fromEntries(compiled.writes.map(({ name }) => [name, null]));
  const replace = (name: string, next: ort.Tensor): void => {
    if (feeds[name]!.location === 'gpu-buffer') feeds[name]!.dispose();
    feeds[name] = next;
  };
  return {
    feeds,
    fetches,
    advance(results) {
      for (const { name, state } of compiled.writes) replace(state, results[name]!);
    },
    async read(name) {
      const here = feeds[name]!;
      const content = unwrap(
        here.location === 'gpu-buffer' ? await download(library, compiled.inputs[name]!, here) : here,
      );
      return { ...content, data: content.data.slice() } as Tensor;
    },
    write(name, value) {
      replace(name, wrap(library, { ...value, data: value.data.slice() } as Tensor));
    },
    close() {
      for (const tensor of Object.values(feeds)) if (tensor.location === 'gpu-buffer') tensor.dispose();
    },
  };
}

/**
 * The content of a GPU buffer. onnxruntime-node 1.30 ends the process when `getData` is called on one, so a session that
 * copies its input to an output in host memory does the work.
 */
async function download(library: Ort, type: TensorType, buffer: ort.Tensor): Promise<ort.Tensor> {
  const graph = trace(() => output('y', input('x', type.dtype, type.shape)));
  const session = await library.InferenceSession.create(toOnnx(graph), { executionProviders: ['webgpu'] });
  const { y } = await session.run({ x: buffer });
  await session.release();
  return y!;
}
