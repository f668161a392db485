/** @file Module hooks that write down, line by line, every module that is resolved; registered by import-entries. */

import fs from 'node:fs';
import type { InitializeHook, ResolveHook } from 'node:module';

let file = '';

/** Gets the file to write to. */
export const initialize: InitializeHook<string> = (data) => {
  file = data;
};

/** Writes down where each import leads. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  const resolved = await next(specifier, context);
  fs.appendFileSync(file, `${resolved.url}\n`);
  return resolved;
};
