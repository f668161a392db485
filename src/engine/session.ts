/** @file Sessions: a graph made ready to run on one runtime, with state that stays there between runs. */

import { VlaError, lookUp, nearestName } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { shapeText } from './axis-size.ts';
import { compile, type CompiledGraph } from './compile.ts';
import type { Graph, TensorType } from './graph.ts';
import type { WeightContent } from './onnx/write.ts';

/**
 * Where a graph runs. `cpu`: ONNX Runtime in this process. `webgpu`: the same on a graphics card. `reference`: plain
 * TypeScript, slow and exact.
 */
export type Runtime = 'cpu' | 'webgpu' | 'reference';

/** Where and how a graph runs. */
export interface SessionOptions {
  readonly runtime: Runtime;
  /** Threads within one operator (cpu); default: ONNX Runtime's choice, one per physical core. */
  readonly threads?: number;
  /** State: input name → name of the output that is that input's value in the next run. Fed from `initialState`. */
  readonly state?: Readonly<Record<string, string>>;
  /** First values of the state; zeros where absent. */
  readonly initialState?: Readonly<Record<string, Tensor>>;
  /** Contents of the graph's weights. */
  readonly weights?: Readonly<Record<string, WeightContent>>;
  /** The folder that `file` names in `weights` are relative to. */
  readonly weightFolder?: string;
  /**
   * Run in a worker thread, so that the calling thread stays free while the model computes (cpu, webgpu). Default false: ONNX
   * Runtime blocks the calling thread for the time of a run.
   */
  readonly worker?: boolean;
  /** Arithmetic of the `reference` runtime; default `f32`. */
  readonly precision?: 'f32' | 'f64';
}

/** A graph ready to run. Runs do not overlap: a run waits for the one before. */
export interface Session {
  /** What `run` must be fed: all inputs but the state. */
  readonly inputs: Readonly<Record<string, TensorType>>;
  /** What `run` returns: all outputs but the state. */
  readonly outputs: Readonly<Record<string, TensorType>>;
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** A copy of the state (all, or the named inputs). */
  readState(names?: readonly string[]): Promise<Record<string, Tensor>>;
  /** Replaces state. */
  writeState(state: Readonly<Record<string, Tensor>>): Promise<void>;
  close(): Promise<void>;
}

/** Makes a graph ready to run. */
export async function createSession(graph: Graph, options: SessionOptions): Promise<Session> {
  const state = options.state ?? {};
  for (const [name, next] of Object.entries(state)) {
    const before = lookUp('session state', name, graph.inputs);
    const after = lookUp(`session state "${name}"`, next, graph.outputs);
    if (before.dtype !== after.dtype || before.shape.join() !== after.shape.join()) {
      throw new VlaError(
        'bad-shape',
        `session state: expected "${next}" as ${before.dtype} ${shapeText(before.shape)}, got ${after.dtype} ${shapeText(after.shape)}.`,
      );
    }
    if (before.shape.some((dim) => typeof dim === 'string')) {
      throw new VlaError('bad-shape', `session state: "${name}" has named axes ${shapeText(before.shape)}.`);
    }
  }
  if (options.runtime === 'reference') {
    if (options.worker ?? false) {
      throw new VlaError('unsupported', 'session: expected runtime cpu or webgpu for a worker, got reference.');
    }
    const { createReferenceSession } = await import('./runtimes/reference.ts');
    return createReferenceSession(graph, options);
  }
  return createCompiledSession(compile(graph, { ...options, runtime: options.runtime }), options);
}

/** What a session of a compiled graph still needs to know. */
export type CompiledSessionOptions = Pick<SessionOptions, 'threads' | 'initialState' | 'weightFolder' | 'worker'>;

/** Makes a compiled graph ready to run, in this thread or in another than the one that traced it. */
export async function createCompiledSession(
  compiled: CompiledGraph,
  options: CompiledSessionOptions = {},
): Promise<Session> {
  if (options.worker ?? false) {
    const { openWorkerSession } = await import('./runtimes/node-worker.ts');
    return openWorkerSession(compiled, options);
  }
  const { openSession } = await import('./runtimes/node-session.ts');
  return openSession(compiled, options);
}

/** Inputs and outputs of a graph that are not state. */
export function visibleTypes(
  graph: Pick<CompiledGraph, 'inputs' | 'outputs'>,
  { state = {} }: Pick<SessionOptions, 'state'>,
): Pick<Session, 'inputs' | 'outputs'> {
  const hidden = new Set(Object.values(state));
  const pick = (all: Readonly<Record<string, TensorType>>, keep: (name: string) => boolean) =>
    Object.fromEntries(
      Object.entries(all)
        .filter(([name]) => keep(name))
        .map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
    );
  return {
    inputs: pick(graph.inputs, (name) => !Object.hasOwn(state, name)),
    outputs: pick(graph.outputs, (name) => !hidden.has(name)),
  };
}

/** Checks feeds against the inputs and returns what the named axes are in this run. */
export function bindFeeds(
  inputs: Readonly<Record<string, TensorType>>,
  feeds: Readonly<Record<string, Tensor>>,
): Record<string, number> {
  for (const name of Object.keys(feeds)) if (!Object.hasOwn(inputs, name)) lookUp('session: input', name, inputs);
  const sizes: Record<string, number> = {};
  for (const [name, type] of Object.entries(inputs)) {
    const fed = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
    if (fed === undefined) {
      const near = nearestName(name, Object.keys(feeds));
      throw new VlaError('not-found', `session: expected an input "${name}", got none.`, {
        hint: near === undefined ? `Feed ${Object.keys(inputs).join(', ')}.` : `There is "${near}".`,
      });
    }
    const fits =
      fed.dtype === type.dtype &&
      fed.shape.length === type.shape.length &&
      type.shape.every((dim, axis) => {
        const size = fed.shape[axis]!;
        return typeof dim === 'number' || !/^\w+$/.test(dim)
          ? dim === size || typeof dim === 'string'
          : (sizes[dim] ??= size) === size;
      });
    if (!fits) {
      throw new VlaError(
        'bad-shape',
        `session: input "${name}": expected ${type.dtype} ${shapeText(type.shape)}, got ${fed.dtype} ${shapeText(fed.shape)}.`,
      );
    }
  }
  return sizes;
}
