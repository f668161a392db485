/** @file One spelling for MJCF and task data that mean the same, made the same way by tools/golden/libero_compose.py. */

import { createHash } from 'node:crypto';
import path from 'node:path';
import { readXml } from '../src/simulation/libero/xml-tree.ts';
import type { XmlNode } from '../src/simulation/libero/xml-tree.ts';

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

/**
 * One line per element in document order: its depth, tag, and attributes sorted by name. In values, white space is one space and
 * numbers are the 16 hexadecimal digits of their float64; files are normal paths; `meshdir` is left out.
 */
export function canonicalModel(model: string | XmlNode): string[] {
  return [...lines(typeof model === 'string' ? readXml(model, 'model') : model, 0)];
}

/** One line per leaf: its path with sorted keys, and its value; numbers as above, empty lists and tables as `[]` and `{}`. */
export function canonicalData(value: unknown, key = ''): string[] {
  if (value === null || typeof value !== 'object') {
    return [`${key} ${typeof value === 'number' ? digits(value) : String(value)}`];
  }
  const names = Array.isArray(value) ? [...value.keys()] : Object.keys(value).toSorted();
  if (names.length === 0) return [`${key} ${Array.isArray(value) ? '[]' : '{}'}`];
  return names.flatMap((name) => canonicalData((value as Record<string, unknown>)[String(name)], `${key}/${name}`));
}

/** The first 16 hexadecimal digits of the SHA-256 of the lines. */
export function digest(canonical: readonly string[]): string {
  return createHash('sha256').update(canonical.join('\n')).digest('hex').slice(0, 16);
}

function* lines({ tag, attributes, children }: XmlNode, depth: number): Generator<string> {
  const values = [...attributes]
    .filter(([name]) => name !== 'meshdir')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ` ${name}=${name === 'file' ? path.posix.normalize(value) : words(value)}`);
  yield `${depth} ${tag}${values.join('')}`;
  for (const child of children) yield* lines(child, depth + 1);
}

function words(text: string): string {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => (NUMBER.test(word) ? digits(Number(word)) : word))
    .join(' ');
}

function digits(number: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(number + 0);
  return bytes.toString('hex');
}
