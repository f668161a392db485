/**
 * @file State in host memory: two buffers for each state vector; one is read while the other is written, then they change
 * places. Nothing is allocated or copied per run.
 */

import type * as ort from 'onnxruntime-node';
import { allocate, elementCount, type Tensor } from '../../base/tensor.ts';
import type { StateView } from '../passes/state-views.ts';
import { stateTypes, type CompiledGraph } from '../compile.ts';
import type { ResidentState } from './resident-state.ts';
import { wrap, type Ort } from './ort-tensor.ts';

/** One of the two buffers of all state, with its views as the graph feeds and fetches them. */
interface Side {
  readonly buffers: Readonly<Record<string, Tensor>>;
  readonly feeds: Readonly<Record<string, ort.Tensor>>;
  readonly fetches: Readonly<Record<string, ort.Tensor>>;
}

/** State of a session on the processor; zeros at first. */
export function hostState(library: Ort, compiled: CompiledGraph): ResidentState {
  const makeSide = (): Side => {
    const buffers: Record<string, Tensor> = {};
    for (const [name, { dtype, shape }] of stateTypes(compiled)) {
      buffers[name] = { dtype, shape, data: allocate(dtype, elementCount(shape)) } as Tensor;
    }
    const views = (list: readonly StateView[]): Record<string, ort.Tensor> =>
      Object.fromEntries(
        list.map(({ name, state, offset, shape }) => {
          const { dtype, data } = buffers[state]!;
          const view = data.subarray(offset, offset + elementCount(shape));
          return [name, wrap(library, { dtype, shape, data: view } as Tensor)];
        }),
      );
    return { buffers, feeds: views(compiled.reads), fetches: views(compiled.writes) };
  };
  let [reading, writing] = [makeSide(), makeSide()];
  return {
    get feeds() {
      return reading.feeds;
    },
    get fetches() {
      return writing.fetches;
    },
    advance() {
      [reading, writing] = [writing, reading];
    },
    read(name) {
      const { dtype, shape, data } = reading.buffers[name]!;
      return Promise.resolve({ dtype, shape, data: data.slice() } as Tensor);
    },
    write(name, value) {
      (reading.buffers[name]!.data as Float32Array).set(value.data as Float32Array);
    },
    close() {},
  };
}
