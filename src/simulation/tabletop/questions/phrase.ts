/** @file Wordings: templates with alternatives, so that a few lines say a thing in many ways. */

import type { Random } from '../../../base/random.ts';

/**
 * One of the templates with one of each of its alternatives, and the values in their places: "(where|in which box) is the {thing}?" says two things. Alternatives
 * may be empty and may not hold others; every `{name}` must have a value.
 */
export function phrase(
  random: Random,
  templates: readonly string[],
  values: Readonly<Record<string, string>> = {},
): string {
  return random
    .pick(templates)
    .replaceAll(/\(([^()]*)\)/g, (_, choices: string) => random.pick(choices.split('|')))
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name]!);
}
