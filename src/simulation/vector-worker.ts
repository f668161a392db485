/** @file The worker of a VectorEnvironment: opens its share of environments and plays them by order. */

import { parentPort, workerData } from 'node:worker_threads';
import { invariant, VlaError } from '../base/errors.ts';
import { toPlainError, type PlainError } from '../base/plain-error.ts';
import { importModule } from '../base/user-module.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { BlockResult } from '../interfaces/environment-pool.ts';
import type { Environment, EpisodeSpec, Outcome } from '../interfaces/environment.ts';
import type { Observation } from '../interfaces/observation.ts';

/** What one step of one environment gave. */
export interface VectorStep {
  readonly outcome: Outcome;
  readonly observation: Observation;
}

/** What the worker is started with. */
export interface VectorSetup {
  readonly module: string;
  readonly options: unknown;
  /** The numbers of its environments, for error messages. */
  readonly slots: readonly number[];
}

/** To the worker: one entry per environment of its share; null leaves it alone. */
export type VectorOrder =
  | { readonly kind: 'reset'; readonly episodes: readonly (EpisodeSpec | null)[] }
  | { readonly kind: 'step'; readonly actions: readonly (Float32Array | null)[] }
  | { readonly kind: 'play'; readonly blocks: readonly (Float32Array | null)[] }
  | { readonly kind: 'close' };

/** From the worker. */
export type VectorReport =
  | {
      readonly kind: 'ready';
      readonly embodiment: Embodiment;
      readonly tasks: readonly string[];
      readonly perturbations: readonly string[];
    }
  | { readonly kind: 'done'; readonly answers: readonly Answer[] }
  | { readonly kind: 'failed'; readonly error: PlainError };

/** What an order gave in one environment. */
type Answer = Observation | VectorStep | BlockResult | null;

interface EnvironmentModule {
  openEnvironment?(options: unknown): Promise<Environment>;
}

invariant(parentPort !== null, 'the vector worker runs outside a worker thread');
const port = parentPort;
const { module, options, slots } = workerData as VectorSetup;

async function open(): Promise<Environment[]> {
  const { openEnvironment } = (await importModule(module)) as EnvironmentModule;
  if (openEnvironment === undefined) {
    throw new VlaError('bad-argument', `VectorEnvironment: expected ${module} to export openEnvironment.`);
  }
  const environments: Environment[] = [];
  for (let i = 0; i < slots.length; i++) environments.push(await openEnvironment(options));
  return environments;
}

function send(report: VectorReport): void {
  const pictures =
    report.kind === 'done'
      ? report.answers.flatMap((answer) => {
          if (answer === null) return [];
          const observation = 'outcome' in answer ? answer.observation : answer;
          return Object.values(observation.images).map((image) => image.data.buffer as ArrayBuffer);
        })
      : [];
  port.postMessage(report, pictures);
}

/** Plays one order. Every environment has its turn before the first failure is reported. */
async function obey(
  environments: readonly Environment[],
  order: Exclude<VectorOrder, { kind: 'close' }>,
): Promise<void> {
  const answers: Answer[] = [];
  let failure: { readonly error: unknown } | null = null;
  for (const [i, environment] of environments.entries()) {
    try {
      answers.push(await answer(environment, order, i));
    } catch (error) {
      failure ??= { error };
      answers.push(null);
    }
  }
  if (failure !== null) throw failure.error;
  send({ kind: 'done', answers });
}

async function answer(
  environment: Environment,
  order: Exclude<VectorOrder, { kind: 'close' }>,
  index: number,
): Promise<Answer> {
  if (order.kind === 'reset') {
    const episode = order.episodes[index] ?? null;
    if (episode === null) return null;
    await environment.reset(episode);
    remaining[index] = environment.maxSteps(episode.task);
    return environment.observe();
  }
  if (order.kind === 'play') {
    const block = order.blocks[index] ?? null;
    return block === null ? null : playBlock(environment, block, index);
  }
  const action = order.actions[index] ?? null;
  if (action === null) return null;
  const outcome = await environment.step(action);
  return { outcome, observation: await environment.observe() };
}

/** Steps until the block, the episode or its time is over. */
async function playBlock(environment: Environment, block: Float32Array, index: number): Promise<BlockResult> {
  const size = environment.embodiment.action.names.length;
  if (block.length === 0 || block.length % size !== 0) {
    throw new VlaError(
      'bad-shape',
      `VectorEnvironment: expected actions of ${size} values, got ${block.length} values.`,
    );
  }
  let outcome: Outcome = 'running';
  let ticks = 0;
  for (; outcome === 'running' && ticks * size < block.length; ticks++) {
    outcome = await environment.step(block.subarray(ticks * size, (ticks + 1) * size));
    remaining[index] = (remaining[index] ?? Infinity) - 1;
    if (outcome === 'running' && remaining[index] <= 0) outcome = 'timeout';
  }
  return { outcome, ticks, observation: await environment.observe() };
}

async function introduce(): Promise<void> {
  try {
    const [first] = (await opened) as [Environment];
    const { embodiment, tasks, perturbations } = first;
    send({ kind: 'ready', embodiment, tasks: [...tasks], perturbations: [...perturbations] });
  } catch (error) {
    send({ kind: 'failed', error: toPlainError(error) });
  }
}

async function serve(order: VectorOrder): Promise<void> {
  try {
    const environments = await opened;
    if (order.kind !== 'close') return await obey(environments, order);
    for (const environment of environments) await environment.close();
    port.close();
  } catch (error) {
    send({ kind: 'failed', error: toPlainError(error) });
  }
}

/** Control steps until an environment's episode is out of time. */
const remaining: number[] = [];
const opened = open();
void introduce();

port.on('message', (order: VectorOrder) => void serve(order));
