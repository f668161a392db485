/** @file How right an answer is, 0 to 1: by its kind's way of comparing. */

import { parseBoxText } from '../../../interfaces/box-text.ts';
import { overlap } from './overlap.ts';
import type { Scoring } from './question-kind.ts';
import { QUESTION_KINDS } from './table.ts';

/** Each: expected and got → 0 to 1. */
const SCORES: Readonly<Record<Scoring, (expected: string, got: string) => number>> = {
  words: (expected, got) => Number(plain(expected) === plain(got)),
  list: listScore,
  box: boxScore,
  percent: percentScore,
};

/**
 * How right `got` is. Words: 1 when they are the same but for case, articles and punctuation. Lists: harmonic mean of the shares of items that are right and
 * that were found. Boxes: intersection over union. Percent: 1 minus the absolute error. What cannot be read is 0, and unknown kinds are compared as words.
 */
export function scoreAnswer(kind: string, expected: string, got: string): number {
  const scoring = QUESTION_KINDS.find(({ name }) => name === kind)?.scoring ?? 'words';
  return SCORES[scoring](expected, got);
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .replaceAll(/\b(a|an|the)\b/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function listScore(expected: string, got: string): number {
  const items = (text: string): string[] =>
    text
      .split(/,|\band\b/)
      .map(plain)
      .filter((item) => item !== '');
  const [wanted, given] = [items(expected), items(got)];
  const left = [...wanted];
  const right = given.filter((item) => {
    const at = left.indexOf(item);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  }).length;
  return wanted.length + given.length === 0 ? 1 : (2 * right) / (wanted.length + given.length);
}

function boxScore(expected: string, got: string): number {
  const [a, b] = [parseBoxText(expected), parseBoxText(got)];
  return a === null || b === null ? 0 : overlap(a, b);
}

function percentScore(expected: string, got: string): number {
  const number = /^\D*(\d+(?:\.\d+)?)\D*$/.exec(got)?.[1];
  return number === undefined ? 0 : Math.max(0, 1 - Math.abs(Number(number) - Number(expected)) / 100);
}
