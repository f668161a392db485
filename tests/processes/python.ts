/** @file Python beside ours, for tests against other people's readers: VLAKIT_PYTHON or python3, where it has what a test needs. */

import { execFileSync, spawnSync } from 'node:child_process';
import { repositoryRoot } from '../shared-data.ts';

const PYTHON = process.env['VLAKIT_PYTHON'] ?? 'python3';

/** False when Python can import all of these, else why a test is skipped. */
export function pythonWith(...modules: readonly string[]): string | false {
  const { status } = spawnSync(PYTHON, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
  return status === 0 ? false : `needs Python with ${modules.join(', ')} (VLAKIT_PYTHON names another interpreter)`;
}

/** What a script of this repository prints. */
export function runPython(args: readonly string[]): string {
  return execFileSync(PYTHON, args, { cwd: repositoryRoot, encoding: 'utf8', maxBuffer: 1 << 28 });
}
