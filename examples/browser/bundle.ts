/** @file Bundles programs for the browser: one module per entry, and beside them the WebAssembly files they load. */

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';

/** WebAssembly and the scripts that start it: loaded by name, from the folder of the module that asks. */
const BESIDE = [
  '@mujoco/mujoco/mujoco.wasm',
  'onnxruntime-web/ort-wasm-simd-threaded.mjs',
  'onnxruntime-web/ort-wasm-simd-threaded.wasm',
  'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs',
  'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm',
];

/** Writes `<name>.js` to `folder` for each entry (name → compiled file), the chunks they share, and the WebAssembly files. */
export async function bundle(entries: Readonly<Record<string, string>>, folder: string): Promise<void> {
  fs.rmSync(folder, { recursive: true, force: true });
  await build({
    entryPoints: { ...entries },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    // The worker threads of ONNX Runtime load its own script, not the whole bundle.
    conditions: ['onnxruntime-web-use-extern-wasm'],
    // MuJoCo's way into Node, which a browser never takes. Ours are left out by the field "browser" of package.json.
    external: ['module'],
    sourcemap: true,
    logLevel: 'warning',
  });
  const { resolve } = createRequire(import.meta.url);
  for (const file of BESIDE) {
    fs.copyFileSync(resolve(file), path.join(folder, path.basename(file)));
  }
}
