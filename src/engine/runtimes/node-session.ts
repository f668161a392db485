/** @file Runs a compiled graph on ONNX Runtime in this thread of Node (onnxruntime-node). */

import type * as ort from 'onnxruntime-node';
import { loadOptional } from '../../base/optional.ts';
import { input, output, trace, type TensorType } from '../graph.ts';
import type { CompiledGraph } from '../compile.ts';
import { toOnnx } from '../onnx/write.ts';
import type { CompiledSessionOptions, Session } from '../session-types.ts';
import { hostState } from './node-host-state.ts';
import { gpuState } from './ort-gpu-state.ts';
import { openOrtSession, type SessionWithState } from './ort-session.ts';
import type { Ort } from './ort-tensor.ts';

const WEBGPU_HINT =
  'WebGPU needs a Vulkan driver (libvulkan and a graphics card, or SwiftShader); the CPU does without.';

/** Loads the model and puts the first state in its place. */
export async function openSession(compiled: CompiledGraph, options: CompiledSessionOptions): Promise<Session> {
  return (await openWithState(compiled, options)).session;
}

/** The session together with its state, for who needs to see where that lies between runs. */
export async function openWithState(
  compiled: CompiledGraph,
  options: CompiledSessionOptions,
): Promise<SessionWithState> {
  const library = await loadOptional('onnxruntime-node', 'Running a model', async (): Promise<Ort> => {
    const module = await import('onnxruntime-node');
    return (module as unknown as { default?: Ort }).default ?? module;
  });
  const { threads, weightFolder } = options;
  return openOrtSession(compiled, options, {
    library,
    settings: {
      executionProviders: [compiled.runtime],
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      ...(weightFolder === undefined
        ? {}
        : { extra: { session: { model_external_initializers_file_folder_path: weightFolder } } }),
    },
    webGpuHint: WEBGPU_HINT,
    state:
      compiled.runtime === 'webgpu'
        ? gpuState(library, compiled, (type, buffer) => download(library, type, buffer))
        : hostState(library, compiled),
  });
}

/**
 * The content of a GPU buffer. onnxruntime-node 1.30 ends the process when `getData` is called on one, so a session that
 * copies its input to an output in host memory does the work.
 */
async function download(library: Ort, type: TensorType, buffer: ort.Tensor): Promise<ort.Tensor> {
  const graph = trace(() => output('y', input('x', type.dtype, type.shape)));
  const session = await library.InferenceSession.create(toOnnx(graph), { executionProviders: ['webgpu'] });
  const { y } = await session.run({ x: buffer });
  await session.release();
  return y!;
}
