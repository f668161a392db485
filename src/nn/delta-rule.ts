/**
 * @file The gated delta rule (Yang, Kautz and Hatamizadeh 2024, arXiv 2412.06464): a linear attention whose memory S forgets by
 * exp(g) and is corrected towards a key's value rather than added to:
 *
 *     S ← exp(gₜ) S;   S ← S + kₜ ⊗ βₜ (vₜ − kₜᵀ S);   oₜ = qₜᵀ S
 *
 * Token by token for decoding, and in chunks for prompts: inside a chunk the corrections solve a unit lower triangular system
 * (section 3.3 there), and only the memory passes from chunk to chunk. Both forms are made of ordinary operators and agree.
 *
 * Axes: B batch, G heads of queries and keys, N heads of values (a multiple of G; neighbours share a key head), T tokens, C tokens
 * of a chunk, d features of a key, e features of a value. Inside, M = B · G and R = N / G.
 */

import { f32 } from '../base/tensor.ts';
import {
  add,
  concat,
  constant,
  cumsum,
  dims,
  exp,
  matmul,
  mul,
  pad,
  reshape,
  slice,
  split,
  sub,
  type Value,
} from '../engine/index.ts';

/** What the rule reads. A token with β = 0 and g = 0 leaves the memory alone. */
export interface DeltaRuleInputs {
  /** Queries [B, G, T, d], scaled. */
  readonly q: Value;
  /** Keys [B, G, T, d] of length at most 1. */
  readonly k: Value;
  /** Values [B, N, T, e]. */
  readonly v: Value;
  /** Logarithm of what the memory keeps, at most 0: [B, N, T]. */
  readonly g: Value;
  /** How far the memory moves towards the new value, 0 to 1: [B, N, T]. */
  readonly beta: Value;
}

/** What the rule computes. */
export interface DeltaRuleResult {
  /** [B, N, T, e]. */
  readonly output: Value;
  /** The memory after the last token, [B, N, d, e]. */
  readonly memory: Value;
}

/** The rule over T tokens from a memory [B, N, d, e], or from an empty one: step by step for T = 1, else in chunks. */
export function gatedDeltaRule(inputs: DeltaRuleInputs, memory: Value | null, chunk?: number): DeltaRuleResult {
  const { T, d } = dims(inputs.q, 'B G T d');
  if (T === 1 && memory !== null) return deltaStep(inputs, memory);
  return deltaChunks(inputs, memory, Math.min(chunk ?? chunkSize(d), powerOfTwo(T)));
}

/** The smallest power of two that holds `count`. */
const powerOfTwo = (count: number): number => 2 ** Math.ceil(Math.log2(count));

/** About the width of a key: work inside a chunk grows with its length, work between chunks with that width. */
const chunkSize = (d: number): number => Math.min(64, Math.max(16, powerOfTwo(d)));

function deltaStep({ q, k, v, g, beta }: DeltaRuleInputs, memory: Value): DeltaRuleResult {
  const { B, G, d } = dims(k, 'B G 1 d');
  const { N, e } = dims(v, 'B N 1 e');
  const [M, R] = [B * G, N / G];
  const scalar = (x: Value): Value => reshape(x, [M, R, 1, 1]);
  const key = reshape(k, [M, 1, 1, d]);
  const kept = mul(reshape(memory, [M, R, d, e]), exp(scalar(g)));
  const correction = mul(sub(reshape(v, [M, R, 1, e]), matmul(key, kept)), scalar(beta));
  const next = add(kept, matmul(key, correction, { transA: true }));
  const output = matmul(reshape(q, [M, 1, 1, d]), next);
  return { output: reshape(output, [B, N, 1, e]), memory: reshape(next, [B, N, d, e]) };
}

