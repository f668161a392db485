/**
 * @file Sizes of axes: numbers, or names bound at run time. Arithmetic on names gives polynomials with one spelling each
 * ("2*B*T+5"), so equal sizes are equal strings.
 */

import { VlaError } from '../base/errors.ts';

/** The size of an axis: a number, or a named size (or a polynomial in names) that is bound when the graph runs. */
export type Dim = number | string;

/** Monomials ("" is the constant, "B*T" a product with sorted factors) → integer coefficient. */
type Polynomial = ReadonlyMap<string, number>;

function parse(dim: Dim): Polynomial {
  if (typeof dim === 'number') return new Map(dim === 0 ? [] : [['', dim]]);
  const terms = new Map<string, number>();
  for (const term of dim.replaceAll('-', '+-').split('+')) {
    if (term === '') continue;
    let coefficient = 1;
    const names: string[] = [];
    for (const factor of term.split('*')) {
      const name = factor.startsWith('-') ? factor.slice(1) : factor;
      if (name !== factor) coefficient = -coefficient;
      if (/^\d+$/.test(name)) coefficient *= Number(name);
      else if (/^[A-Za-z_]\w*$/.test(name)) names.push(name);
      else throw new VlaError('bad-argument', `axis size: expected a number or a name such as "T", got "${dim}".`);
    }
    const key = names.sort().join('*');
    terms.set(key, (terms.get(key) ?? 0) + coefficient);
  }
  return terms;
}

function spell(terms: Polynomial): Dim {
  const kept = [...terms].filter(([, coefficient]) => coefficient !== 0);
  if (kept.length === 0) return 0;
  if (kept.length === 1 && kept[0]![0] === '') return kept[0]![1];
  kept.sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1));
  const text = kept.map(([names, coefficient]) =>
    names === ''
      ? `${coefficient}`
      : coefficient === 1
        ? names
        : coefficient === -1
          ? `-${names}`
          : `${coefficient}*${names}`,
  );
  return text.join('+').replaceAll('+-', '-');
}

/** The sum of sizes. */
export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  const sum = new Map(parse(a));
  for (const [names, coefficient] of parse(b)) sum.set(names, (sum.get(names) ?? 0) + coefficient);
  return spell(sum);
}

/** a − b. */
export function subtractDims(a: Dim, b: Dim): Dim {
  return typeof a === 'number' && typeof b === 'number' ? a - b : addDims(a, multiplyDims(b, -1));
}

/** The product of sizes. */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  const product = new Map<string, number>();
  for (const [namesA, x] of parse(a)) {
    for (const [namesB, y] of parse(b)) {
      const key = [...namesA.split('*'), ...namesB.split('*')]
        .filter((name) => name !== '')
        .sort()
        .join('*');
      product.set(key, (product.get(key) ?? 0) + x * y);
    }
  }
  return spell(product);
}

/** a / b where b is one term that divides every term of a; undefined otherwise. */
export function divideDims(a: Dim, b: Dim): Dim | undefined {
  if (a === b && b !== 0) return 1;
  const divisor = [...parse(b)];
  if (divisor.length !== 1) return undefined;
  const [[divisorNames, divisorCoefficient]] = divisor as [[string, number]];
  const quotient = new Map<string, number>();
  for (const [names, coefficient] of parse(a)) {
    const left = names.split('*').filter((name) => name !== '');
    for (const name of divisorNames.split('*').filter((factor) => factor !== '')) {
      const at = left.indexOf(name);
      if (at < 0) return undefined;
      left.splice(at, 1);
    }
    if (coefficient % divisorCoefficient !== 0) return undefined;
    quotient.set(left.join('*'), coefficient / divisorCoefficient);
  }
  return spell(quotient);
}

/** The product of all sizes of a shape. */
export function sizeOf(shape: readonly Dim[]): Dim {
  return shape.reduce(multiplyDims, 1);
}

/** The one spelling of a size: "T*B" becomes "B*T", "6" becomes 6. */
export function canonicalDim(dim: Dim): Dim {
  return typeof dim === 'number' ? dim : spell(parse(dim));
}

/** Terms of a size: [coefficient, names]. */
export function dimTerms(dim: Dim): readonly (readonly [number, readonly string[]])[] {
  return [...parse(dim)].map(([names, coefficient]) => [coefficient, names === '' ? [] : names.split('*')] as const);
}

/** The number that a size has under `bindings`; a name without a binding is a `bad-shape` error. */
export function bindDim(dim: Dim, bindings: Readonly<Record<string, number>>): number {
  if (typeof dim === 'number') return dim;
  let total = 0;
  for (const [coefficient, names] of dimTerms(dim)) {
    let product = coefficient;
    for (const name of names) {
      const size = bindings[name];
      if (size === undefined) throw new VlaError('bad-shape', `axis size: nothing binds "${name}" of "${dim}".`);
      product *= size;
    }
    total += product;
  }
  return total;
}

/** The broadcast of two shapes by numpy's rule; `where` begins the error message. */
export function broadcastShapes(where: string, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new VlaError(
      'bad-shape',
      `${where}: expected shapes that broadcast, got ${shapeText(a)} and ${shapeText(b)}.`,
      {
        hint: 'Counted from the last axis, sizes must be equal or 1: insert axes of size 1 with unsqueeze or reshape.',
      },
    );
  });
}

/** "[2, T, 96]". */
export function shapeText(shape: readonly Dim[]): string {
  return `[${shape.join(', ')}]`;
}
