/**
 * @file Train-step speed: forward, backward, clipping and AdamW in one graph, against the same transformer in PyTorch eager
 * (bench/train-step.py), in turn, and against the matmul ceiling of the same round.
 *
 *     node dist/bench/train-step.js [--sizes 0.6M,5M,40M] [--styles classic,modern] [--rounds 10] [--rematerialise]
 *         [--runtime webgpu] [--arithmetic f32,f16] [--python /path/to/python] [--torch-device cuda] [--torch-types fp32,tf32,bf16]
 *
 * Without --python only our side runs. Run it on an otherwise idle machine; ratios are taken round by round, so that a
 * disturbance hits both, and printed with their median and quartiles.
 */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { lookUp } from '../src/base/errors.ts';
import { f32 } from '../src/base/tensor.ts';
import {
  createSession,
  input,
  matmul,
  output,
  reduceMean,
  trace,
  type Arithmetic,
  type Runtime,
} from '../src/engine/index.ts';
import { countParameters } from '../src/nn/parameters.ts';
import { spread } from './spread.ts';
import { stepLearner } from './train-step-learner.ts';
import { SIZES, STYLES, stepFlops, type Size, type Style } from './train-step-models.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '0.6M,5M,40M' },
    styles: { type: 'string', default: 'classic,modern' },
    rounds: { type: 'string', default: '10' },
    threads: { type: 'string', default: '2' },
    rematerialise: { type: 'boolean', default: false },
    runtime: { type: 'string', default: 'cpu' },
    arithmetic: { type: 'string', default: 'f32' },
    python: { type: 'string' },
    'torch-device': { type: 'string', default: 'cpu' },
    'torch-types': { type: 'string', default: 'fp32' },
  },
});
const threads = Number(values.threads);
const runtime = values.runtime as Runtime;
const arithmetics = values.arithmetic.split(',') as Arithmetic[];
const torchTypes = values.python === undefined ? [] : values['torch-types'].split(',');
const rounds = Number(values.rounds);

