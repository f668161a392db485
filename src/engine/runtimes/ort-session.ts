/** @file Runs a compiled graph on ONNX Runtime in this thread: what its Node and its browser build have in common. */

import type * as ort from 'onnxruntime-node';
import { VlaError, lookUp } from '../../base/errors.ts';
import type { Tensor } from '../../base/tensor.ts';
import type { CompiledGraph } from '../compile.ts';
import { bindFeeds, visibleTypes } from '../feeds.ts';
import type { CompiledSessionOptions, Session } from '../session-types.ts';
import { loadFailure, runFailure } from './ort-failures.ts';
import { unwrap, wrap, type Ort } from './ort-tensor.ts';
import type { ResidentState } from './resident-state.ts';

/** A build of ONNX Runtime, and how it is asked to run a graph. */
export interface OrtPlace {
  readonly library: Ort;
  readonly settings: ort.InferenceSession.SessionOptions & { readonly executionProviders: readonly [string] };
  /** Said when `webgpu` is asked for and the model cannot be loaded. */
  readonly webGpuHint: string;
  /** Where the graph's state lives between runs. */
  readonly state: ResidentState;
}

/** The session together with its state, for who needs to see where that lies between runs. */
export interface SessionWithState {
  readonly session: Session;
  readonly state: ResidentState;
}

/** Loads the model and puts the first state in its place. */
export async function openOrtSession(
  compiled: CompiledGraph,
  { initialState = {} }: CompiledSessionOptions,
  { library, settings, webGpuHint, state }: OrtPlace,
): Promise<SessionWithState> {
  const [provider] = settings.executionProviders;
  const { inputs, outputs } = visibleTypes(compiled, compiled);
  const model = await library.InferenceSession.create(compiled.onnx, {
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(compiled.runtime === 'webgpu' ? { preferredOutputLocation: stateOnDevice(compiled) } : {}),
    ...settings,
  }).catch((cause: unknown) => {
    throw loadFailure(provider, cause, webGpuHint);
  });
  const visible = Object.keys(outputs);
  const write = (values: Readonly<Record<string, Tensor>>): void => {
    checkState(compiled, values);
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
      throw runFailure(provider, cause);
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

function stateOnDevice({ writes }: CompiledGraph): Record<string, 'gpu-buffer'> {
  return Object.fromEntries(writes.map(({ name }) => [name, 'gpu-buffer' as const]));
}

/** Throws unless every value is of a state, and of its type. */
function checkState(compiled: CompiledGraph, values: Readonly<Record<string, Tensor>>): void {
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
}
