/** @file What the repository has promised about its own files: sizes, names, docblocks, and words that may not appear. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { isTest, sourceFiles, type SourceFile } from './source-files.ts';

const MEDIAN = 150;
const SOFT_CAP = 400;
const HARD_CAP = 600;

/** Files between the soft and the hard cap, each with the reason why it is one idea. */
const OVER_SOFT_CAP: Readonly<Record<string, string>> = {};

/** Where the wall clock or an unseeded number may be read although the folder promises exact repeats; with the reason. */
const MAY_READ_CLOCK: Readonly<Record<string, string>> = {
  'src/training/event-file.ts': 'TensorBoard events carry the wall time',
};

const all = sourceFiles('src', 'recipes', 'tests', 'bench', 'examples', 'tools');
const product = all.filter(({ file }) => /^(src|recipes)\//.test(file) && !isTest(file));

/** `file: what` for each file in which `find` finds something. */
function list(files: readonly SourceFile[], find: (source: SourceFile) => readonly string[]): string[] {
  return files.flatMap((source) => find(source).map((what) => `${source.file}: ${what}`));
}

test('files are small', () => {
  const sizes = product.map(({ lines }) => lines).sort((a, b) => a - b);
  const median = sizes[Math.floor(sizes.length / 2)]!;
  assert.ok(median <= MEDIAN, `median file: expected at most ${MEDIAN} lines, got ${median}`);
  const tooLong = list(all, ({ file, lines }) => {
    if (lines > HARD_CAP) return [`${lines} lines, no file may have more than ${HARD_CAP}`];
    if (lines > SOFT_CAP && !(file in OVER_SOFT_CAP)) return [`${lines} lines; split it, or list it with the reason`];
    return [];
  });
  assert.deepEqual(tooLong, []);
  const longer = new Set(all.filter(({ lines }) => lines > SOFT_CAP).map(({ file }) => file));
  const stale = Object.keys(OVER_SOFT_CAP).filter((file) => !longer.has(file));
  assert.deepEqual(stale, [], 'these are listed as long, but are not');
});

test('names are kebab-case and say something', () => {
  const vague = /^common$|(^|-)(utils?|helpers?|misc|managers?|factory|factories|impl|stuff)(-|$)/;
  const bad = list(all, ({ file }) =>
    file
      .replace(/(\.test)?(\.d)?\.ts$/, '')
      .split('/')
      .filter((part) => vague.test(part) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)),
  );
  assert.deepEqual(bad, []);
});

test('every file says in its first sentence what it is', () => {
  assert.deepEqual(
    list(all, ({ text }) =>
      /^(#!.*\n)?\/\*\*\s*(\*\s)?@file \S/.test(text.replace('/**\n *', '/** *')) ? [] : ['no @file'],
    ),
    [],
  );
});

test('every exported name has a docblock', () => {
  assert.deepEqual(list(product, undocumented), []);
});

test('no way around the type checker or the linter (which refuses `any`)', () => {
  const escapes = /@ts-(ignore|nocheck)|(?:ox|es)lint-disable|@ts-expect-error/g;
  const found = list(all, ({ file, text }) =>
    [...text.matchAll(escapes)]
      .map(([word]) => word)
      // Tests of types expect errors.
      .filter((word) => !(isTest(file) && word === '@ts-expect-error') && file !== 'tests/budgets.test.ts'),
  );
  assert.deepEqual(found, []);
});

test('what must repeat exactly reads no clock and no unseeded numbers', () => {
  const exact = product.filter(
    ({ file }) => /^src\/(engine|nn|codec|models|training|simulation)\//.test(file) && !(file in MAY_READ_CLOCK),
  );
  const found = list(exact, ({ bare }) =>
    [...bare.matchAll(/\bMath\.random\b|\bDate\.now\b|\bnew Date\(\)|\brandomUUID\b|\brandomBytes\b/g)].map(([w]) => w),
  );
  assert.deepEqual(found, []);
});

test('errors say what to do next', () => {
  const told = product.filter(({ file }) => /^src\/(data|codec|benchmarks)\//.test(file));
  assert.deepEqual(list(told, errorsWithoutHint), []);
});

test('the checks of this file find what they look for', () => {
  const source: SourceFile = {
    file: 'src/x.ts',
    text: [
      '/** @file X. */',
      '/** Good. */',
      'export const a = 1;',
      '',
      'export function bare(): void {}',
      '',
      '/** Overloaded. */',
      'export function f(x: string): string;',
      'export function f(x: number): number;',
      '',
      '// Not a docblock.',
      'export interface B {}',
      '',
      '/** A family. */',
      'export const one = {',
      '  n: 1,',
      '};',
      'export const two = 2;',
    ].join('\n'),
    code: '',
    bare: '',
    lines: 15,
    imports: [],
  };
  assert.deepEqual(undocumented(source), ['bare', 'B']);
  const bare = "throw new VlaError('', f(a), { hint });\nthrow new VlaError('', g(b),\n  c);\nhint;";
  assert.deepEqual(errorsWithoutHint({ ...source, bare }), ['line 2: an error without a hint']);
});

/** The places where an error for people is made that names no next step. */
function errorsWithoutHint({ bare }: SourceFile): string[] {
  return [...bare.matchAll(/new VlaError\(/g)].flatMap(({ index, 0: { length } }) => {
    let end = index + length;
    for (let depth = 1; depth > 0 && end < bare.length; end++) {
      depth += Number(bare[end] === '(') - Number(bare[end] === ')');
    }
    if (/\bhint\b/.test(bare.slice(index, end))) return [];
    return [`line ${bare.slice(0, index).split('\n').length}: an error without a hint`];
  });
}

/**
 * The exported names without a docblock right above them. An overload shares its first signature's; exports of one
 * family, written without blank lines between them, share the first one's.
 */
function undocumented({ file, text }: SourceFile): string[] {
  const lines = text.split('\n');
  const seen = new Set<string>();
  return lines.flatMap((line, at) => {
    const name =
      /^export (?:default )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type) ([\w$]+)/.exec(
        line,
      )?.[1];
    if (name === undefined || seen.has(name)) return [];
    // An op's record and attributes are described by the function that people call.
    if (file.startsWith('src/engine/ops/') && /(Op|Attributes)$/.test(name)) return [];
    seen.add(name);
    return docblockAbove(lines, at) ? [] : [name];
  });
}

function docblockAbove(lines: readonly string[], at: number): boolean {
  for (let above = at - 1; above >= 0 && lines[above] !== ''; above--) {
    if (/^\s*\/\*\*/.test(lines[above]!)) return !lines[above]!.includes('@file') && !isFileBlock(lines, above);
  }
  return false;
}

/** Whether the block that opens at line `at` is the one that describes the file. */
function isFileBlock(lines: readonly string[], at: number): boolean {
  return /@file\b/.test(lines[at + 1] ?? '');
}
