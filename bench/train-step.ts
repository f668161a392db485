/**
 * @file Train-step speed: forward, backward, clipping and AdamW in one graph, against the same transformer in PyTorch eager
 * (bench/train-step.py), in turn, and against the matmul ceiling of the same minutes.
 *
 *     node dist/bench/train-step.js [--sizes 0.6M,5M,40M] [--styles classic,modern] [--rounds 10] [--python /path/to/python]
 *
 * Without --python only our side runs. Run it on an otherwise idle machine; the ratio is taken round by round, so that a
 * disturbance hits both.
 */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { lookUp } from '../src/base/errors.ts';
import { Random } from '../src/base/random.ts';
import { elementCount, f32, type Tensor } from '../src/base/tensor.ts';
import { createSession, input, matmul, output, trace } from '../src/engine/index.ts';
import { countParameters, flatten, materialise } from '../src/nn/parameters.ts';
import { createGraphLearner } from '../src/training/graph-learner.ts';
import { SIZES, STYLES, stepFlops, type Size, type Style } from './train-step-models.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '0.6M,5M,40M' },
    styles: { type: 'string', default: 'classic,modern' },
    rounds: { type: 'string', default: '10' },
    threads: { type: 'string', default: '2' },
    python: { type: 'string' },
  },
});
const threads = Number(values.threads);
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

async function ours(size: Size, style: Style): Promise<Contender> {
  const trainable = STYLES[style](size);
  const learner = await createGraphLearner(trainable, {
    optimiser: { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1, emaDecay: null },
    schedule: { learningRate: 1e-3, warmupSteps: 0, finalFraction: 1 },
    steps: 1000,
    initial: Object.fromEntries(flatten<Tensor>(materialise(trainable.parameters, new Random(1)) as never)),
    session: { runtime: 'cpu', threads },
  });
  const random = new Random(2);
  const feeds = Object.fromEntries(
    Object.entries(trainable.inputs).map(([name, { shape }]) => [
      name,
      f32(
        Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
        shape,
      ),
    ]),
  );
  let done = 0;
  return { step: () => timed(() => learner.step(done++, feeds)), close: () => learner.close() };
}

function theirs(python: string, size: Size, style: Style): Contender {
  const { batch, tokens, width, heads, layers, inner } = size;
  const script = 'bench/train-step.py';
  const numbers = [batch, tokens, width, heads, layers, inner].map(String);
  const child = spawn(python, [script, ...numbers, style, String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
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

/** The best GFLOP/s of a square product, the ceiling for everything else. */
async function ceiling(): Promise<Contender> {
  const n = 1024;
  const graph = trace(() => output('y', matmul(input('a', 'f32', [n, n]), input('b', 'f32', [n, n]))));
  const session = await createSession(graph, { runtime: 'cpu', threads });
  const x = f32(new Float32Array(n * n).fill(0.5), [n, n]);
  return { step: () => timed(() => session.run({ a: x, b: x })), close: () => session.close() };
}

const quantile = (list: readonly number[], share: number): number => {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))]!;
};
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, REST_MS));

for (const name of values.sizes.split(',')) {
  for (const style of values.styles.split(',') as Style[]) {
    const size = lookUp('size', name, SIZES);
    lookUp('style', style, STYLES);
    const contenders = [await ours(size, style), await ceiling()];
    if (values.python !== undefined) contenders.push(theirs(values.python, size, style));
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
    const best = times.map((list) => Math.min(...list.map((t) => t.seconds)));
    const speed = stepFlops(size, style) / best[0]! / 1e9;
    const limit = (2 * 1024 ** 3) / best[1]! / 1e9;
    const parameters = countParameters(STYLES[style](size).parameters as Parameters<typeof countParameters>[0]);
    console.log(
      `${name} ${style} (${(parameters / 1e6).toFixed(2)} M parameters, ${size.batch * size.tokens} tokens, ${threads} threads)`,
    );
    console.log(
      `  step ${(1000 * best[0]!).toFixed(1)} ms at best, ${speed.toFixed(0)} GFLOP/s = ${(speed / limit).toFixed(2)} of the ceiling ${limit.toFixed(0)}`,
    );
    if (times[2] === undefined) continue;
    const ratios = (of: keyof Timing): string => {
      const list = times[0]!.map((t, i) => t[of] / times[2]![i]![of]);
      const smallest = (k: number): number => Math.min(...times[k]!.map((t) => t[of]));
      return `${quantile(list, 0.5).toFixed(2)} (quartiles ${quantile(list, 0.25).toFixed(2)} to ${quantile(list, 0.75).toFixed(2)}), best by best ${(smallest(0) / smallest(2)).toFixed(2)}`;
    };
    console.log(`  PyTorch ${(1000 * best[2]!).toFixed(1)} ms at best; ours / PyTorch: ${ratios('seconds')}`);
    console.log(`  processor time, ours / PyTorch: ${ratios('cpuSeconds')}`);
  }
}
