/** @file From MJCF and its files to a model, by way of MuJoCo's in-memory file system. */

import type { MjModel } from '@mujoco/mujoco';
import { VlaError } from '../../base/errors.ts';
import type { MujocoModule } from './module.ts';

/**
 * Where files lie while MuJoCo reads them. MuJoCo keeps what it makes of a mesh or texture for later models (up to 500 MB, and there is no way
 * to clear it), by the file's path and time: a path that names the content, and one time for all, let every model find what others
 * left, instead of leaving its own.
 */
const ASSETS = '/assets';
const MODEL = '/model.xml';

/** Compiles a model; a mistake in it is a `bad-data` error with MuJoCo's message. Nothing stays in the file system. */
export function compile(mujoco: MujocoModule, xml: string, files: Readonly<Record<string, Uint8Array>>): MjModel {
  const { FS } = mujoco;
  const placed = new Map<string, Uint8Array>();
  const named = new Map<string, string>();
  // What is named through `meshdir` and its kin is found beside the model instead.
  const beside: [name: string, bytes: Uint8Array][] = [];
  const inText = new Set([...xml.matchAll(/\sfile\s*=\s*"([^"]*)"/g)].map(([, name]) => name!));
  for (const [name, bytes] of Object.entries(files)) {
    if (inText.has(name)) {
      const path = `${ASSETS}/${contentName([bytes])}/${name.slice(name.lastIndexOf('/') + 1)}`;
      named.set(name, path);
      placed.set(path, bytes);
    } else beside.push([name, bytes]);
  }
  const folder = `${ASSETS}/${contentName(beside.map(([, bytes]) => bytes))}`;
  for (const [name, bytes] of beside) placed.set(`${folder}/${name}`, bytes);
  const text = xml.replaceAll(/(\sfile\s*=\s*")([^"]*)"/g, (all, before: string, name: string) => {
    const path = named.get(name);
    return path === undefined ? all : `${before}${path}"`;
  });
  try {
    // (MjVFS.addBuffer copies byte by byte, 3 MB/s.)
    for (const [path, bytes] of placed) {
      FS.mkdirTree(path.slice(0, path.lastIndexOf('/')), 0o777);
      FS.writeFile(path, bytes);
      FS.utime(path, 0, 0);
    }
    FS.mkdirTree(folder, 0o777);
    FS.writeFile(`${folder}${MODEL}`, text);
    return mujoco.MjModel.from_xml_path(`${folder}${MODEL}`);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new VlaError('bad-data', `Sim: expected a valid MJCF model, got: ${message.replaceAll(/\s+/g, ' ').trim()}`, {
      cause,
    });
  } finally {
    removeTree(FS, ASSETS);
  }
}

/** A name for these bytes and no others (128 bits of two multiplicative hashes; against accidents, not against forgery). */
function contentName(parts: readonly Uint8Array[]): string {
  const words = new Uint32Array([0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]);
  let [a, b, c, d] = [words[0]!, words[1]!, words[2]!, words[3]!];
  for (const bytes of parts) {
    const whole = bytes.length - (bytes.length % 4);
    for (let i = 0; i < whole; i += 4) {
      const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      a = Math.imul(a ^ word, 0x01000193);
      b = Math.imul(b ^ word ^ (a >>> 15), 0x85ebca6b);
      c = Math.imul(c ^ word ^ (b >>> 13), 0xc2b2ae35);
      d = Math.imul(d ^ word ^ (c >>> 16), 0x27d4eb2d);
    }
    for (let i = whole; i < bytes.length; i++) {
      a = Math.imul(a ^ bytes[i]!, 0x01000193);
      d = Math.imul(d ^ bytes[i]! ^ (a >>> 15), 0x27d4eb2d);
    }
    b = Math.imul(b ^ bytes.length, 0x85ebca6b);
    c = Math.imul(c ^ bytes.length ^ (d >>> 16), 0xc2b2ae35);
  }
  return [a, b, c, d].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function removeTree(FS: MujocoModule['FS'], folder: string): void {
  for (const name of FS.readdir(folder) as string[]) {
    if (name === '.' || name === '..') continue;
    const path = `${folder}/${name}`;
    if (FS.isDir((FS.stat(path, false) as { mode: number }).mode)) removeTree(FS, path);
    else FS.unlink(path);
  }
  FS.rmdir(folder);
}
