/** @file The repository's TypeScript files as the architecture and budget tests read them: code, imports, exports. */

import fs from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from './shared-data.ts';

/** One import of a file, of whatever kind. */
export interface Import {
  readonly kind: 'static' | 'type' | 'dynamic';
  /** As written: `./x.ts`, `node:fs`, `sharp`. */
  readonly specifier: string;
  /** The file it names, from the root with forward slashes, or null for packages and Node's own modules. */
  readonly target: string | null;
}

/** One TypeScript file. */
export interface SourceFile {
  /** From the root, with forward slashes: `src/engine/graph.ts`. */
  readonly file: string;
  readonly text: string;
  /** The text with comments blanked out (line breaks stay). */
  readonly code: string;
  /** `code` with the contents of strings and regular expressions blanked out as well. */
  readonly bare: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

/** All `.ts` files below the given folders of the repository, sorted; folders that do not exist are empty. */
export function sourceFiles(...folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => {
      const full = path.join(repositoryRoot, folder);
      if (!fs.existsSync(full)) return [];
      return fs
        .readdirSync(full, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => path.posix.join(folder, name.split(path.sep).join('/')));
    })
    .sort()
    .map((file) => parseSource(file, fs.readFileSync(path.join(repositoryRoot, file), 'utf8')));
}

/** Whether the file is a test or only serves tests. */
export function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || file.startsWith('tests/');
}

// Comments, strings, templates and regular expressions, in one pass, so that none is mistaken inside another.
const TOKENS =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|(?<=(?:[(,=:[!&|?{};>\n]|return)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;

/** Splits a file's text into what the tests ask about. */
export function parseSource(file: string, text: string): SourceFile {
  const blank = (token: string): string => token.replaceAll(/[^\n]/g, ' ');
  const code = text.replaceAll(TOKENS, (token) => (/^\/[/*]/.test(token) ? blank(token) : token));
  const bare = text.replaceAll(TOKENS, (token) => {
    if (!token.startsWith('`')) return blank(token);
    // The code inside ${…} stays: it runs.
    return token.replaceAll(/\$\{([^{}]*)\}|[^\n]/g, (part, inner: string | undefined) => inner ?? blank(part));
  });
  return { file, text, code, bare, lines: text.split('\n').length - 1, imports: importsOf(file, code) };
}

function importsOf(file: string, code: string): Import[] {
  const found: Import[] = [];
  const add = (kind: Import['kind'], specifier: string, wholeName = specifier): void => {
    const target = specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), wholeName) : null;
    found.push({ kind, specifier, target });
  };
  for (const [, typeOnly, specifier] of code.matchAll(
    /(?:^|[;}\n])\s*(?:import|export)\s+(type\s)?(?:[\w$*{},\s]*?\sfrom\s*)?['"]([^'"]+)['"]/g,
  )) {
    add(typeOnly ? 'type' : 'static', specifier!);
  }
  for (const [, specifier] of code.matchAll(/\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g)) add('dynamic', specifier!);
  // `typeof import('x')` is caught above as dynamic, which is the stricter reading; workers are files as well:
  for (const [, specifier] of code.matchAll(/\bworkerUrl\(\s*import\.meta\.url\s*,\s*['"]([^'"]+)['"]/g)) {
    add('dynamic', specifier!, `${specifier}.ts`);
  }
  return found;
}
