/** @file From MJCF and its files to a model, by way of MuJoCo's in-memory file system. */

import type { MjModel } from '@mujoco/mujoco';
import { VlaError } from '../../base/errors.ts';
import type { MujocoModule } from './module.ts';

let nextFolder = 0;

/** Compiles a model; a mistake in it is a `bad-data` error with MuJoCo's message. Nothing stays in the file system. */
export function compile(mujoco: MujocoModule, xml: string, files: Readonly<Record<string, Uint8Array>>): MjModel {
  // A folder of its own per model: MEMFS is shared by all models of the thread. (MjVFS.addBuffer copies byte by byte, 3 MB/s.)
  const folder = `/model-${nextFolder++}`;
  const { FS } = mujoco;
  FS.mkdir(folder);
  try {
    for (const [name, bytes] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      FS.mkdirTree(path.slice(0, path.lastIndexOf('/')), 0o777);
      FS.writeFile(path, bytes);
    }
    FS.writeFile(`${folder}/model.xml`, xml);
    return mujoco.MjModel.from_xml_path(`${folder}/model.xml`);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new VlaError('bad-data', `Sim: expected a valid MJCF model, got: ${message.replaceAll(/\s+/g, ' ').trim()}`, {
      cause,
    });
  } finally {
    removeTree(FS, folder);
  }
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
