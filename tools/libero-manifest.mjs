/**
 * @file Writes assets/libero/files.json: which files of LIBERO and robosuite the tasks use, with git's hashes and sizes.
 * `node tools/libero-manifest.mjs <git folder of LIBERO> <git folder of robosuite> <folder with both trees>` after a build.
 *
 * A file counts as used when composing a task reads it, or when the composed model names it. Hashes come from git's own lists, so that
 * files that are missing in the trees are listed, too (their sizes as "?").
 */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const [liberoGit, robosuiteGit, trees] = process.argv.slice(2);
const { ORIGINS, SUITE_LETTERS } = await import('../dist/src/benchmarks/libero/published-files.js');
const { composeTask } = await import('../dist/src/simulation/libero/compose-task.js');
const { addObjects, DISTRACTORS } = await import('../dist/src/simulation/libero/perturbations/distractors.js');
const { bddlPath, initialStatesPath, suiteTasks } = await import('../dist/src/simulation/libero/suites.js');

/** Path in the cache → git's hash and size. */
const listed = new Map();
for (const { tree, commit } of ORIGINS) {
  const git = tree === 'LIBERO' ? liberoGit : robosuiteGit;
  // A blob that is not there has the size "BAD", and git complains of it.
  const args = ['-C', git, 'ls-tree', '-r', '-l', '-z', commit];
  const text = execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
  for (const line of text.split('\0').filter((one) => one !== '')) {
    const [about, name] = line.split('\t');
    const [, , hash, size] = about.split(/ +/);
    listed.set(`${tree}/${name}`, { hash, size: /^\d+$/.test(size) ? size : '?' });
  }
}

/** Path → letters of suites. */
const used = new Map();
function use(name, letter) {
  if (!listed.has(name)) throw new Error(`${name} is in no tree`);
  const letters = used.get(name) ?? '';
  if (!letters.includes(letter)) used.set(name, letters + letter);
}

for (const [suite, letter] of Object.entries(SUITE_LETTERS)) {
  for (const { name: task } of suiteTasks(suite)) {
    const files = {
      has: (name) => listed.has(name),
      read(name) {
        use(name, letter);
        return fs.readFileSync(path.join(trees, name));
      },
    };
    // The perturbation "distractors" adds objects of any suite.
    const { xml } = addObjects(composeTask(files, suite, task), files, Object.keys(DISTRACTORS));
    for (const [, name] of xml.matchAll(/file="([^"]+)"/g)) use(name, letter);
    use(bddlPath(suite, task), letter);
    use(initialStatesPath(suite, task), letter);
  }
}

const folders = {};
for (const [name, letters] of [...used].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const { hash, size } = listed.get(name);
  const folder = path.posix.dirname(name);
  folders[folder] ??= {};
  folders[folder][path.posix.basename(name)] = `${hash} ${size} ${letters}`;
}
const file = path.join(import.meta.dirname, '..', 'assets', 'libero', 'files.json');
fs.mkdirSync(path.dirname(file), { recursive: true });
fs.writeFileSync(file, `${JSON.stringify(folders, null, 1)}\n`);
process.stdout.write(`${used.size} files, ${fs.statSync(file).size} bytes\n`);