/** Wall and processor seconds of one step. */
interface Timing {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

interface Contender {
  step(): Promise<Timing>;
  close(): Promise<void>;
}

/** Milliseconds both sides rest between turns, so that waiting threads of one have stopped spinning. */
const REST_MS = 30;

async function timed(work: () => Promise<unknown>): Promise<Timing> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

async function ours(size: Size, style: Style, arithmetic: Arithmetic): Promise<Contender> {
  const session = { runtime, threads, arithmetic };
  const { learner, feeds } = await stepLearner(size, style, { session, rematerialise: values.rematerialise });
  let done = 0;
  return { step: () => timed(() => learner.step(done++, feeds)), close: () => learner.close() };
}

function theirs(python: string, size: Size, style: Style, type: string): Contender {
  const { batch, tokens, width, heads, layers, inner } = size;
  const script = 'bench/train-step.py';
  const numbers = [batch, tokens, width, heads, layers, inner].map(String);
  const rest = [style, String(threads), values['torch-device'], type];
  const child = spawn(python, [script, ...numbers, ...rest], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async step() {
      child.stdin.write('step\n');
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended early`);
      return JSON.parse(value as string) as Timing;
    },
    async close() {
      child.stdin.end('quit\n');
    },
  };
}

/** Goals of the step time over PyTorch's, and of the step's GFLOP/s over the ceiling. */
const TIME_GOAL = 0.9;
const CEILING_GOAL = 0.8;

/** Square products: their side, and how many follow each other in one run. Small ones fit the caches, large ones amortise. A graphics card needs larger ones. */
const PRODUCTS = [
  { side: 512, count: 16 },
  { side: 1024, count: 4 },
  { side: 2048, count: 1 },
  ...(runtime === 'webgpu' ? [{ side: 4096, count: 8 }] : []),
];

/** Products that follow each other in one graph, of which only a number is fetched: the ceiling for everything else. */
async function products({ side, count }: (typeof PRODUCTS)[number]): Promise<Contender> {
  const graph = trace(() => {
    const b = input('b', 'f32', [side, side]);
    let y = input('a', 'f32', [side, side]);
    for (let i = 0; i < count; i++) y = matmul(y, b);
    output('mean', reduceMean(y));
  });
  const session = await createSession(graph, { runtime, threads });
  // Rows sum to one, so that the numbers stay as they are.
  const x = f32(new Float32Array(side * side).fill(1 / side), [side, side]);
  return { step: () => timed(() => session.run({ a: x, b: x })), close: () => session.close() };
}

const productFlops = ({ side, count }: (typeof PRODUCTS)[number]): number => 2 * count * side ** 3;

const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, REST_MS));

for (const name of values.sizes.split(',')) {
  for (const style of values.styles.split(',') as Style[]) {
    const size = lookUp('size', name, SIZES);
    lookUp('style', style, STYLES);
    const limits = await Promise.all(PRODUCTS.map(products));
    const contenders = [
      ...(await Promise.all(arithmetics.map((arithmetic) => ours(size, style, arithmetic)))),
      ...limits,
    ];
    for (const type of torchTypes) contenders.push(theirs(values.python!, size, style, type));
    const times: Timing[][] = contenders.map(() => []);
    // The first two rounds warm up.
    for (let round = 0; round < rounds + 2; round++) {
      for (const [i, contender] of contenders.entries()) {
        await rest();
        const timing = await contender.step();
        if (round >= 2) times[i]!.push(timing);
      }
    }
    for (const contender of contenders) await contender.close();
    const [own, others] = [times.slice(0, arithmetics.length), times.slice(arithmetics.length)];
    const parameters = countParameters(STYLES[style](size).parameters as Parameters<typeof countParameters>[0]);
    console.log(
      `${name} ${style} (${(parameters / 1e6).toFixed(2)} M parameters, ${size.batch * size.tokens} tokens, ${runtime}, ${threads} threads, ${rounds} rounds)`,
    );
    // The ceiling of a round is that of the side that ran fastest in it.
    const rates = PRODUCTS.map((product, i) => others[i]!.map(({ seconds }) => productFlops(product) / seconds / 1e9));
    const ceiling = Array.from({ length: rounds }, (_, round) => Math.max(...rates.map((list) => list[round]!)));
    const highest = rates.map((list, i) => `${PRODUCTS[i]!.side}²: ${Math.max(...list).toFixed(0)}`).join(', ');
    console.log(`  ceiling, GFLOP/s ${spread(ceiling, 0)}, best by side ${highest}`);
    for (const [i, arithmetic] of arithmetics.entries()) {
      describe(arithmetic, own[i]!, stepFlops(size, style), ceiling);
      if (i > 0) compare(arithmetic, own[i]!, arithmetics[0]!, own[0]!);
      for (const [k, type] of torchTypes.entries()) {
        compare(arithmetic, own[i]!, `PyTorch ${type}`, others[PRODUCTS.length + k]!);
      }
    }
  }
}

/** Prints how long our steps took, and how much of the ceiling they reach. */
function describe(name: string, own: readonly Timing[], flops: number, ceiling: readonly number[]): void {
  const ms = own.map(({ seconds }) => 1000 * seconds);
  console.log(`  ${name}: step ms ${spread(ms, 1)}, best ${Math.min(...ms).toFixed(1)}`);
  const speeds = own.map(({ seconds }) => flops / seconds / 1e9);
  const share = speeds.map((speed, round) => speed / ceiling[round]!);
  const bestShare = Math.max(...speeds) / Math.max(...ceiling);
  console.log(
    `  ${name}: GFLOP/s ${spread(speeds, 0)}, of the ceiling ${spread(share, 2)}, best by best ${bestShare.toFixed(2)}; goal ${CEILING_GOAL}`,
  );
}

/** Prints what the other took, and our times over its, round by round. */
function compare(name: string, own: readonly Timing[], otherName: string, other: readonly Timing[]): void {
  const ratios = (of: keyof Timing): string => {
    const smallest = (list: readonly Timing[]): number => Math.min(...list.map((t) => t[of]));
    const list = own.map((t, round) => t[of] / other[round]![of]);
    return `${spread(list, 2)}, best by best ${(smallest(own) / smallest(other)).toFixed(2)}`;
  };
  const ms = other.map(({ seconds }) => 1000 * seconds);
  console.log(`  ${otherName} ms ${spread(ms, 1)}; ${name} over it: time ${ratios('seconds')}; goal ${TIME_GOAL}`);
  console.log(`    processor time ${ratios('cpuSeconds')}`);
}
