/** @file Lazy loading of optional npm packages, with an error that names the package and the cure. */

import { VlaError } from './errors.ts';

/** What to say when a package is missing. */
const CURES: Readonly<Record<string, string>> = {
  'onnxruntime-node':
    'Run `npm install onnxruntime-node` with `onnxruntime-node-install=skip` in your project’s .npmrc ' +
    '(its install script downloads a CUDA library and npm drops the package without a word where that fails).',
};

/** Runs `load` (a dynamic import); a failure to find the package becomes a `missing-package` error. */
export async function loadOptional<T>(name: string, purpose: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new VlaError('missing-package', `${purpose} needs the npm package ${name}, which could not be loaded.`, {
      hint: CURES[name] ?? `Run \`npm install ${name}\`.`,
      cause,
    });
  }
}
