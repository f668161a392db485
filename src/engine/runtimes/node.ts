/** @file Sessions on ONNX Runtime in Node (onnxruntime-node): the processor, or a graphics card through WebGPU. */

import type * as ort from 'onnxruntime-node';
import { VlaError, lookUp } from '../../base/errors.ts';
import { loadOptional } from '../../base/optional.ts';
import { allocate, elementCount, type Data, type DType, type Tensor } from '../../base/tensor.ts';
import type { Graph } from '../graph.ts';
import { toOnnx } from '../onnx/write.ts';
import { bindFeeds, visibleTypes, type Session, type SessionOptions } from '../session.ts';

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

/** A session on ONNX Runtime. */
export async function createNodeSession(graph: Graph, options: SessionOptions): Promise<Session> {
  const library = await loadOptional('onnxruntime-node', 'Running a model', async () => {
    const module = await import('onnxruntime-node');
    return (module as unknown as { default?: Ort }).default ?? module;
  });
  const pairs = Object.entries(options.state ?? {});
  const session = await library.InferenceSession.create(toOnnx(graph, options.weights), {
    executionProviders: [options.runtime],
    graphOptimizationLevel: 'all',
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    ...(options.weightFolder === undefined
      ? {}
      : { extra: { session: { model_external_initializers_file_folder_path: options.weightFolder } } }),
  });
  const visible = visibleTypes(graph, options);
  // Two buffers for each state: one is read while the other is written, then they change places. Nothing is allocated per run.
  const reading: Record<string, ort.Tensor> = {};
  const writing: Record<string, ort.Tensor> = {};
  for (const [name] of pairs) {
    const { dtype, shape } = graph.inputs[name]!;
    for (const side of [reading, writing]) {
      const data = allocate(dtype, elementCount(shape as number[]));
      side[name] = wrap(library, { dtype, shape: shape as number[], data } as Tensor);
    }
  }
  const write = (values: Readonly<Record<string, Tensor>>): void => {
    for (const [name, value] of Object.entries(values)) {
      const target = lookUp('session state', name, reading);
      if (target.size !== value.data.length || FROM_ORT[target.type] !== value.dtype) {
        throw new VlaError(
          'bad-shape',
          `session state "${name}": expected ${target.size} × ${FROM_ORT[target.type]}, got ${value.data.length} × ${value.dtype}.`,
        );
      }
      (target.data as unknown as Float32Array).set(value.data as Float32Array);
    }
  };
  write(options.initialState ?? {});
  const visibleOutputs = Object.keys(visible.outputs);
  let last: Promise<unknown> = Promise.resolve();

  async function runOnce(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    bindFeeds(visible.inputs, feeds);
    const all: Record<string, ort.Tensor> = { ...reading };
    for (const [name, fed] of Object.entries(feeds)) all[name] = wrap(library, fed);
    const fetches: Record<string, ort.Tensor | null> = Object.fromEntries(visibleOutputs.map((name) => [name, null]));
    for (const [name, next] of pairs) fetches[next] = writing[name]!;
    const results = await session.run(all, fetches);
    for (const [name] of pairs) [reading[name], writing[name]] = [writing[name]!, reading[name]!];
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
    readState: (names = Object.keys(reading)) =>
      inTurn(() =>
        Object.fromEntries(
          names.map((name) => {
            const { dtype, shape, data } = unwrap(lookUp('session state', name, reading));
            return [name, { dtype, shape, data: data.slice() } as Tensor];
          }),
        ),
      ),
    writeState: (values) => inTurn(() => write(values)),
    close: () => inTurn(() => session.release()),
  };
}
