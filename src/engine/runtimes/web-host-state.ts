/**
 * @file State of a session on WebAssembly: one buffer of the page's memory per state vector. ONNX Runtime computes in memory of
 * its own, so each run copies the state in and out; nothing else does.
 */

import type * as ort from 'onnxruntime-node';
import { allocate, elementCount, type Tensor } from '../../base/tensor.ts';
import { stateTypes, type CompiledGraph } from '../compile.ts';
import type { ResidentState } from './resident-state.ts';
import { unwrap, wrap, type Ort } from './ort-tensor.ts';

/** State of a session on the processor, in a browser; zeros at first. */
export function webHostState(library: Ort, compiled: CompiledGraph): ResidentState {
  const buffers: Record<string, Tensor> = {};
  for (const [name, { dtype, shape }] of stateTypes(compiled)) {
    buffers[name] = { dtype, shape, data: allocate(dtype, elementCount(shape)) } as Tensor;
  }
  const set = (state: string, data: Tensor['data'], offset: number): void =>
    (buffers[state]!.data as Float32Array).set(data as Float32Array, offset);
  const feeds: Record<string, ort.Tensor> = Object.fromEntries(
    compiled.reads.map(({ name, state, offset, shape }) => {
      const { dtype, data } = buffers[state]!;
      const view = data.subarray(offset, offset + elementCount(shape));
      return [name, wrap(library, { dtype, shape, data: view } as Tensor)];
    }),
  );
  return {
    feeds,
    fetches: Object.fromEntries(compiled.writes.map(({ name }) => [name, null])),
    advance(results) {
      for (const { name, state, offset } of compiled.writes) set(state, unwrap(results[name]!).data, offset);
    },
    read(name) {
      const { dtype, shape, data } = buffers[name]!;
      return Promise.resolve({ dtype, shape, data: data.slice() } as Tensor);
    },
    write: (name, value) => set(name, value.data, 0),
    close() {},
  };
}