function deltaChunks(inputs: DeltaRuleInputs, memory: Value | null, C: number): DeltaRuleResult {
  const { B, G, T, d } = dims(inputs.k, 'B G T d');
  const { N, e } = dims(inputs.v, 'B N T e');
  const [M, R, n] = [B * G, N / G, Math.ceil(T / C)];
  const cut = (x: Value, heads: number, ...rest: number[]): Value =>
    reshape(pad(x, 2, 0, n * C - T), [M, heads, n, C, ...rest]);
  const [q, k, v] = [cut(inputs.q, 1, d), cut(inputs.k, 1, d), cut(inputs.v, R, e)];
  const beta = cut(inputs.beta, R);

  // logs[t] is the logarithm of what is left, after token t, of the memory at the chunk's start.
  const logs = cumsum(cut(inputs.g, R), 3);
  const column = (x: Value): Value => reshape(x, [M, R, n, C, 1]);
  const row = (x: Value): Value => reshape(x, [M, R, n, 1, C]);
  const left = exp(logs);
  // What is left at token i of what token j wrote, 0 for j > i.
  const decay = exp(add(sub(column(logs), row(logs)), constant(triangle(C))));
  const system = mul(mul(matmul(k, k, { transB: true }), decay), column(beta));
  const inverse = mul(unitLowerInverse(system, C), row(beta));
  const last = slice(logs, 3, C - 1, C);

  const parts = {
    written: matmul(inverse, v),
    read: matmul(mul(inverse, row(left)), k),
    attention: mul(matmul(q, k, { transB: true }), decay),
    q: mul(q, column(left)),
    k: mul(k, column(exp(sub(last, logs)))),
    left: reshape(exp(last), [M, R, n, 1, 1]),
  };
  const state = memory === null ? null : reshape(memory, [M, R, d, e]);
  const { outputs, memory: end } = scan(parts, state, n);
  const output = slice(reshape(concat(outputs, 2), [B, N, n * C, e]), 2, 0, T);
  return { output, memory: reshape(end, [B, N, d, e]) };
}

/** All chunks' own quantities, [M, R or 1, n, …]. */
interface ChunkParts {
  /** Corrections if the memory were empty at the chunk's start, [C, e]. */
  readonly written: Value;
  /** Times that memory: what to take off them, [C, d]. */
  readonly read: Value;
  /** Queries with the chunk's keys, decayed: [C, C]. */
  readonly attention: Value;
  /** Queries for that memory, [C, d]. */
  readonly q: Value;
  /** Keys as the chunk's end remembers them, [C, d]. */
  readonly k: Value;
  /** What the chunk leaves of that memory, [1, 1]. */
  readonly left: Value;
}

/** Carries the memory [M, R, d, e] through the chunks; outputs are [M, R, C, e]. */
function scan(parts: ChunkParts, memory: Value | null, n: number): { outputs: Value[]; memory: Value } {
  const each = (x: Value): Value[] =>
    split(x, 2, Array<number>(n).fill(1)).map((part) => reshape(part, part.shape.toSpliced(2, 1)));
  const [written, read, attention, q, k, left] = [
    each(parts.written),
    each(parts.read),
    each(parts.attention),
    each(parts.q),
    each(parts.k),
    each(parts.left),
  ];
  const outputs: Value[] = [];
  let state = memory;
  for (let i = 0; i < n; i++) {
    const corrections = state === null ? written[i]! : sub(written[i]!, matmul(read[i]!, state));
    const own = matmul(attention[i]!, corrections);
    outputs.push(state === null ? own : add(matmul(q[i]!, state), own));
    const change = matmul(k[i]!, corrections, { transA: true });
    state = state === null ? change : add(mul(state, left[i]!), change);
  }
  return { outputs, memory: state! };
}

/** 0 on and below the diagonal, −10⁹ above: [C, C], added before an exponential. */
function triangle(C: number) {
  return f32(
    Float32Array.from({ length: C * C }, (_, at) => (at % C > Math.floor(at / C) ? -1e9 : 0)),
    [C, C],
  );
}

/**
 * (I + L)⁻¹ where L is `x` [..., C, C] below its diagonal (the rest of x is not read); C is a power of two. Inverses of the diagonal blocks
 * of size s give those of size 2 s: [A 0; B D]⁻¹ = [A⁻¹ 0; −D⁻¹ B A⁻¹ D⁻¹]. Unlike the product of (I + (−L)^(2^i)), which costs as
 * many products of matrices, no entry grows beyond those of the inverses, so that like keys in a row cost no accuracy.
 */
export function unitLowerInverse(x: Value, C: number): Value {
  let inverse: Value | null = null;
  const identity = constant(blockMask(C, (i, j) => i === j));
  for (let s = 1; s < C; s *= 2) {
    const below = constant(
      blockMask(C, (i, j) => Math.floor(i / s) % 2 === 1 && Math.floor(j / s) + 1 === Math.floor(i / s)),
    );
    const B = mul(x, below);
    inverse = inverse === null ? sub(identity, B) : sub(inverse, matmul(matmul(inverse, B), inverse));
  }
  return inverse ?? add(mul(x, constant(0)), identity);
}

function blockMask(C: number, inside: (i: number, j: number) => boolean) {
  return f32(
    Float32Array.from({ length: C * C }, (_, at) => (inside(Math.floor(at / C), at % C) ? 1 : 0)),
    [C, C],
  );
}
