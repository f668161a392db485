/** @file Where numbers come from: versions, machine and command. Node only. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import type { EvaluationResult } from './result.ts';

const PACKAGES = ['onnxruntime-node', '@mujoco/mujoco', 'sharp', 'node-av', 'webgpu'];

/** Versions of vlakit, Node and the optional packages that are installed. */
export function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const found: Record<string, string> = { node: process.versions.node };
  const own = ownVersion();
  if (own !== null) found['vlakit'] = own;
  for (const name of PACKAGES) {
    const version = installedVersion(require, name);
    if (version !== null) found[name] = version;
  }
  return found;
}

/** The version of an installed package, or null when it is not installed. */
export function installedVersion(require: NodeJS.Require, name: string): string | null {
  for (const folder of require.resolve.paths(name) ?? []) {
    const file = path.join(folder, name, 'package.json');
    if (fs.existsSync(file)) return versionIn(file);
  }
  return null;
}

/** The version of vlakit, or null where its package.json is not found. */
export function ownVersion(): string | null {
  for (let folder = import.meta.dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (fs.existsSync(file)) return versionIn(file);
  }
  return null;
}

function versionIn(file: string): string | null {
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { version?: string }).version ?? null;
}

/** This machine, as a reader of results needs to know it. */
export function machine(): EvaluationResult['machine'] {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? os.arch(),
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
  };
}

/** The command as typed, quoted so that a shell reads it back the same way. */
export function commandLine(argv: readonly string[] = process.argv.slice(2)): string {
  const quoted = argv.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`,
  );
  return ['vlakit', ...quoted].join(' ');
}
