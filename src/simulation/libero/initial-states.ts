/**
 * @file LIBERO's initial states (`.pruned_init`): what `torch.save` writes, a zip archive with the pickle of one float64 array. It
 * is read, never run (src/base/pickle).
 */

import { unzipSync } from 'fflate';
import { VlaError } from '../../base/errors.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { NUMPY_NAMES } from '../../base/pickle/numpy-names.ts';
import { unpickle } from '../../base/pickle/unpickle.ts';
import { requireAtMost } from '../../base/require-at-most.ts';
import type { LiberoFiles } from './files.ts';
import { initialStatesPath } from './suites.ts';

/** The states that the episodes of a task begin in. */
export interface InitialStates {
  readonly count: number;
  /** Numbers of one state: 1 + nq + nv. */
  readonly width: number;
  /** State `index`, from 0: time, qpos, qvel. A view. */
  state(index: number): Float64Array;
}

/** LIBERO's files have 50 states of at most 141 numbers: 60 kB, 90 kB as a pickle. */
const LIMITS = { messageBytes: 8 * 2 ** 20, entries: 1000, depth: 8 };
const VOCABULARY = new Map(NUMPY_NAMES.map((name) => [name.globalName, name]));
const HINT = 'Fetch the file again; it is cut short or belongs to another task.';

/** Reads the states of a task whose model has `nq` positions and `nv` velocities; any other file is `bad-data`. */
export function readInitialStates(
  files: LiberoFiles,
  suite: string,
  name: string,
  { nq, nv }: { readonly nq: number; readonly nv: number },
): InitialStates {
  const path = initialStatesPath(suite, name);
  const states = parseInitialStates(files.read(path), path);
  const width = 1 + nq + nv;
  if (states.width === width) return states;
  throw bad(path, `expected states of ${width} numbers (1 + ${nq} + ${nv}), got ${states.width}`);
}

/** Reads a file's bytes; `path` begins what errors say. */
export function parseInitialStates(bytes: Uint8Array, path: string): InitialStates {
  let array;
  try {
    array = unpickle(pickleOf(bytes), { vocabulary: VOCABULARY, limits: LIMITS });
  } catch (cause) {
    throw bad(
      path,
      `expected what torch.save writes: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
  if (!(array instanceof NumericArray) || array.type !== 'f8' || array.shape.length !== 2) {
    throw bad(path, 'expected one float64 array of two axes, got something else');
  }
  const [count, width] = array.shape as [number, number];
  const values = array.toNumbers();
  if (count === 0 || width === 0) throw bad(path, `expected states, got an array of ${count} × ${width}`);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw bad(path, `expected finite numbers, got ${values[wrong]} in state ${Math.floor(wrong / width)}`);
  }
  return { count, width, state: (index) => stateOf(values, count, width, index) };
}

function stateOf(values: Float64Array, count: number, width: number, index: number): Float64Array {
  if (Number.isInteger(index) && index >= 0 && index < count) {
    return values.subarray(index * width, (index + 1) * width);
  }
  throw new VlaError('bad-argument', `initial states: expected an index below ${count}, got ${index}.`);
}

function pickleOf(bytes: Uint8Array): Uint8Array {
  requireAtMost('initial states: bytes', bytes.length, LIMITS.messageBytes);
  const found = unzipSync(bytes, {
    filter({ name, originalSize }) {
      if (!/(^|\/)data\.pkl$/.test(name)) return false;
      requireAtMost(`${name}: bytes`, originalSize, LIMITS.messageBytes);
      return true;
    },
  });
  const pickles = Object.values(found);
  if (pickles.length === 1) return pickles[0]!;
  throw new VlaError('bad-data', `expected one data.pkl in the archive, got ${pickles.length}.`);
}

function bad(path: string, message: string, cause?: unknown): VlaError {
  return new VlaError('bad-data', `${path}: ${message.replace(/\.$/, '')}.`, { hint: HINT, cause });
}
