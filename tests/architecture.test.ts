/** @file Holds the code to the house's import table: the hall, the two wings, and what must run in a browser. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { isTest, parseSource, sourceFiles, type SourceFile } from './source-files.ts';

const ALL_BUT_CLI = [
  'base',
  'interfaces',
  'engine',
  'nn',
  'codec',
  'models',
  'data',
  'checkpoints',
  'training',
  'simulation',
  'runtime',
  'serving',
  'drivers',
  'recording',
  'benchmarks',
];
/** Folder → the folders it may import beside itself; null = everything. ARCHITECTURE.md says why. */
const MAY_IMPORT: Readonly<Record<string, readonly string[] | null>> = {
  base: [],
  interfaces: ['base'],
  engine: ['base'],
  nn: ['engine', 'base'],
  codec: ['interfaces', 'base'],
  models: ['nn', 'engine', 'codec', 'interfaces', 'base'],
  data: ['codec', 'interfaces', 'base'],
  checkpoints: ['models', 'nn', 'engine', 'codec', 'interfaces', 'base'],
  training: ['checkpoints', 'models', 'data', 'nn', 'engine', 'codec', 'interfaces', 'base'],
  simulation: ['interfaces', 'base'],
  runtime: ['interfaces', 'base'],
  serving: ['interfaces', 'base'],
  drivers: ['interfaces', 'base'],
  recording: ['serving', 'interfaces', 'base'],
  benchmarks: ['simulation', 'interfaces', 'base'],
  cli: null,
  // Plain data: what the command line does with it is written against it, never the other way round.
  recipes: ALL_BUT_CLI,
};
/** Folders that run in a browser too, and the files in them that are Node's part. */
const BROWSER = new Set(['engine', 'nn', 'codec', 'models', 'interfaces', 'simulation', 'drivers', 'runtime']);
const NODE_PART =
  /^src\/(engine\/runtimes\/node[^/]*|drivers\/\w+\/node-[^/]*|simulation\/vector(-worker)?|runtime\/(thread\/[^/]*|safety\/limits-file))\.ts$/;
const NODE_PACKAGES = new Set(['onnxruntime-node', 'node-av', 'serialport', 'sharp', 'ws']);
const NODE_GLOBALS = /(?<![.\w$])(process|Buffer|__dirname|__filename|require|setImmediate)\b(?!\s*\??:)/g;

const sources = sourceFiles('src', 'recipes').filter((source) => !isTest(source.file));
const byFile = new Map(sources.map((source) => [source.file, source]));

/** `src/engine/ops/add.ts` → `engine`; `recipes/debug.ts` → `recipes`. */
function folderOf(file: string): string {
  const parts = file.split('/');
  return parts[0] === 'src' ? parts[1]! : parts[0]!;
}

function offences(source: SourceFile): string[] {
  const own = folderOf(source.file);
  const allowed = MAY_IMPORT[own];
  if (allowed === undefined) return [`${source.file}: the folder "${own}" is not in the import table`];
  return source.imports.flatMap(({ target, specifier }) => {
    if (target === null) return [];
    if (isTest(target) || /^(tests|bench|examples|tools)\//.test(target)) {
      return [`${source.file} imports ${specifier}: the product does not import tests, benches, examples or tools`];
    }
    const folder = folderOf(target);
    const fine = folder === own || allowed === null || allowed.includes(folder);
    return fine
      ? []
      : [`${source.file} imports ${specifier}: ${own} may import only ${allowed.join(', ') || 'nothing'}`];
  });
}

/** What in `entry`, and in all that it loads, needs Node; each with the way that leads there. */
function nodeNeeds(entry: SourceFile): string[] {
  const needs: string[] = [];
  const seen = new Set<string>();
  const visit = (source: SourceFile, way: readonly string[]): void => {
    if (seen.has(source.file)) return;
    seen.add(source.file);
    const trail = [...way, source.file];
    const note = (what: string): number => needs.push(`${trail.join(' → ')} needs Node: ${what}`);
    for (const [, name] of source.bare.matchAll(NODE_GLOBALS)) note(`the global ${name}`);
    for (const { kind, specifier, target } of source.imports) {
      if (kind === 'type') continue;
      // Node's part may only be reached by a dynamic import, which a browser never runs.
      if (target !== null && NODE_PART.test(target) && kind === 'dynamic') continue;
      if (specifier.startsWith('node:') || NODE_PACKAGES.has(specifier)) note(`${kind} import of ${specifier}`);
      const next = target === null ? undefined : byFile.get(target);
      if (next !== undefined) visit(next, trail);
    }
  };
  visit(entry, []);
  return needs;
}

