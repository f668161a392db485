/** @file Dotted overrides of a typed configuration: `optimiser.learningRate=1e-3`, checked against the value they replace. */

import { VlaError, nearestName } from '../base/errors.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A copy of `config` with every `path=value` applied, in order. A path must exist already; its last part must hold a
 * value of the same kind (null fits everything and everything fits null: that is how a part is switched on or off).
 * Arrays are written as JSON or with commas; objects as JSON.
 */
export function applyOverrides<T>(config: T, overrides: readonly string[]): T {
  return overrides.reduce<T>((current, override) => {
    const equals = override.indexOf('=');
    if (equals <= 0) {
      throw new VlaError('bad-argument', `--set: expected path=value, got "${override}".`, {
        hint: 'For example: --set optimiser.weightDecay=0.01.',
      });
    }
    const path = override.slice(0, equals);
    return replace(current as Json, path.split('.'), override.slice(equals + 1), path) as T;
  }, config);
}

function replace(node: Json, parts: readonly string[], text: string, path: string): Json {
  const [key, ...rest] = parts;
  if (key === undefined) return parseLike(node, text, path);
  if (node === null || typeof node !== 'object') {
    throw new VlaError('bad-argument', `--set ${path}: expected a value before ".${parts.join('.')}", got an end.`, {
      hint: `Set ${path.slice(0, -parts.join('.').length - 1)} as a whole.`,
    });
  }
  if (!Object.hasOwn(node, key)) throw unknownKey(node, key, path);
  if (Array.isArray(node)) return node.map((item, i) => (String(i) === key ? replace(item, rest, text, path) : item));
  const object = node as { readonly [key: string]: Json };
  return { ...object, [key]: replace(object[key]!, rest, text, path) };
}

function unknownKey(node: object, key: string, path: string): VlaError {
  const names = Object.keys(node);
  const near = nearestName(key, names);
  return new VlaError('not-found', `--set ${path}: expected one of ${names.join(', ')}, got "${key}".`, {
    hint: near === undefined ? `Choose one of: ${names.join(', ')}.` : `Did you mean "${path.replace(key, near)}"?`,
  });
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function parseLike(old: Json, text: string, path: string): Json {
  const value = parseValue(old, text);
  if (old === null || value === null || kindOf(old) === kindOf(value)) return value;
  throw new VlaError('bad-argument', `--set ${path}: expected ${kindOf(old)}, got "${text}".`, {
    hint: `It is ${JSON.stringify(old)} now.`,
  });
}

function parseValue(old: Json, text: string): Json {
  if (typeof old === 'string') return text === 'null' ? null : text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Not JSON: a word, or a list written with commas.
  }
  if (!Array.isArray(old)) return text;
  const items = text.split(',').map((item) => item.trim());
  return typeof old[0] === 'number' ? items.map((item) => (item === '' ? Number.NaN : Number(item))) : items;
}
