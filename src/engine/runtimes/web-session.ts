/**
 * @file Runs a compiled graph on ONNX Runtime in a page or a web worker (onnxruntime-web): `cpu` is WebAssembly, `webgpu` the
 * browser's graphics card. Browser only.
 */

import { VlaError } from '../../base/errors.ts';
import { loadOptional } from '../../base/optional.ts';
import type { CompiledGraph } from '../compile.ts';
import type { CompiledSessionOptions, Session } from '../session-types.ts';
import { gpuState } from './ort-gpu-state.ts';
import { openOrtSession } from './ort-session.ts';
import type { Ort } from './ort-tensor.ts';
import { webHostState } from './web-host-state.ts';

const PURPOSE = 'Running a model in the browser';
const WEBGPU_HINT =
  'WebGPU needs a browser that offers it (navigator.gpu) and lets it use a graphics card; "cpu" does without.';

/**
 * Loads the model and puts the first state in its place. WebAssembly has threads only on pages that are cross-origin
 * isolated (headers COOP and COEP), one otherwise; the first session of a page fixes their number for all that follow.
 */
export async function openSession(compiled: CompiledGraph, options: CompiledSessionOptions): Promise<Session> {
  const { threads, weightFolder } = options;
  if (weightFolder !== undefined) {
    throw new VlaError('unsupported', 'session: expected weights in memory in a browser, got a weight folder.', {
      hint: 'Fetch the safetensors file and hand over its tensors.',
    });
  }
  const webgpu = compiled.runtime === 'webgpu';
  const library = await (webgpu ? loadWebGpu() : loadWasm());
  if (threads !== undefined) library.env.wasm.numThreads = threads;
  library.env.logLevel = 'error';
  const { session } = await openOrtSession(compiled, options, {
    library,
    settings: { executionProviders: [webgpu ? 'webgpu' : 'wasm'] },
    webGpuHint: WEBGPU_HINT,
    state: webgpu
      ? gpuState(library, compiled, async ({ shape }, buffer) => {
          const data = await buffer.getData();
          return new library.Tensor(buffer.type, data as never, shape as readonly number[]);
        })
      : webHostState(library, compiled),
  });
  return session;
}

function loadWasm(): Promise<Ort> {
  return loadOptional('onnxruntime-web', PURPOSE, (): Promise<Ort> => import('onnxruntime-web/wasm'));
}

function loadWebGpu(): Promise<Ort> {
  return loadOptional('onnxruntime-web', PURPOSE, (): Promise<Ort> => import('onnxruntime-web/webgpu'));
}
