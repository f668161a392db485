/** @file What a session is and how it is asked for: the types that the engine's runtimes share. */

import type { Tensor } from '../base/tensor.ts';
import type { TensorType } from './graph.ts';
import type { WeightContent } from './onnx/write.ts';

/**
 * Where a graph runs. `cpu`: ONNX Runtime in this process, or as WebAssembly in a browser. `webgpu`: the same on a graphics
 * card. `reference`: plain TypeScript, slow and exact.
 */
export type Runtime = 'cpu' | 'webgpu' | 'reference';

/**
 * In what matrix products are computed. `f16`: operands and results are 16-bit floats (11 significant bits, at most 65504), all else stays
 * f32; for graphics cards, whose shaders have no bfloat16. The processor computes such products in f32 and rounds them alike: slower,
 * to see what a card would say.
 */
export type Arithmetic = 'f32' | 'f16';

/** `int8` and `int4` hold the matrices of large affine maps in 8 and 4 bits; `f32` holds all weights in float32. */
export type WeightPrecision = 'f32' | 'int8' | 'int4';

/** Where and how a graph runs. */
export interface SessionOptions {
  readonly runtime: Runtime;
  /**
   * Threads within one operator (cpu); default: ONNX Runtime's choice, one per physical core. In a browser the first session
   * fixes it, and it is 1 on pages that are not cross-origin isolated.
   */
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
   * How the matrices of large affine maps are held and multiplied; default `f32`. They are brought to fewer bits when the session
   * opens, in some seconds per billion of numbers.
   */
  readonly weightPrecision?: WeightPrecision;
  /** A folder where matrices in few bits are kept for the next session; default: made anew, in a temporary file. */
  readonly weightCache?: string;
  /**
   * Run in a worker thread, so that the calling thread stays free while the model computes (cpu, webgpu). Default false: ONNX
   * Runtime blocks the calling thread for the time of a run.
   */
  readonly worker?: boolean;
  /**
   * Default `f32`. With `f16`, the weights of matrix products and look-up tables are held in 16 bits. Matrices in few bits
   * (`weightPrecision`) are multiplied as without it.
   */
  readonly arithmetic?: Arithmetic;
  /** What the `reference` runtime computes in; default `f32`. */
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

/** What a session of a compiled graph still needs to know. */
export type CompiledSessionOptions = Pick<SessionOptions, 'threads' | 'initialState' | 'weightFolder' | 'worker'>;
