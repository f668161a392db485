/** @file `vlakit run`: plays a policy and shows what it did, as a page of films or one animated image. */

import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { VlaError } from '../base/errors.ts';
import { requireWritableFolder, writeFileAtomic } from '../base/files.ts';
import { startProgress, type Progress } from '../base/progress.ts';
import { evaluate, type Evaluation } from '../benchmarks/evaluate.ts';
import { unseenSeed } from '../benchmarks/protocol.ts';
import { commandLine } from '../benchmarks/provenance.ts';
import { FILM } from '../benchmarks/rollout.ts';
import type { ModuleCall } from '../benchmarks/player.ts';
import type { ImageKind } from '../recording/image-encoder.ts';
import { LIVE_PORT } from '../recording/sinks.ts';
import { nameList, oneOf, port, positiveNumber, wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';
import {
  environmentOptions,
  namedEnvironment,
  namedPolicy,
  type EnvironmentOptions,
  type NamedPolicy,
} from './players.ts';
import { sessionOptions, sessionSettings, type SessionFlags } from './session-options.ts';
import { playRecording } from './recording/play-recording.ts';
import { environmentToken } from './reinforcement/open-pool.ts';
import { renderRolloutPage } from './report/rollout-page.ts';

interface Options extends EnvironmentOptions, SessionFlags {
  readonly task?: string[];
  readonly seed: number;
  readonly episodes: number;
  readonly condition: string;
  readonly timeout: number;
  readonly filmSize: number;
  readonly out: string;
  readonly mcap?: string;
  readonly mcapImages: ImageKind;
  readonly dataset?: string;
  readonly live?: number | true;
  readonly liveHost: string;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  sessionOptions(
    environmentOptions(
      command
        .argument('[policy]', 'a checkpoint or run folder, "expert", or a module (default: the shipped checkpoint)')
        .option('--task <names>', 'tasks, separated by commas (default: those it was trained for)', nameList)
        .option('--seed <n>', 'seed of the scene, counted within the seeds that training never uses', wholeNumber(0), 0)
        .option('--episodes <n>', 'episodes per task', wholeNumber(1), 1)
        .option('--condition <name>', 'base, other, shuffled, held-out or a perturbation', 'base')
        .option('--timeout <seconds>', 'longest single inference', positiveNumber, 30),
    ),
  )
    .option('--film-size <pixels>', 'size of the films', wholeNumber(16), 256)
    .option('--out <file>', 'a page (.html), or an animated image of one episode (.webp)', 'rollout.html')
    .option('--mcap <file>', 'also record the episodes as an MCAP file, which vlakit replay reads')
    .option(
      '--mcap-images <kind>',
      'pictures in it: png (exact), jpeg (small), raw (quick)',
      oneOf<ImageKind>(['png', 'jpeg', 'raw']),
      'png',
    )
    .option('--dataset <folder>', 'also record the episodes as a LeRobot v3.0 dataset')
    .option('--live [port]', `show the episodes in Foxglove as they are played (default port: ${LIVE_PORT})`, port)
    .option('--live-host <address>', 'where to listen; beyond this machine only with VLAKIT_TOKEN', '127.0.0.1')
    .action((policy: string | undefined, options: Options) => run(policy, options));
}

async function run(word: string | undefined, options: Options): Promise<void> {
  const kind = path.extname(options.out);
  if (kind !== '.html' && kind !== '.webp') {
    throw new VlaError('bad-argument', `--out: expected a name that ends in .html or .webp, got "${options.out}".`, {
      hint: 'A page shows any number of episodes, an animated image one.',
    });
  }
  const policy = await namedPolicy(word ?? null, {}, sessionSettings(options));
  const tasks = options.task ?? policy.tasks;
  if (kind === '.webp' && (options.episodes > 1 || tasks.length > 1)) throw onlyOne(tasks.length * options.episodes);
  const { environment, stage } = namedEnvironment(options, policy, options.filmSize);
  requireWritableFolder(path.dirname(options.out));
  const listener = recordingOf(options, policy.checkpoint);
  await withInterrupt('Stopping; no film will be written.', async (signal) => {
    const bars: { episodes?: Progress; films?: Progress } = {};
    const evaluation = await evaluate({
      environment,
      policy: policy.call,
      tasks,
      conditions: [options.condition],
      episodes: options.episodes,
      firstSeed: unseenSeed(options.seed),
      execute: policy.execute,
      workers: 1,
      inferenceTimeoutMs: options.timeout * 1000,
      policyName: policy.name,
      film: { stage, perTask: options.episodes, perCondition: 0, options: FILM },
      command: commandLine(),
      checkpoint: policy.checkpoint,
      ...(listener === undefined ? {} : { listener }),
      signal,
      onProgress(done, total, note) {
        bars.episodes ??= startProgress({ label: 'run', total, unit: 'episodes' });
        bars.episodes.update(done, note);
        if (done === total) bars.episodes.finish();
      },
      onFilm(done, total) {
        bars.films ??= startProgress({ label: 'film', total, unit: 'rollouts' });
        bars.films.update(done);
        if (done === total) bars.films.finish();
      },
    });
    if (evaluation.result.partial) bars.episodes?.finish();
    if (evaluation.rollouts.length < evaluation.chosen) bars.films?.finish();
    show(evaluation, signal);
    writeFileAtomic(options.out, kind === '.webp' ? onlyFilm(evaluation) : filmPage(evaluation));
    process.stdout.write(`${options.out}\n`);
    const [problem] = evaluation.listenerProblems;
    if (problem !== undefined) throw problem;
  });
}

function recordingOf(options: Options, checkpoint: NamedPolicy['checkpoint']): ModuleCall | undefined {
  const { mcap, mcapImages, dataset, live, liveHost } = options;
  const about = {
    command: commandLine(),
    ...(checkpoint === null ? {} : { checkpoint: checkpoint.path, checkpointSha256: checkpoint.sha256 }),
  };
  return playRecording({
    mcap: mcap === undefined ? null : { file: path.resolve(mcap), images: mcapImages },
    dataset: dataset === undefined ? null : path.resolve(dataset),
    live:
      live === undefined ? null : { host: liveHost, port: live === true ? LIVE_PORT : live, token: environmentToken() },
    about,
  });
}

/** Prints how the episodes ended; throws unless all of them were played and filmed. */
function show({ result, rollouts }: Evaluation, signal: AbortSignal): void {
  for (const { task, seed, instruction, outcome, length } of result.episodes) {
    const seconds = (length / result.protocol.controlHz).toFixed(1);
    process.stdout.write(`${outcome.padEnd(8)} “${instruction}” (${task}, seed ${seed}) after ${seconds} s\n`);
  }
  const missing = result.planned - rollouts.length;
  if (missing > 0 && signal.aborted) {
    throw new VlaError('interrupted', `run: stopped; ${missing} of ${result.planned} episodes were not filmed.`, {
      hint: 'Run the same command again, perhaps with fewer --episodes.',
    });
  }
  for (const warning of result.warnings) process.stderr.write(`warning: ${warning}\n`);
  if (missing === 0) return;
  throw new VlaError('unsupported', `run: expected ${result.planned} films, got ${rollouts.length}.`, {
    hint: 'The warning above says why; vlakit doctor says what this machine lacks.',
  });
}

function onlyFilm({ rollouts }: Evaluation): Uint8Array {
  if (rollouts.length === 1) return rollouts[0]!.film.webp;
  throw onlyOne(rollouts.length);
}

function onlyOne(got: number): VlaError {
  return new VlaError('bad-argument', `--out: expected one episode for a .webp, got ${got}.`, {
    hint: 'Name one --task and one episode, or write a page (.html).',
  });
}

function filmPage({ result, rollouts }: Evaluation): string {
  const films: Record<string, Uint8Array> = {};
  const records = rollouts.map(({ episode, film }, i) => {
    const file = String(i);
    films[file] = film.webp;
    const { condition, task, seed, instruction, outcome, length } = episode;
    const { width, height, frames } = film;
    return { condition, task, seed, instruction, outcome, length, width, height, frames, file };
  });
  return renderRolloutPage({ result: { ...result, rollouts: records }, films });
}
