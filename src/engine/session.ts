/** @file Sessions: a graph made ready to run on one runtime, with state that stays there between runs. */

import { VlaError, lookUp } from '../base/errors.ts';
import { shapeText } from './axis-size.ts';
import { checkArithmetic, compile, roundedProducts, type CompiledGraph } from './compile.ts';
import type { Graph } from './graph.ts';
import { requireMemory } from './memory-need.ts';
import { optimise } from './passes/optimise.ts';
import type { CompiledSessionOptions, Session, SessionOptions } from './session-types.ts';

/** Whether this is a page or a web worker. */
const inBrowser = 'window' in globalThis || 'WorkerGlobalScope' in globalThis;

/** Makes a graph ready to run. Throws `unsupported` where its weights need more memory than is free. */
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
  if (options.runtime === 'cpu' && options.weights !== undefined && !inBrowser) {
    const { availableMemory } = await import('./runtimes/node-memory.ts');
    requireMemory(graph, options, availableMemory());
  }
  const precision = options.weightPrecision ?? 'f32';
  if (precision === 'f32') return open(graph, options);
  const { prepareQuantised } = await import('./quantised-session.ts');
  const prepared = await prepareQuantised(graph, precision, options);
  try {
    const session = await open(prepared.graph, prepared.options);
    // Where a file that is being read cannot be removed (Windows), it can be when the session is closed.
    return { ...session, close: () => session.close().finally(prepared.done) };
  } finally {
    prepared.done();
  }
}

async function open(graph: Graph, options: SessionOptions): Promise<Session> {
  if (options.runtime === 'reference') {
    if (options.worker ?? false) {
      throw new VlaError('unsupported', 'session: expected runtime cpu or webgpu for a worker, got reference.');
    }
    const { createReferenceSession } = await import('./runtimes/reference.ts');
    const { arithmetic = 'f32' } = options;
    checkArithmetic(arithmetic);
    return createReferenceSession(arithmetic === 'f16' ? roundedProducts(optimise(graph), false) : graph, options);
  }
  return createCompiledSession(compile(graph, { ...options, runtime: options.runtime }), options);
}

/** Makes a compiled graph ready to run, in this thread or in another than the one that traced it. */
export async function createCompiledSession(
  compiled: CompiledGraph,
  options: CompiledSessionOptions = {},
): Promise<Session> {
  if (inBrowser) {
    if (options.worker ?? false) {
      throw new VlaError('unsupported', 'session: expected "worker" to be false in a browser, got true.', {
        hint: 'Make the session inside a web worker of your own; the whole policy runs there.',
      });
    }
    const { openSession } = await import('./runtimes/web-session.ts');
    return openSession(compiled, options);
  }
  if (options.worker ?? false) {
    const { openWorkerSession } = await import('./runtimes/node-worker.ts');
    return openWorkerSession(compiled, options);
  }
  const { openSession } = await import('./runtimes/node-session.ts');
  return openSession(compiled, options);
}
