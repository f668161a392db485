/** @file What `--latency` and `--strategy` may be. */

import { InvalidArgumentError } from 'commander';
import { nameList } from '../../argument-parsers.ts';
import { STRATEGY_NAMES } from '../../control/strategy-choice.ts';

/** Longest latency, milliseconds: more is a mistake. */
const LONGEST = 60_000;

/** "measured,0,50" as a list without repeats. */
export function latencyList(text: string): (number | 'measured')[] {
  const values = nameList(text).map((word): number | 'measured' => {
    if (word === 'measured') return word;
    const value = Number(word);
    if (/^\d+(\.\d+)?$/.test(word) && value <= LONGEST) return value;
    throw new InvalidArgumentError(`Expected milliseconds from 0 to ${LONGEST}, or "measured", got "${word}".`);
  });
  return [...new Set(values)];
}

/** Strategies by name. */
export function strategyList(text: string): string[] {
  const names = [...new Set(nameList(text))];
  const unknown = names.find((name) => !STRATEGY_NAMES.includes(name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`Expected some of ${STRATEGY_NAMES.join(', ')}, got "${unknown}".`);
}
