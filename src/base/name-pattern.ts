/**
 * @file Patterns of dotted names, for choosing parameters: `*` is any part of one segment, `**` any number of segments,
 * `{a,b}` one of several words. `model.language_model.layers.*.self_attn.{q,v}_proj` names two maps of every layer.
 */

import { VlaError, nearestName } from './errors.ts';

/** Whether a name fits a pattern. Throws `bad-argument` for a pattern that is none. */
export function namePattern(pattern: string): (name: string) => boolean {
  const segments = pattern.split('.');
  if (!segments.every((segment) => segment === '**' || /^([\w*-]|\{[\w,*-]+\})+$/.test(segment))) {
    throw new VlaError('bad-argument', `pattern "${pattern}": expected dotted names with *, ** or {a,b}, got others.`, {
      hint: 'For example: model.language_model.layers.*.self_attn.{q,v}_proj, or expert.**.',
    });
  }
  const source = segments.reduce((text, segment, i) => {
    const first = i === 0 ? '^' : String.raw`(?<=^|\.)`;
    return (
      text + (segment === '**' ? String.raw`(?:[^.]+(?:\.|$))*` : `${first}${word(segment)}${String.raw`(?:\.|$)`}`)
    );
  }, '^');
  const expression = new RegExp(`${source}$`);
  return (name) => expression.test(name);
}

function word(segment: string): string {
  return segment.replaceAll(/\*|\{[^}]*\}/g, (found) =>
    found === '*' ? '[^.]*' : `(?:${found.slice(1, -1).replaceAll('*', '[^.]*').split(',').join('|')})`,
  );
}

/**
 * The names that fit one of the patterns, in the order of `names`. A pattern that fits none is a `not-found` error of
 * `where` with the nearest name.
 */
export function selectNames(where: string, patterns: readonly string[], names: readonly string[]): string[] {
  const fits = patterns.map(namePattern);
  for (const [i, pattern] of patterns.entries()) {
    if (names.some((name) => fits[i]!(name))) continue;
    const near = nearestPattern(pattern, names);
    throw new VlaError('not-found', `${where}: expected a pattern that fits a name, got "${pattern}".`, {
      hint: near === undefined ? `The first of ${names.length} names is ${names[0]}.` : `Did you mean "${near}"?`,
    });
  }
  return names.filter((name) => fits.some((fit) => fit(name)));
}

/** The pattern's fixed beginning corrected to the nearest beginning of a name; numbers may be wildcards. */
function nearestPattern(pattern: string, names: readonly string[]): string | undefined {
  const fixed = pattern.replace(/(\.?\*\*)+$/, '');
  const beginnings = new Set<string>();
  for (const name of names) {
    const parts = name.split('.');
    for (let length = 1; length <= parts.length; length++) {
      const beginning = parts.slice(0, length).join('.');
      beginnings.add(beginning).add(beginning.replaceAll(/(?<=\.)\d+(?=\.|$)/g, '*'));
    }
  }
  const near = nearestName(fixed, beginnings);
  return near === undefined ? undefined : near + pattern.slice(fixed.length);
}
