/**
 * @file What 16-bit floats gain: matrix products, and training steps of transformers, in f32 and in f16 on the same runtime in turn. Every
 * round gives a ratio. On a graphics card; the processor rounds to 16 bits and gains nothing.
 *
 *     node dist/bench/half-floats.js [--runtime webgpu] [--products 1024,2048,4096] [--sizes 5M,40M] [--style modern] [--rounds 8] [--steps 4]
 */

import { parseArgs } from 'node:util';
import { lookUp } from '../src/base/errors.ts';
import {
  createSession,
  input,
  matmul,
  mul,
  output,
  reduceMean,
  trace,
  type Arithmetic,
  type Runtime,
} from '../src/engine/index.ts';
import { countParameters } from '../src/nn/parameters.ts';
import { spread } from './spread.ts';
import { normals, stepLearner } from './train-step-learner.ts';
import { SIZES, STYLES, stepFlops, type Size, type Style } from './train-step-models.ts';

const { values } = parseArgs({
  options: {
    runtime: { type: 'string', default: 'webgpu' },
    products: { type: 'string', default: '1024,2048,4096' },
    sizes: { type: 'string', default: '5M,40M' },
    style: { type: 'string', default: 'modern' },
    rounds: { type: 'string', default: '8' },
    steps: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
  },
});
const runtime = values.runtime as Runtime;
const [rounds, steps, threads] = [Number(values.rounds), Number(values.steps), Number(values.threads)];
const ARITHMETICS: readonly Arithmetic[] = ['f32', 'f16'];
/** Products one after the other in a run, so that they are what is measured. */
const CHAIN = 8;

/** One contender: `run` computes once and says what is to be printed beside the time. */
interface Contender {
  run(): Promise<number>;
  close(): Promise<void>;
}

/** The mean square of x W W … W; both stay on the device. */
async function products(size: number, arithmetic: Arithmetic): Promise<Contender> {
  const graph = trace(() => {
    const w = input('w', 'f32', [size, size]);
    const start = input('x', 'f32', [size, size]);
    let x = start;
    for (let i = 0; i < CHAIN; i++) x = matmul(x, w);
    output('mean', reduceMean(mul(x, x)));
    output('w.next', mul(w, 1));
    output('x.next', mul(start, 1));
  });
  const session = await createSession(graph, {
    runtime,
    threads,
    arithmetic,
    state: { w: 'w.next', x: 'x.next' },
    initialState: { w: normals([size, size], 1, size ** -0.5), x: normals([size, size], 2) },
  });
  return { run: async () => (await session.run({}))['mean']!.data[0] as number, close: () => session.close() };
}

async function learning(size: Size, style: Style, arithmetic: Arithmetic): Promise<Contender> {
  const { learner, feeds } = await stepLearner(size, style, { session: { runtime, threads, arithmetic } });
  let step = 0;
  return { run: async () => (await learner.step(step++, feeds))['loss']!, close: () => learner.close() };
}

/** Rounds of the two in turn: `flops` floating-point operations each time. */
async function duel(title: string, flops: number, open: (arithmetic: Arithmetic) => Promise<Contender>): Promise<void> {
  const both = [];
  for (const arithmetic of ARITHMETICS) {
    const contender = await open(arithmetic);
    await contender.run();
    await contender.run();
    both.push({ arithmetic, contender, seconds: [] as number[], told: 0 });
  }
  for (let round = 0; round < rounds; round++) {
    for (const one of both) {
      const start = performance.now();
      for (let step = 0; step < steps; step++) one.told = await one.contender.run();
      one.seconds.push((performance.now() - start) / 1000 / steps);
    }
  }
  for (const one of both) await one.contender.close();
  console.log(`${title} on ${runtime} (rounds ${rounds}, steps ${steps})`);
  for (const { arithmetic, seconds, told } of both) {
    const times = seconds.map((x) => 1000 * x);
    const speeds = seconds.map((x) => flops / x / 1e12);
    console.log(`  ${arithmetic}: ms ${spread(times, 2)}; Tflop/s ${spread(speeds, 2)}; gives ${told.toPrecision(6)}`);
  }
  const [wide, half] = both as [(typeof both)[0], (typeof both)[0]];
  console.log(
    `  f16 over f32: ${spread(
      half.seconds.map((own, i) => wide.seconds[i]! / own),
      2,
    )}`,
  );
}

const listed = (text: string): string[] => text.split(',').filter((word) => word !== '');
for (const size of listed(values.products).map(Number)) {
  await duel(`${CHAIN} products of ${size} x ${size}`, CHAIN * 2 * size ** 3, (arithmetic) =>
    products(size, arithmetic),
  );
}
const style = values.style as Style;
for (const name of listed(values.sizes)) {
  const size = lookUp('size', name, SIZES);
  const learned = (countParameters(lookUp('style', style, STYLES)(size).parameters) / 1e6).toFixed(1);
  await duel(`training step, ${style} ${name} (${learned} M)`, stepFlops(size, style), (arithmetic) =>
    learning(size, style, arithmetic),
  );
}
