/** @file Loads the MuJoCo WASM module once per thread and keeps what it prints. */

import type { MainModule } from '@mujoco/mujoco';
import { loadOptional } from '../../base/optional.ts';

/** The loaded WebAssembly module. */
export type MujocoModule = MainModule;

let loading: Promise<MujocoModule> | undefined;
const printed: string[] = [];
const KEPT_LINES = 50;

/**
 * The single-threaded build of `@mujoco/mujoco`, one instance per thread (parallel environments run in workers, each
 * with its own). Rejects with `missing-package` when it is not installed.
 */
export function loadMujoco(): Promise<MujocoModule> {
  loading ??= loadOptional('@mujoco/mujoco', 'Simulation', () => import('@mujoco/mujoco')).then(({ default: create }) =>
    create({ print: keep, printErr: keep }),
  );
  return loading;
}

/** The last lines that MuJoCo printed in this thread, oldest first. */
export function printedLines(): readonly string[] {
  return printed;
}

function keep(line: string): void {
  printed.push(line);
  if (printed.length > KEPT_LINES) printed.shift();
}
