/** @file `vlakit serve-environments`: environments for trainers on this machine or another one. */

import os from 'node:os';
import process from 'node:process';
import type { Command } from 'commander';
import { chooseTasks } from '../benchmarks/protocol.ts';
import type { EnvironmentPool } from '../interfaces/environment-pool.ts';
import { serveEnvironments } from '../serving/environment-server.ts';
import { VectorEnvironment } from '../simulation/vector.ts';
import { nameList, port, positiveNumber, wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';
import { environmentOptions, namedEnvironment, type EnvironmentOptions } from './players.ts';
import { environmentToken } from './reinforcement/open-pool.ts';

interface Options extends EnvironmentOptions {
  readonly tasks: string[];
  readonly count: number;
  readonly host: string;
  readonly port: number;
  readonly workers: number;
  readonly idle: number;
}

/** Adds the options and the action. */
export function define(command: Command): void {
  environmentOptions(command)
    .option('--tasks <names>', 'tasks that clients may play, separated by commas, or "all"', nameList, ['all'])
    .option('--count <n>', 'most environments, of all clients together', wholeNumber(1), 64)
    .option('--host <address>', 'where to listen; beyond this machine only with VLAKIT_TOKEN', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 for any that is free', port, 8400)
    .option('--workers <n>', 'threads that all environments share', wholeNumber(1), os.availableParallelism())
    .option('--idle <seconds>', 'clients that say nothing for this long are let go', positiveNumber, 900)
    .addHelpText('after', '\nThe environment variable VLAKIT_TOKEN holds the token, for server and clients alike.\n')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { count, host, workers } = options;
  const { environment } = namedEnvironment(options, { imageSize: null, world: null }, 0);
  const open = (size: number): Promise<EnvironmentPool> =>
    VectorEnvironment.open({ ...environment, size, workers: Math.max(1, Math.round((workers * size) / count)) });
  const tasks = await offeredTasks(open, options.tasks);
  await withInterrupt('Stopping.', async (signal) => {
    const server = await serveEnvironments({
      host,
      port: options.port,
      token: environmentToken(),
      count,
      tasks,
      open,
      idleSeconds: options.idle,
      onEvent: (line) => process.stderr.write(`${line}\n`),
    });
    process.stdout.write(`${count} environments at ${server.address}: ${tasks.join(', ')}\n`);
    try {
      await ended(signal);
    } finally {
      await server.close();
    }
  });
}

/** One environment is opened at once: what cannot be opened is said here, and not to the first client. */
async function offeredTasks(open: (size: number) => Promise<EnvironmentPool>, names: string[]): Promise<string[]> {
  const first = await open(1);
  try {
    return chooseTasks(names, first.tasks);
  } finally {
    await first.close();
  }
}

/** Resolves when the server is to end. */
function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
