/** @file The worker of the latency benchmark: answers an observation with a chunk and says how long the inference took. */

import { parentPort, workerData } from 'node:worker_threads';
import { openEnvironment, openPolicy, type ModuleCall } from '../src/benchmarks/player.ts';
import type { Observation } from '../src/interfaces/observation.ts';

const calls = workerData as { readonly environment: ModuleCall; readonly policy: ModuleCall };
const port = parentPort!;
const environment = await openEnvironment(calls.environment);
await environment.reset({ task: environment.tasks[0]!, seed: 1 });
const policy = await openPolicy(calls.policy, environment);
await policy.reset({ seed: 1 });

port.on('message', (observation: Observation) => {
  const start = performance.now();
  void policy.infer(observation).then((chunk) => port.postMessage({ chunk, ms: performance.now() - start }));
});
port.postMessage({ observation: await environment.observe() });
