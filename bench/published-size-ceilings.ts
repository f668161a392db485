/** @file What the processor reaches at best: products of large matrices in float32 and in 8 bits, and reading memory. */

import { Random } from '../src/base/random.ts';
import { f32, type Tensor } from '../src/base/tensor.ts';
import {
  createSession,
  input,
  linear,
  output,
  reduceSum,
  trace,
  weight,
  type WeightPrecision,
} from '../src/engine/index.ts';

/** Sides of the square matrices, and rows of the other one; the best of them counts. */
const SIDES = [1024, 2048, 4096];
const ROWS = 1024;
/** Numbers that are summed: a gigabyte. */
const LONG = 1 << 28;
const REPEATS = 15;

/** Best of some repeats. */
export interface Ceilings {
  readonly f32GigaFlops: number;
  readonly int8GigaOps: number;
  readonly gigabytesPerSecond: number;
}

/** Measures all three. */
export async function measureCeilings(threads: number): Promise<Ceilings> {
  const fastest = async (precision: WeightPrecision): Promise<number> => {
    const rates: number[] = [];
    for (const side of SIDES) rates.push((2 * ROWS * side * side) / (await product(precision, side, threads)) / 1e6);
    return Math.max(...rates);
  };
  return {
    f32GigaFlops: await fastest('f32'),
    int8GigaOps: await fastest('int8'),
    gigabytesPerSecond: (4 * LONG) / (await reading(threads)) / 1e6,
  };
}

async function product(weightPrecision: WeightPrecision, side: number, threads: number): Promise<number> {
  const random = new Random(1);
  const numbers = (shape: readonly number[]): Tensor =>
    f32(
      Float32Array.from({ length: shape[0]! * shape[1]! }, () => random.range(-1, 1)),
      shape,
    );
  const graph = trace(() => output('y', linear(input('x', 'f32', [ROWS, side]), weight('w', 'f32', [side, side]))));
  const session = await createSession(graph, {
    runtime: 'cpu',
    threads,
    weightPrecision,
    weights: { w: numbers([side, side]) },
  });
  return best(session, { x: numbers([ROWS, side]) });
}

async function reading(threads: number): Promise<number> {
  const graph = trace(() => output('y', reduceSum(input('x', 'f32', [threads, LONG / threads]), [1])));
  const session = await createSession(graph, { runtime: 'cpu', threads });
  return best(session, { x: f32(new Float32Array(LONG).fill(1), [threads, LONG / threads]) });
}

async function best(
  session: Awaited<ReturnType<typeof createSession>>,
  feeds: Record<string, Tensor>,
): Promise<number> {
  let ms = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    await session.run(feeds);
    ms = Math.min(ms, performance.now() - start);
  }
  await session.close();
  return ms;
}
