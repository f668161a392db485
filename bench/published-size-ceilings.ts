/** @file What the machine reaches at best: products of large matrices in float32 and in 8 bits, and reading memory. */

import { Random } from '../src/base/random.ts';
import { f32, type Tensor } from '../src/base/tensor.ts';
import {
  createSession,
  input,
  linear,
  output,
  reduceMean,
  reduceSum,
  trace,
  weight,
  type Runtime,
  type SessionOptions,
  type WeightPrecision,
} from '../src/engine/index.ts';

/** Sides of the square matrices, and rows of the other one; the best of them counts. */
const SIDES = [1024, 2048, 4096];
const ROWS = 1024;
/** Numbers that are summed: a gigabyte. */
const LONG = 1 << 28;
const REPEATS = 15;
/** On a graphics card so many products follow each other, so that little of the time is for bringing numbers there and back. */
const CHAIN = 16;

/** Best of some repeats. */
export interface Ceilings {
  readonly f32GigaFlops: number;
  readonly int8GigaOps: number;
  /** Of the processor's memory. */
  readonly gigabytesPerSecond: number;
}

/** Measures all three. */
export async function measureCeilings(runtime: Runtime, threads: number): Promise<Ceilings> {
  const fastest = async (precision: WeightPrecision): Promise<number> => {
    const rates: number[] = [];
    const count = runtime === 'webgpu' ? CHAIN : 1;
    for (const side of SIDES) {
      rates.push(
        (2 * count * ROWS * side * side) / (await product(precision, side, count, { runtime, threads })) / 1e6,
      );
    }
    return Math.max(...rates);
  };
  return {
    f32GigaFlops: await fastest('f32'),
    int8GigaOps: await fastest('int8'),
    gigabytesPerSecond: (4 * LONG) / (await reading(threads)) / 1e6,
  };
}

async function product(
  weightPrecision: WeightPrecision,
  side: number,
  count: number,
  place: Pick<SessionOptions, 'runtime' | 'threads'>,
): Promise<number> {
  const random = new Random(1);
  const numbers = (shape: readonly number[]): Tensor =>
    f32(
      Float32Array.from({ length: shape[0]! * shape[1]! }, () => random.range(-1, 1)),
      shape,
    );
  const graph = trace(() => {
    const w = weight('w', 'f32', [side, side]);
    let y = input('x', 'f32', [ROWS, side]);
    for (let i = 0; i < count; i++) y = linear(y, w);
    output('y', count === 1 ? y : reduceMean(y));
  });
  const session = await createSession(graph, {
    ...place,
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
