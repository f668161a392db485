/** @file An encoded prompt whose tensors pass through a function as they are read: to note which an action expert reads, or to put kept ones in their place. */

import type { Value } from '../../engine/index.ts';
import type { EncodedPrompt } from './prompt-encoder.ts';

/** The same prompt; whoever reads a tensor gets `at(name, tensor)`, `name` as in `layers.2.keys`. */
export function throughReads(prompt: EncodedPrompt, at: (name: string, value: Value) => Value): EncodedPrompt {
  const known = new Map<string, Value>();
  const read = (name: string, value: Value): Value => {
    const found = known.get(name) ?? at(name, value);
    known.set(name, found);
    return found;
  };
  return wrap(prompt, '', read) as EncodedPrompt;
}

function wrap(node: unknown, name: string, read: (name: string, value: Value) => Value): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (isValue(node)) return read(name, node);
  const copy: object = Array.isArray(node) ? [] : {};
  for (const [key, child] of Object.entries(node)) {
    const get = (): unknown => wrap(child, name === '' ? key : `${name}.${key}`, read);
    Object.defineProperty(copy, key, { enumerable: true, get });
  }
  return copy;
}

const isValue = (node: object): node is Value => 'source' in node && 'dtype' in node;