test('imports stay inside the table', () => {
  assert.deepEqual(sources.flatMap(offences), []);
});

test('what runs in a browser needs nothing of Node', () => {
  const entries = sources.filter(({ file }) => BROWSER.has(folderOf(file)) && !NODE_PART.test(file));
  assert.deepEqual([...new Set(entries.flatMap(nodeNeeds))], []);
});

test('bundlers for browsers are told to leave out Node’s part, as far as the engine can reach it', () => {
  const { browser } = JSON.parse(fs.readFileSync('package.json', 'utf8')) as { browser: Record<string, false> };
  const reached = sources.flatMap(({ file, imports }) =>
    NODE_PART.test(file)
      ? []
      : imports.flatMap(({ kind, target }) =>
          kind === 'dynamic' && target !== null && NODE_PART.test(target) && folderOf(target) === 'engine'
            ? [target]
            : [],
        ),
  );
  const modules = reached.map((file) => `./dist/${file.replace(/\.ts$/, '.js')}`);
  // Browsers have WebGPU themselves.
  assert.deepEqual(Object.keys(browser).sort(), [...new Set(modules), 'webgpu'].sort());
});

test('optional packages are loaded lazily', () => {
  const optional = [
    'onnxruntime-node',
    'onnxruntime-web',
    '@mujoco/mujoco',
    'node-av',
    'serialport',
    'sharp',
    'webgpu',
  ];
  const eager = sources.flatMap(({ file, imports }) =>
    imports
      .filter(
        ({ kind, specifier }) => kind === 'static' && optional.some((name) => `${specifier}/`.startsWith(`${name}/`)),
      )
      .map(({ specifier }) => `${file}: ${specifier}`),
  );
  assert.deepEqual(eager, []);
});

test('every relative import names a file that exists, with its extension', () => {
  const all = new Set(sourceFiles('src', 'recipes', 'tests', 'bench', 'examples').map(({ file }) => file));
  const broken = sources.flatMap(({ file, imports }) =>
    imports
      .filter(({ target }) => target !== null && !target.endsWith('.json') && !all.has(target))
      .map(({ specifier }) => `${file}: ${specifier}`),
  );
  assert.deepEqual(broken, []);
});

test('no two files import each other in a circle, not even types, but for ops, whose gradients are made of other ops', () => {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (done.has(file) || way.includes(file)) return;
    for (const { kind, target } of byFile.get(file)?.imports ?? []) {
      // A thread's file is named by whoever starts it, and knows the types of that file's messages.
      if (kind !== 'dynamic' && target !== null) visit(target, [...way, file]);
    }
    done.add(file);
  };
  for (const { file } of sources) visit(file, []);
  // An op makes values, and a value is an op's.
  const ops = /^(src\/engine\/(ops\/[\w-]+|op|graph)\.ts( → |$))+$/;
  assert.deepEqual(
    circles.filter((circle) => !ops.test(circle)),
    [],
  );
});

test('the reader of imports sees every kind, and the offences that the table forbids', () => {
  const text = [
    `import fs from 'node:fs'; // import x from './comment.ts'`,
    `import type { A } from '../training/a.ts';`,
    `export * from '../data/b.ts';`,
    `const url = 'import c from "./string.ts"';`,
    `const d = await import('../cli/d.ts');`,
    `const worker = workerUrl(import.meta.url, './e-worker');`,
    `import {\n  many,\n  lines,\n} from './f.ts';`,
  ].join('\n');
  const source = parseSource('src/nn/x.ts', text);
  assert.deepEqual(source.imports.map(({ kind, specifier }) => `${kind} ${specifier}`).sort(), [
    'dynamic ../cli/d.ts',
    'dynamic ./e-worker',
    'static ../data/b.ts',
    'static ./f.ts',
    'static node:fs',
    'type ../training/a.ts',
  ]);
  assert.equal(offences(source).length, 3);
  assert.equal(nodeNeeds(source).length, 1);
  assert.equal(nodeNeeds(parseSource('src/nn/y.ts', 'const n = `${process.pid}` // Buffer')).length, 1);
});
