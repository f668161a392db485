/** @file Imports a module of the user's: what is wrong with it is said as an error about that file. Node only. */

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { VlaError } from './errors.ts';

/** The file of a module's URL, as a person writes it: relative where it lies below the current folder. */
export function moduleName(url: string): string {
  if (!url.startsWith('file:')) return url;
  const file = fileURLToPath(url);
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

/** Imports the module at `url`. A module that cannot be loaded is a `bad-argument` with the reason and where it lies. */
export async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    throw userError(cause, url, 'a module that can be loaded', hintFor(cause));
  }
}

/** A module and the (cloneable) options to call its function with, so that each thread opens what it needs by itself. */
export interface ModuleCall {
  /** URL of the module. */
  readonly module: string;
  readonly options: unknown;
}

/** Calls the function `name` of the module at `url`. What is wrong with either is a `bad-argument` about that file. */
export async function callModule<T>(url: string, name: string, values: readonly unknown[], hint: string): Promise<T> {
  const open = (await importModule(url))[name];
  if (typeof open !== 'function') {
    const got = open === undefined ? 'none' : `a ${typeof open}`;
    throw new VlaError('bad-argument', `${moduleName(url)}: expected an exported function ${name}, got ${got}.`, {
      hint,
    });
  }
  try {
    return (await open(...values)) as T;
  } catch (cause) {
    throw userError(cause, url, `${name} to return`);
  }
}

/** What a module of the user's threw, as an error that names the file; a VlaError stays as it is. */
export function userError(cause: unknown, url: string, expected: string, hint?: string): VlaError {
  if (cause instanceof VlaError) return cause;
  const place = placeIn(cause);
  const got = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  const text = `${moduleName(url)}: expected ${expected}, got ${got}${place === null ? '' : ` (${place})`}.`;
  return new VlaError('bad-argument', text, { cause, hint: hint ?? 'Correct the module and run the command again.' });
}

/** Where an error arose: file and line, from the head of its stack. */
function placeIn(cause: unknown): string | null {
  if (!(cause instanceof Error)) return null;
  const found = /(?:file:\/\/)?(\/?[^\s():]+:\d+)(?::\d+)?\)?$/m.exec(cause.stack ?? '');
  return found === null || found[1]!.startsWith('node:') ? null : found[1]!;
}

function hintFor(cause: unknown): string | undefined {
  const { code, message } = cause as { readonly code?: string; readonly message?: string };
  if (/outside a module|Unexpected token 'export'/.test(message ?? '')) {
    return 'Call the file NAME.mjs, or write "type": "module" into the package.json beside it.';
  }
  if (code === 'ERR_MODULE_NOT_FOUND')
    return 'Install the package beside the module (npm install), or correct the path.';
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return 'This Node does not load TypeScript: compile the module to .js first.';
  return undefined;
}
