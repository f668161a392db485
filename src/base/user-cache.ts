/** @file Where vlakit keeps what it fetched or computed and could get again. Node only. */

import os from 'node:os';
import path from 'node:path';

/** Environment variables, as in `process.env`. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** The user's cache folder: `$XDG_CACHE_HOME`, else `~/.cache`. */
export function userCache(env: EnvironmentVariables): string {
  return env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
}

/** vlakit's own folder in it. */
export function vlakitCache(env: EnvironmentVariables): string {
  return path.join(userCache(env), 'vlakit');
}
