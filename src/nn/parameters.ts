/**
 * @file Parameters as typed trees: what a layer learns is plain nested data, and the dotted path of a leaf is its name in
 * the checkpoint.
 */

import { VlaError, lookUp } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import { elementCount, zeros, type DType, type Tensor } from '../base/tensor.ts';
import { input, weight, type Value } from '../engine/index.ts';

/** Leaves in nested objects and lists; a list index is a number in the dotted name. */
export type Tree<T> = T | { readonly [key: string]: Tree<T> } | readonly Tree<T>[];

/** How a parameter starts: constants, normal noise, or a formula of the element's index in row-major order. */
export type Init =
  | 'zeros'
  | 'ones'
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'values'; readonly fill: (index: number) => number };

/** What a parameter is before it has values. */
export interface ParameterSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly init: Init;
}

/** What every leaf has: a specification, a symbolic tensor or a tensor in memory. */
interface TypedLeaf {
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

/** The tree `S` with its leaves `A` replaced by `B`. */
export type Mapped<S, A, B> = S extends A
  ? B
  : S extends readonly (infer E)[]
    ? readonly Mapped<E, A, B>[]
    : { readonly [K in keyof S]: Mapped<S[K], A, B> };

const isLeaf = (node: object): node is TypedLeaf => 'dtype' in node && 'shape' in node;

/** Applies `f` to each leaf and its dotted name; the result has the shape of the tree. Fields that are undefined stay out. */
export function mapTree<S extends Tree<A>, A extends TypedLeaf, B>(
  tree: S,
  f: (leaf: A, name: string) => B,
): Mapped<S, A, B> {
  const visit = (node: Tree<A>, name: string): unknown => {
    if (isLeaf(node)) return f(node as A, name);
    const path = (key: string | number): string => (name === '' ? `${key}` : `${name}.${key}`);
    if (Array.isArray(node)) return node.map((child: Tree<A>, i) => visit(child, path(i)));
    return Object.fromEntries(
      Object.entries(node as Readonly<Record<string, Tree<A> | undefined>>).flatMap(([key, child]) =>
        child === undefined ? [] : [[key, visit(child, path(key))]],
      ),
    );
  };
  return visit(tree, '') as Mapped<S, A, B>;
}

/** Every leaf with its dotted name, in the order of the tree. */
export function flatten<A extends TypedLeaf>(tree: Tree<A>): [name: string, leaf: A][] {
  const leaves: [string, A][] = [];
  mapTree<Tree<A>, A, void>(tree, (leaf, name) => void leaves.push([name, leaf]));
  return leaves;
}

/** The number of parameters in a tree. */
export function countParameters(tree: Tree<ParameterSpec>): number {
  return flatten<ParameterSpec>(tree).reduce((sum, [, { shape }]) => sum + elementCount(shape), 0);
}

/** Initial values: each parameter draws from the next numbers of `random`, in the order of the tree. */
export function materialise<S extends Tree<ParameterSpec>>(spec: S, random: Random): Mapped<S, ParameterSpec, Tensor> {
  return mapTree<S, ParameterSpec, Tensor>(spec, ({ dtype, shape, init }, name) => {
    if (dtype !== 'f32') {
      throw new VlaError('unsupported', `${name}: expected f32 to make initial values, got ${dtype}.`);
    }
    const values = zeros('f32', shape);
    if (init === 'zeros') return values;
    if (init === 'ones') values.data.fill(1);
    else if (init.kind === 'normal')
      for (let i = 0; i < values.data.length; i++) values.data[i] = init.std * random.normal();
    else for (let i = 0; i < values.data.length; i++) values.data[i] = init.fill(i);
    return values;
  });
}

/** The tree as graph inputs, fed at every run. */
export function asInputs<S extends Tree<ParameterSpec>>(spec: S): Mapped<S, ParameterSpec, Value> {
  return mapTree<S, ParameterSpec, Value>(spec, ({ dtype, shape }, name) => input(name, dtype, shape));
}

/** The tree as weights, which a session gets once. */
export function asWeights<S extends Tree<ParameterSpec>>(spec: S): Mapped<S, ParameterSpec, Value> {
  return mapTree<S, ParameterSpec, Value>(spec, ({ dtype, shape }, name) => weight(name, dtype, shape));
}

/** The tree made of tensors found by name; throws when one is missing or has another shape. Further names are ignored. */
export function pickTensors<S extends Tree<ParameterSpec>>(
  spec: S,
  tensors: Readonly<Record<string, Tensor>>,
): Mapped<S, ParameterSpec, Tensor> {
  return mapTree<S, ParameterSpec, Tensor>(spec, ({ shape }, name) => {
    const found = lookUp('weights', name, tensors);
    if (found.shape.join() !== shape.join()) {
      throw new VlaError(
        'bad-shape',
        `weights "${name}": expected shape [${shape.join(', ')}], got [${found.shape.join(', ')}].`,
        { hint: 'The weights belong to a model of another size: use the config.json that lies beside them.' },
      );
    }
    return found;
  });
}

/** A float32 parameter. */
export function parameter(shape: readonly number[], init: Init): ParameterSpec {
  return { dtype: 'f32', shape, init };
}

/** Normal noise of standard deviation `std`. */
export const normal = (std: number): Init => ({ kind: 'normal', std });
