/**
 * @file How long a policy needs for one inference in a worker thread, and what the caller sees of it: percentiles inside
 * the worker, of the round trip, and of the delay of the caller's own timers meanwhile.
 *
 *     node dist/bench/policy-latency.js [CHECKPOINT | expert] [inferences] [--runtime webgpu] [--arithmetic f16]
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { workerUrl } from '../src/base/worker-url.ts';
import { percentile } from '../src/benchmarks/statistics.ts';
import { namedEnvironment, namedPolicy } from '../src/cli/players.ts';
import type { Arithmetic, Runtime } from '../src/engine/index.ts';
import type { Observation } from '../src/interfaces/observation.ts';

/** The first inferences warm caches and are not counted. */
const WARM_UP = 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runtime: { type: 'string', default: 'cpu' }, arithmetic: { type: 'string', default: 'f32' } },
});
const { runtime, arithmetic } = values as { readonly runtime: Runtime; readonly arithmetic: Arithmetic };
const [word = null, inferences = '300'] = positionals;
const count = Number(inferences);
// The expert has no model.
const policy = await namedPolicy(word, {}, word === 'expert' ? {} : { runtime, arithmetic });
const { environment } = namedEnvironment({}, policy, 64);
const worker = new Worker(workerUrl(import.meta.url, './policy-latency-worker'), {
  workerData: { environment, policy: policy.call },
});

worker.on('error', (error) => {
  throw error;
});
const answer = <T>(): Promise<T> => new Promise((resolve) => worker.once('message', resolve));

const { observation } = await answer<{ observation: Observation }>();
const delay = monitorEventLoopDelay({ resolution: 1 });
const inside: number[] = [];
const roundTrip: number[] = [];
let horizon = 0;
for (let i = 0; i < WARM_UP + count; i++) {
  if (i === WARM_UP) delay.enable();
  const start = performance.now();
  worker.postMessage(observation);
  const { chunk, ms } = await answer<{ chunk: { horizon: number }; ms: number }>();
  if (i < WARM_UP) continue;
  roundTrip.push(performance.now() - start);
  inside.push(ms);
  horizon = chunk.horizon;
}
delay.disable();
await worker.terminate();

const line = (name: string, values: readonly number[]): string => {
  const at = (share: number): string => percentile(values, share).toFixed(2).padStart(8);
  return `${name.padEnd(28)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   max ${at(1)} ms`;
};
console.log(
  `${word ?? 'shipped checkpoint'} on ${runtime}, ${arithmetic}: ${count} inferences of ${horizon} actions, one thread`,
);
console.log(line('inference in the worker', inside));
console.log(line('round trip for the caller', roundTrip));
console.log(
  `${'caller’s event loop delayed'.padEnd(28)} p99 ${(delay.percentile(99) / 1e6).toFixed(2).padStart(8)} ms`,
);
