/** @file Runs a compiled graph on ONNX Runtime in this thread (onnxruntime-node). */

import type * as ort from 'onnxruntime-node';
import { VlaError, lookUp } from '../../base/errors.ts';
import { loadOptional } from '../../base/optional.ts';
import type { Tensor } from '../../base/tensor.ts';
import type { CompiledGraph } from '../compile.ts';
import { bindFeeds, visibleTypes } from '../feeds.ts';
import type { CompiledSessionOptions, Session } from '../session-types.ts';
import { loadFailure, runFailure } from './node-failures.ts';
import { hostState } from './node-host-state.ts';
import { gpuState } from './node-gpu-state.ts';
import { unwrap, wrap, type Ort } from './node-tensor.ts';
import type { ResidentState } from './resident-state.ts';

/** Loads the model and puts the first state in its place. */
export async function openSession(compiled: CompiledGraph, options: CompiledSessionOptions): Promise<Session> {
  return (await openWithState(compiled, options)).session;
}

/** The session together with its state, for who needs to see where that lies between runs. */
export async function openWithState(
  compiled: CompiledGraph,
  options: CompiledSessionOptions,
): Promise<{ readonly session: Session; readonly state: ResidentState }> {
  const library = await loadOptional('onnxruntime-node', 'Running a model', async (): Promise<Ort> => {
    const module = await import('onnxruntime-node');
    return (module as unknown as { default?: Ort }).default ?? module;
  });
  const { runtime } = compiled;
  const { threads, weightFolder, initialState = {} } = options;
  const { inputs, outputs } = visibleTypes(compiled, compiled);
  const model = await createOrtSession(library, compiled.onnx, {
    executionProviders: [runtime],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(weightFolder === undefined
      ? {}
      : { extra: { session: { model_external_initializers_file_folder_path: weightFolder } } }),
    ...(runtime === 'webgpu'
      ? {
          preferredOutputLocation: Object.fromEntries(compiled.writes.map(({ name }) => [name, 'gpu-buffer' as const])),
        }
      : {}),
  });
  const state: ResidentState = runtime === 'webgpu' ? gpuState(library, compiled) : hostState(library, compiled);
  const visible = Object.keys(outputs);
  const write = (values: Readonly<Record<string, Tensor>>): void => {
    for (const [name, value] of Object.entries(values)) {
      lookUp('session state', name, compiled.state);
      const { dtype, shape } = compiled.inputs[name]!;
      if (value.dtype !== dtype || value.shape.join() !== shape.join()) {
        throw new VlaError(
          'bad-shape',
          `session state "${name}": expected ${dtype} [${shape.join(', ')}], got ${value.dtype} [${value.shape.join(', ')}].`,
        );
      }
    }
    for (const [name, value] of Object.entries(values)) state.write(name, value);
  };
  write(initialState);

  async function run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    bindFeeds(inputs, feeds);
    const all: Record<string, ort.Tensor> = { ...state.feeds };
    for (const [name, fed] of Object.entries(feeds)) all[name] = wrap(library, fed);
    const fetches: Record<string, ort.Tensor | null> = { ...state.fetches };
    for (const name of visible) fetches[name] = null;
    const results = await model.run(all, fetches).catch((cause: unknown) => {
      throw runFailure(runtime, cause);
    });
    state.advance(results);
    return Object.fromEntries(visible.map((name) => [name, unwrap(results[name]!)]));
  }

  let last: Promise<unknown> = Promise.resolve();
  /** Runs and state access one after the other, in the order of the calls. */
  function inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  }

  const session: Session = {
    inputs,
    outputs,
    run: (feeds) => inTurn(() => run(feeds)),
    readState: (names = Object.keys(compiled.state)) =>
      inTurn(async () => {
        const read: Record<string, Tensor> = {};
        for (const name of names) {
          lookUp('session state', name, compiled.state);
          read[name] = await state.read(name);
        }
        return read;
      }),
    writeState: (values) => inTurn(() => write(values)),
    close: () =>
      inTurn(async () => {
        state.close();
        await model.release();
      }),
  };
  return { session, state };
}

async function createOrtSession(
  library: Ort,
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return await library.InferenceSession.create(model, options);
  } catch (cause) {
    throw loadFailure((options.executionProviders as readonly [string])[0], cause);
  }
}
