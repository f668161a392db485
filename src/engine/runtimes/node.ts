/** @file Sessions on ONNX Runtime in Node (onnxruntime-node): the processor, or a graphics card through WebGPU. */

import type * as ort from 'onnxruntime-node';
import { VlaError, lookUp } from '../../base/errors.ts';
import { loadOptional } from '../../base/optional.ts';
import { allocate, elementCount, type Data, type DType, type Tensor } from '../../base/tensor.ts';
import type { CompiledGraph } from '../compile.ts';
import type { StateView } from '../passes/state-views.ts';
import { bindFeeds, visibleTypes, type CompiledSessionOptions, type Session } from '../session.ts';

const TO_ORT: Readonly<Partial<Record<DType, ort.Tensor.Type>>> = {
  f64: 'float64',
  f32: 'float32',
  f16: 'float16',
  i64: 'int64',
  i32: 'int32',
  i8: 'int8',
  u8: 'uint8',
  bool: 'bool',
};
const FROM_ORT = Object.fromEntries(Object.entries(TO_ORT).map(([ours, theirs]) => [theirs, ours])) as Record<
  string,
  DType
>;

type Ort = typeof ort;

function wrap(library: Ort, content: Tensor): ort.Tensor {
  const type = TO_ORT[content.dtype];
  if (type === undefined) {
    throw new VlaError('unsupported', `session: ${content.dtype} tensors cannot be fed or fetched.`, {
      hint: 'Keep them as weights, or cast at the edge of the graph.',
    });
  }
  return new library.Tensor(type, content.data as never, content.shape);
}

function unwrap(result: ort.Tensor): Tensor {
  return { dtype: FROM_ORT[result.type]!, shape: result.dims, data: result.data as unknown as Data } as Tensor;
}

/** One of the two buffers of all state, with its views as the graph feeds and fetches them. */
interface Side {
  readonly buffers: Readonly<Record<string, Tensor>>;
  readonly feeds: Readonly<Record<string, ort.Tensor>>;
  readonly fetches: Readonly<Record<string, ort.Tensor>>;
}

/** A session on ONNX Runtime. */
export async function createNodeSession(compiled: CompiledGraph, options: CompiledSessionOptions): Promise<Session> {
  const library = await loadOptional('onnxruntime-node', 'Running a model', async () => {
    const module = await import('onnxruntime-node');
    return (module as unknown as { default?: Ort }).default ?? module;
  });
  const { inputs, state, reads, writes } = compiled;
  const session = await library.InferenceSession.create(compiled.onnx, {
    executionProviders: [compiled.runtime],
    graphOptimizationLevel: 'all',
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    ...(options.weightFolder === undefined
      ? {}
      : { extra: { session: { model_external_initializers_file_folder_path: options.weightFolder } } }),
  });
  const visible = visibleTypes(compiled, compiled);
  // Two buffers for each state: one is read while the other is written, then they change places. Nothing is allocated per run.
  const sides = [0, 1].map(() => {
    const buffers: Record<string, Tensor> = {};
    for (const name of Object.keys(state)) {
      const { dtype } = inputs[name]!;
      const shape = inputs[name]!.shape as readonly number[];
      buffers[name] = { dtype, shape, data: allocate(dtype, elementCount(shape)) } as Tensor;
    }
    const views = (list: readonly StateView[]): Record<string, ort.Tensor> =>
      Object.fromEntries(
        list.map(({ name, state: of, offset, shape }) => {
          const { dtype, data } = buffers[of]!;
          return [
            name,
            wrap(library, { dtype, shape, data: data.subarray(offset, offset + elementCount(shape)) } as Tensor),
          ];
        }),
      );
    return { buffers, feeds: views(reads), fetches: views(writes) };
  }) as [Side, Side];
  const write = (values: Readonly<Record<string, Tensor>>): void => {
    for (const [name, value] of Object.entries(values)) {
      const target = lookUp('session state', name, sides[0].buffers);
      if (target.data.length !== value.data.length || target.dtype !== value.dtype) {
        throw new VlaError(
          'bad-shape',
          `session state "${name}": expected ${target.data.length} × ${target.dtype}, got ${value.data.length} × ${value.dtype}.`,
        );
      }
      (target.data as Float32Array).set(value.data as Float32Array);
    }
  };
  write(options.initialState ?? {});
  const visibleOutputs = Object.keys(visible.outputs);
  let last: Promise<unknown> = Promise.resolve();

  async function runOnce(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    bindFeeds(visible.inputs, feeds);
    const all: Record<string, ort.Tensor> = { ...sides[0].feeds };
    for (const [name, fed] of Object.entries(feeds)) all[name] = wrap(library, fed);
    const fetches: Record<string, ort.Tensor | null> = { ...sides[1].fetches };
    for (const name of visibleOutputs) fetches[name] = null;
    const results = await session.run(all, fetches);
    sides.reverse();
    return Object.fromEntries(visibleOutputs.map((name) => [name, unwrap(results[name]!)]));
  }

  /** Runs and state access one after the other, in the order of the calls. */
  function inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  }

  return {
    ...visible,
    run: (feeds) => inTurn(() => runOnce(feeds)),
    readState: (names = Object.keys(state)) =>
      inTurn(() =>
        Object.fromEntries(
          names.map((name) => {
            const { dtype, shape, data } = lookUp('session state', name, sides[0].buffers);
            return [name, { dtype, shape, data: data.slice() } as Tensor];
          }),
        ),
      ),
    writeState: (values) => inTurn(() => write(values)),
    close: () => inTurn(() => session.release()),
  };
}
