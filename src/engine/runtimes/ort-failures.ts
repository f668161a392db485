/** @file What ONNX Runtime says when it cannot load or run a model, as errors for people. */

import { VlaError } from '../../base/errors.ts';

const text = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** The error of a model that could not be loaded on `provider`; `webGpuHint` says what WebGPU needs in this place. */
export function loadFailure(provider: string, cause: unknown, webGpuHint: string): VlaError {
  const said = text(cause);
  const hint =
    /Could not find an implementation|Failed to find kernel|Provider type for|Unsupported data type|bfloat16/.test(said)
      ? `No kernel of "${provider}" computes with these element types: cast to f32 before, and back behind if needed.`
      : provider === 'webgpu'
        ? webGpuHint
        : 'If a weight file is named, check that it lies in the weight folder.';
  return new VlaError('unsupported', `session: ONNX Runtime could not load the model on "${provider}": ${said}`, {
    cause,
    hint,
  });
}

/** The error of a run that failed on `provider`: named where the device or its kernels lack something, else as it was. */
export function runFailure(provider: string, cause: unknown): unknown {
  const said = text(cause);
  if (/requires f16 but the device does not support it/.test(said)) {
    return new VlaError(
      'unsupported',
      `session: expected a device with 16-bit float shaders (shader-f16) on "${provider}", got one without.`,
      {
        cause,
        hint: 'Cast to f32 before the session (weights declared f32 are cast when it opens) and compute in f32 (arithmetic), or run on "cpu".',
      },
    );
  }
  if (/is not supported with|not implemented/i.test(said)) {
    return new VlaError('unsupported', `session: expected operators that "${provider}" can compute, got: ${said}`, {
      cause,
      hint: 'Cast to f32 before the operator that is named, or run on another runtime.',
    });
  }
  return cause;
}
