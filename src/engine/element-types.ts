/** @file Which element types may cross the edge of a graph on each runtime; what a runtime cannot take is refused by name. */

import { VlaError } from '../base/errors.ts';
import type { DType } from '../base/tensor.ts';
import type { TensorType } from './graph.ts';
import type { Runtime } from './session-types.ts';

/** ONNX Runtime's tensors on the host; bfloat16 exists there only as a weight. */
const FED: ReadonlySet<DType> = new Set<DType>(['f64', 'f32', 'f16', 'i64', 'i32', 'i8', 'u8', 'bool']);

/** What ONNX Runtime 1.30 keeps in a WebGPU buffer between runs. */
const IN_GPU_BUFFER: ReadonlySet<DType> = new Set<DType>(['f32', 'f16', 'i64', 'i32', 'u8', 'bool']);

/** Throws `unsupported` for an input, an output or a state whose element type the runtime cannot hold. */
export function checkElementTypes(
  runtime: Exclude<Runtime, 'reference'>,
  inputs: Readonly<Record<string, TensorType>>,
  outputs: Readonly<Record<string, TensorType>>,
  state: Readonly<Record<string, string>>,
): void {
  const check = (what: string, dtype: DType, allowed: ReadonlySet<DType>, hint: string): void => {
    if (allowed.has(dtype)) return;
    const list = [...allowed].join(', ');
    throw new VlaError('unsupported', `session: ${what}: expected one of ${list} on "${runtime}", got ${dtype}.`, {
      hint,
    });
  };
  for (const [kind, table] of Object.entries({ input: inputs, output: outputs })) {
    for (const [name, { dtype }] of Object.entries(table)) {
      check(`${kind} "${name}"`, dtype, FED, `Keep ${dtype} for weights, and cast at the edge of the graph.`);
    }
  }
  if (runtime !== 'webgpu') return;
  for (const name of Object.keys(state)) {
    const hint = 'Keep the state as another element type and cast it inside the graph, or run on "cpu".';
    check(`state "${name}"`, inputs[name]!.dtype, IN_GPU_BUFFER, hint);
  }
}
