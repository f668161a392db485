/** @file The worker thread of an evaluation: opens its own environment and policy, plays what it is told. */

import { parentPort, workerData } from 'node:worker_threads';
import { invariant, VlaError } from '../base/errors.ts';
import type { Environment } from '../interfaces/environment.ts';
import type { Policy } from '../interfaces/policy.ts';
import { playEpisode, type PlayHooks } from './play-episode.ts';
import { openEnvironment, openListener, openPlayer, openPolicy, type ModuleCall, type PlayOne } from './player.ts';
import { filmEpisode } from './rollout.ts';
import {
  anotherPolicy,
  notAgain,
  toPlainError,
  type Introduction,
  type Order,
  type Report,
  type WorkerSetup,
} from './worker-messages.ts';

invariant(parentPort !== null, 'the evaluation worker runs outside a worker thread');
const port = parentPort;
const setup = workerData as WorkerSetup;
const { control, epoch, worker, execute } = setup;

const hooks: PlayHooks = {
  stopped: () => Atomics.load(control, 0) === 1,
  inferring(running) {
    Atomics.store(control, 1 + worker, running ? Math.max(1, Date.now() - epoch) : 0);
  },
};

function say(report: Report): void {
  port.postMessage(report);
}

function introduce(environment: Environment, policy: Policy): Introduction {
  return {
    policy: policy.name,
    environment: environment.name,
    tasks: [...environment.tasks],
    perturbations: [...environment.perturbations],
    cameras: environment.embodiment.cameras.map(({ name }) => name),
    controlHz: environment.embodiment.controlHz,
    maxSteps: Object.fromEntries(environment.tasks.map((task) => [task, environment.maxSteps(task)])),
  };
}

/** A policy, and what plays with it. */
interface Opened {
  readonly policy: Policy;
  readonly playOwn: PlayOne | null;
}

async function open(environment: Environment, call: ModuleCall): Promise<Opened> {
  const policy = await openPolicy(call, environment);
  return { policy, playOwn: setup.player === null ? null : await openPlayer(setup.player, environment, policy) };
}

/** The policy again after one that failed, for example on a server that had to be started again: it must be the same one. */
async function openAgain(environment: Environment, name: string): Promise<Opened> {
  const opened = await open(environment, setup.policyAgain).catch((error: unknown) => {
    throw notAgain(name, error);
  });
  if (opened.policy.name === name) return opened;
  await opened.policy.close();
  throw anotherPolicy(name, opened.policy.name);
}

/** Follows orders one after the other until it is told to close. */
async function serve(): Promise<void> {
  const environment = await openEnvironment(setup.environment);
  const first = await open(environment, setup.policy);
  const { name } = first.policy;
  /** null: it failed, and is opened anew for the next episode. */
  let opened: Opened | null = first;
  let listener = setup.listener === null ? null : await openListener(setup.listener, environment, first.policy);
  let stage: Environment | null = null;
  const finish = async (): Promise<readonly Error[]> => {
    const listened = listener;
    listener = null;
    return (await listened?.finish()) ?? [];
  };
  const follow = async (order: Order): Promise<void> => {
    if (order.kind === 'play') {
      const start = performance.now();
      const heard = listener;
      const listened: PlayHooks = heard === null ? hooks : { ...hooks, acting: (...told) => heard.acting(...told) };
      const { policy, playOwn } = (opened ??= await openAgain(environment, name));
      const played = await (
        playOwn === null
          ? playEpisode(environment, heard?.policy ?? policy, order.planned, execute, listened)
          : playOwn(order.planned, hooks)
      ).catch(async (error: unknown) => {
        hooks.inferring?.(false);
        // What merely refused an episode is as good as before.
        if (!(error instanceof VlaError) || error.code !== 'mismatch') {
          opened = null;
          await policy.close().catch(() => undefined);
        }
        throw error;
      });
      say({ kind: 'played', played, seconds: (performance.now() - start) / 1000 });
    } else if (order.kind === 'film') {
      if (setup.stage !== null) stage ??= await openEnvironment(setup.stage);
      const { planned, length, film } = order;
      const { policy } = (opened ??= await openAgain(environment, name));
      say({
        kind: 'filmed',
        film: await filmEpisode(environment, stage, policy, planned, length, execute, film, hooks),
      });
    } else if (order.kind === 'finish') {
      say({ kind: 'finished', problems: (await finish()).map(toPlainError) });
    } else {
      await finish();
      await stage?.close();
      await opened?.policy.close();
      await environment.close();
      port.close();
    }
  };
  let last: Promise<void> = Promise.resolve();
  port.on('message', (order: Order) => {
    last = last.then(() => follow(order)).catch(fail);
  });
  say({ kind: 'ready', introduction: introduce(environment, first.policy) });
}

function fail(error: unknown): void {
  say({ kind: 'failed', error: toPlainError(error) });
}

await serve().catch(fail);
