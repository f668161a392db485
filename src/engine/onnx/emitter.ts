/** @file What op lowerings write to: ONNX nodes, small constants and run-time sizes, each constant once. */

import { invariant } from '../../base/errors.ts';
import { i64, tensor, type DType, type Tensor } from '../../base/tensor.ts';
import { canonicalDim, dimTerms, type Dim } from '../axis-size.ts';
import { hostNumbers } from '../host-array.ts';

/** An attribute: a whole number, a list of them, text, or a float marked as such (ONNX keeps them apart). */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** A node of the ONNX graph that is being written. */
export interface OnnxNode {
  readonly type: string;
  /** "" for the ONNX operators, "com.microsoft" for ONNX Runtime's own. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** Marks a number as a float attribute. */
export function float(value: number): { readonly float: number } {
  return { float: value };
}

/** Collects the ONNX form of a graph. `namedAxes` says which input and axis carries each named size. */
export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, Tensor>();
  private readonly cache = new Map<string, string>();
  private readonly namedAxes: ReadonlyMap<string, readonly [input: string, axis: number]>;
  private count = 0;

  constructor(namedAxes: ReadonlyMap<string, readonly [input: string, axis: number]>) {
    this.namedAxes = namedAxes;
  }

  /** A fresh name. */
  fresh(): string {
    return `#${this.count++}`;
  }

  /** Appends a node. */
  node(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: '' | 'com.microsoft' = '',
  ): void {
    this.nodes.push({ type, domain, inputs, outputs, attributes });
  }

  /** Appends a node with one output of a fresh name, and returns that name. */
  value(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: '' | 'com.microsoft' = '',
  ): string {
    const name = this.fresh();
    this.node(type, inputs, [name], attributes, domain);
    return name;
  }

  private once(key: string, make: () => string): string {
    let name = this.cache.get(key);
    if (name === undefined) this.cache.set(key, (name = make()));
    return name;
  }

  /** A constant tensor under a fresh name. */
  tensor(content: Tensor): string {
    const name = this.fresh();
    this.initializers.set(name, content);
    return name;
  }

  /** A constant list of int64 (shape [n]). */
  integers(values: readonly number[]): string {
    return this.once(`i64 [${values.length}] ${values.join()}`, () => this.tensor(i64(values)));
  }

  /** A constant of shape []. */
  scalar(value: number, dtype: DType): string {
    return this.once(`${dtype} ${Object.is(value, -0) ? '-0' : value}`, () =>
      this.tensor(tensor(dtype, [], hostNumbers(dtype, [value]))),
    );
  }

  /** A constant of the given shape filled with one value. */
  filled(value: number, dtype: DType, shape: readonly number[]): string {
    const count = shape.reduce((product, size) => product * size, 1);
    return this.once(`${dtype} [${shape.join()}] ${value}`, () =>
      this.tensor(
        tensor(
          dtype,
          shape,
          hostNumbers(
            dtype,
            Array.from({ length: count }, () => value),
          ),
        ),
      ),
    );
  }

  /** A shape as int64 [rank]: a constant when all sizes are numbers, computed at run time otherwise. */
  shape(shape: readonly Dim[]): string {
    if (shape.every((dim) => typeof dim === 'number')) return this.integers(shape as readonly number[]);
    return this.once(`shape ${shape.join()}`, () =>
      this.value(
        'Concat',
        shape.map((dim) => this.size(dim)),
        { axis: 0 },
      ),
    );
  }

  /** One size as int64 [1]. */
  size(dim: Dim): string {
    if (typeof dim === 'number') return this.integers([dim]);
    return this.once(`size ${canonicalDim(dim)}`, () => {
      const terms = dimTerms(dim).map(([coefficient, names]) => {
        const factors = names.map((name) => this.namedSize(name));
        if (coefficient !== 1 || factors.length === 0) factors.push(this.integers([coefficient]));
        return factors.reduce((a, b) => this.value('Mul', [a, b]));
      });
      return terms.reduce((a, b) => this.value('Add', [a, b]));
    });
  }

  private namedSize(name: string): string {
    return this.once(`axis ${name}`, () => {
      const found = this.namedAxes.get(name);
      invariant(found !== undefined, `no input has an axis named exactly "${name}"`);
      const [input, axis] = found;
      return this.value('Shape', [input], { start: axis, end: axis + 1 });
    });
  }
}
