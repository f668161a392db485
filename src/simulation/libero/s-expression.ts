/** @file S-expressions as BDDL files have them: atoms in lower case, `;` begins a comment. */

import { VlaError } from '../../base/errors.ts';

/** An atom, or a list of expressions. */
export type Expression = Atom | List;

/** `line` counts from 1. */
export interface Atom {
  readonly kind: 'atom';
  readonly text: string;
  readonly line: number;
}

/** What stands between two brackets; `line` is that of the first. */
export interface List {
  readonly kind: 'list';
  readonly items: readonly Expression[];
  readonly line: number;
}

/** Deeper nesting is refused; LIBERO's files have at most 6. */
const MAX_DEPTH = 100;

/** The one expression of a text, which must be a list. `file` begins what errors say, the line follows it. */
export function readExpression(text: string, file: string): List {
  const open: { items: Expression[]; line: number }[] = [];
  let whole: List | null = null;
  for (const { word, line } of wordsOf(text)) {
    if (whole !== null) throw unexpected(file, line, 'the end of the file', `"${word}"`);
    if (word === '(') {
      if (open.length === MAX_DEPTH) throw unexpected(file, line, `at most ${MAX_DEPTH} open brackets`, 'another one');
      open.push({ items: [], line });
      continue;
    }
    const list = word === ')' ? open.pop() : open.at(-1);
    if (list === undefined) throw unexpected(file, line, '"("', `"${word}"`);
    if (word !== ')') {
      list.items.push({ kind: 'atom', text: word, line });
      continue;
    }
    const closed: List = { kind: 'list', ...list };
    if (open.length === 0) whole = closed;
    else open.at(-1)!.items.push(closed);
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) throw unexpected(file, unclosed.line, '")" that closes this "("', 'the end of the file');
  if (whole === null) throw unexpected(file, 1, '"("', 'the end of the file');
  return whole;
}

/** "file:line: expected X, got Y." */
export function unexpected(file: string, line: number, expected: string, got: string): VlaError {
  return new VlaError('bad-data', `${file}:${line}: expected ${expected}, got ${got}.`, {
    hint: 'The file must be a BDDL problem as LIBERO writes them.',
  });
}

/** An expression as errors show it. */
export function shown(expression: Expression): string {
  return expression.kind === 'atom' ? `"${expression.text}"` : `a list of ${expression.items.length}`;
}

function* wordsOf(text: string): Generator<{ word: string; line: number }> {
  let line = 0;
  for (const row of text.split('\n')) {
    line++;
    const comment = row.indexOf(';');
    const code = (comment < 0 ? row : row.slice(0, comment)).toLowerCase();
    for (const [word] of code.matchAll(/[()]|[^\s()]+/g)) yield { word, line };
  }
}
