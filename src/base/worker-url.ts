/** @file Where a worker's module lies: beside the caller, with the caller's own file extension. */

/** `workerUrl(import.meta.url, './render-worker')` → the URL of that module, .ts or .js as the caller's is. */
export function workerUrl(caller: string, relative: string): URL {
  return new URL(relative + (caller.endsWith('.ts') ? '.ts' : '.js'), caller);
}
