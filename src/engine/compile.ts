/** @file A graph brought into the form that ONNX Runtime loads: optimised, its state cut into views, written as ONNX. */

import { VlaError } from '../base/errors.ts';
import type { DType } from '../base/tensor.ts';
import { checkElementTypes } from './element-types.ts';
import type { Graph, TensorType } from './graph.ts';
import { toOnnx } from './onnx/write.ts';
import { mergeCommonSubexpressions } from './passes/common-subexpressions.ts';
import { removeDeadCode } from './passes/dead-code.ts';
import { castLate } from './passes/late-casts.ts';
import { fuseAttention } from './passes/fuse-attention.ts';
import { halfArithmetic } from './passes/half-arithmetic.ts';
import { checkLegal } from './passes/legal.ts';
import { plainAttention } from './passes/plain-attention.ts';
import { plainSiluAtLoad } from './passes/load-time-silu.ts';
import { optimise } from './passes/optimise.ts';
import { avoidWebGpuGaps } from './passes/webgpu-gaps.ts';
import { simplify } from './passes/simplify.ts';
import { viewState, type StateView, type ViewedGraph } from './passes/state-views.ts';
import { tileVectors } from './passes/tile-vectors.ts';
import type { Arithmetic, Runtime, SessionOptions } from './session-types.ts';

/** A graph ready for `createCompiledSession`: plain data, which a worker thread can be sent. */
export interface CompiledGraph {
  readonly runtime: Exclude<Runtime, 'reference'>;
  readonly onnx: Uint8Array;
  /** Inputs and outputs of the graph as it was traced, state included. */
  readonly inputs: Readonly<Record<string, TensorType>>;
  readonly outputs: Readonly<Record<string, TensorType>>;
  readonly state: Readonly<Record<string, string>>;
  /** The parts of the state that the ONNX graph reads and writes. */
  readonly reads: readonly StateView[];
  readonly writes: readonly StateView[];
}

/** What a compiled graph depends on. */
export interface CompileOptions extends Pick<SessionOptions, 'state' | 'weights' | 'arithmetic'> {
  readonly runtime: CompiledGraph['runtime'];
}

/** Compiles a graph; `createSession` does this by itself. Throws `unsupported` for element types that the runtime cannot hold. */
export function compile(
  graph: Graph,
  { runtime, state = {}, weights = {}, ...options }: CompileOptions,
): CompiledGraph {
  checkElementTypes(runtime, graph.inputs, graph.outputs, state);
  const { arithmetic = 'f32' } = options;
  checkArithmetic(arithmetic);
  const half = arithmetic === 'f16';
  const optimised = optimise(graph);
  // On the processor a state vector is one buffer, and the graph reads and writes views of it.
  const viewed =
    runtime === 'cpu'
      ? viewState(tileVectors(forProcessor(half ? roundedProducts(optimised, true) : optimised, weights)), state)
      : wholeState(half ? roundedProducts(avoidWebGpuGaps(optimised), false) : avoidWebGpuGaps(optimised), state);
  checkLegal(viewed.graph, 'state views');
  return {
    runtime,
    onnx: toOnnx(viewed.graph, weights),
    inputs: typesOf(optimised.inputs),
    outputs: typesOf(optimised.outputs),
    state,
    reads: viewed.reads,
    writes: viewed.writes,
  };
}

/** The optimised graph with its products in 16-bit floats. */
export function roundedProducts(graph: Graph, keepRounding: boolean): Graph {
  const half = halfArithmetic(plainAttention(graph), { keepRounding });
  checkLegal(half, 'half arithmetic');
  return removeDeadCode(mergeCommonSubexpressions(half));
}

/** Throws `unsupported` for an arithmetic that there is not. */
export function checkArithmetic(arithmetic: Arithmetic): void {
  if (arithmetic === 'f32' || arithmetic === 'f16') return;
  throw new VlaError('unsupported', `session: expected arithmetic f32 or f16, got ${String(arithmetic)}.`, {
    hint:
      arithmetic === 'bf16'
        ? 'WebGPU’s shading language has no bfloat16. Use f16: weights that a file holds in bfloat16 are brought to it when the session opens.'
        : 'Weights in fewer bits are asked for with weightPrecision.',
  });
}

/** The state's names with their types. */
export function stateTypes(
  compiled: CompiledGraph,
): readonly (readonly [string, { readonly dtype: DType; readonly shape: readonly number[] }])[] {
  return Object.keys(compiled.state).map((name) => {
    const { dtype, shape } = compiled.inputs[name]!;
    return [name, { dtype, shape: shape as readonly number[] }];
  });
}

function typesOf(values: Readonly<Record<string, TensorType>>): Record<string, TensorType> {
  return Object.fromEntries(Object.entries(values).map(([name, { dtype, shape }]) => [name, { dtype, shape }]));
}

/** What kernels of the processor do better in another form. */
function forProcessor(graph: Graph, weights: NonNullable<CompileOptions['weights']>): Graph {
  const stored = Object.fromEntries(Object.entries(weights).map(([name, { dtype }]) => [name, dtype]));
  const fused = fuseAttention(graph);
  const tidy = fused === graph ? graph : removeDeadCode(mergeCommonSubexpressions(simplify(fused)));
  return plainSiluAtLoad(castLate(tidy, stored));
}

/** Each state as one input and one output. */
function wholeState(graph: Graph, state: Readonly<Record<string, string>>): ViewedGraph {
  const whole = (name: string, of: string): StateView => ({
    name,
    state: of,
    offset: 0,
    shape: graph.inputs[of]!.shape as readonly number[],
  });
  const names = Object.entries(state);
  return {
    graph,
    reads: names.map(([name]) => whole(name, name)),
    writes: names.map(([name, next]) => whole(next, name)),
  };
}
