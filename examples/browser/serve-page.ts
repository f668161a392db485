/** @file The example page on a server of this machine: its programs bundled, the shipped checkpoints beside it. */

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';
import { serveFolders, type Server } from './serve-folders.ts';

/** The repository; this file runs from dist/examples/browser. */
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** Builds the page into dist/web and serves it; port 0 takes any that is free. */
export async function servePage(port: number): Promise<Server> {
  const inRepository = (name: string): string => path.join(root, name);
  const program = (name: string): [string, string] => [name, inRepository(`dist/examples/browser/${name}.js`)];
  const built = inRepository('dist/web');
  await bundle(Object.fromEntries(['page', 'control-worker', 'view-worker'].map(program)), built);
  return serveFolders(
    {
      '/': inRepository('examples/browser'),
      '/built/': built,
      '/checkpoints/': inRepository('assets/checkpoints'),
    },
    port,
  );
}
