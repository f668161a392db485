/** @file State on a graphics card: the buffers that one run writes are fed to the next and freed after it. */

import type * as ort from 'onnxruntime-node';
import { allocate, elementCount, type Tensor } from '../../base/tensor.ts';
import type { TensorType } from '../graph.ts';
import { stateTypes, type CompiledGraph } from '../compile.ts';
import type { ResidentState } from './resident-state.ts';
import { unwrap, wrap, type Ort } from './ort-tensor.ts';

/** Brings the content of a GPU buffer to the host. */
export type Download = (type: TensorType, buffer: ort.Tensor) => Promise<ort.Tensor>;

/** State of a session on WebGPU; zeros at first. The first run, and the first after `write`, uploads it. */
export function gpuState(library: Ort, compiled: CompiledGraph, download: Download): ResidentState {
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
      const content = unwrap(here.location === 'gpu-buffer' ? await download(compiled.inputs[name]!, here) : here);
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
