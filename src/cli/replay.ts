/** @file `vlakit replay`: asks a policy again what a recorded session asked, and shows where its actions differ. */

import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { VlaError } from '../base/errors.ts';
import { requireWritableFolder, writeFileAtomic } from '../base/files.ts';
import { startProgress } from '../base/progress.ts';
import { importModule } from '../base/user-module.ts';
import { openPolicy, type ModuleCall } from '../benchmarks/player.ts';
import { commandLine } from '../benchmarks/provenance.ts';
import type { Policy } from '../interfaces/policy.ts';
import { indexList, wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';
import { namedPolicy, samplingOptions, samplingSettings, type NamedPolicy, type SamplingOptions } from './players.ts';
import { sessionOptions, sessionSettings, type SessionFlags } from './session-options.ts';
import { comparisonTable, replaySession, worstAnswers, type Comparison } from './replay/compare.ts';
import { openRecording, type RecordedSession } from './replay/recorded-session.ts';
import { recordedWorld } from './replay/recorded-world.ts';
import { renderReplay, type WorstTick } from './replay/replay-page.ts';

interface Options extends SamplingOptions, SessionFlags {
  readonly policy?: string;
  readonly episodes?: number[];
  readonly every?: number;
  readonly seed: number;
  readonly worst: number;
  readonly out: string;
  readonly exact?: true;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  sessionOptions(
    samplingOptions(
      command
        .argument('<session>', 'an MCAP file of vlakit’s, or a LeRobot dataset')
        .option(
          '--policy <name>',
          'a checkpoint or run folder, or a module that exports openPolicy (default: the shipped checkpoint)',
        )
        .option('--episodes <numbers>', 'episodes, separated by commas (default: all)', indexList)
        .option(
          '--every <n>',
          'ask at every n-th frame where the recording holds no inferences (default: as often as its recipe does)',
          wholeNumber(1),
        )
        .option('--seed <n>', 'seed of the policy where the recording does not say it', wholeNumber(0), 0),
    ),
  )
    .option('--worst <n>', 'ticks to show with their pictures', wholeNumber(0), 6)
    .option('--out <file>', 'the page with curves and pictures', 'replay.html')
    .option('--exact', 'end with an error unless every number is equal')
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const named = await namedPolicy(options.policy ?? null, samplingSettings(options), sessionSettings(options));
  requireWritableFolder(path.dirname(options.out));
  await withInterrupt('Stopping; nothing will be written.', async (signal) => {
    const { session, policy } = await opened(file, options, named);
    try {
      const total = session.episodes.reduce((sum, { questions }) => sum + questions.length, 0);
      if (total === 0) throw nothingToAsk(file);
      const progress = startProgress({ label: 'replay', total, unit: 'inferences' });
      const comparison = await replaySession(session, policy, options.seed, progress, signal);
      progress.finish();
      process.stdout.write(`${comparisonTable(comparison)}\n`);
      writeFileAtomic(
        options.out,
        renderReplay({
          title: `${named.name ?? policy.name} on ${session.name}`,
          notes: session.notes,
          comparison,
          worst: await worstTicks(session, comparison, options.worst),
          command: commandLine(),
        }),
      );
      process.stdout.write(`${options.out}\n`);
      if (options.exact === true) requireEqual(comparison);
    } finally {
      await policy.close();
      await session.close();
    }
  });
}

/** The recording comes first where it says what robot it is of; else the policy does. */
async function opened(
  file: string,
  options: Options,
  named: NamedPolicy,
): Promise<{ session: RecordedSession; policy: Policy }> {
  const episodes = options.episodes ?? 'all';
  const every = options.every ?? (named.execute === 'half' ? 1 : named.execute);
  const first = path.extname(file) === '.mcap' ? await openRecording(file, episodes, { every, cameras: [] }) : null;
  if (first?.embodiment != null) {
    return { session: first, policy: await openPolicy(named.call, recordedWorld(first.embodiment)) };
  }
  const policy = await openCheckpoint(named.call, named);
  try {
    const cameras = policy.embodiment.cameras.map(({ name }) => name);
    return { session: await openRecording(file, episodes, { every, cameras }), policy };
  } catch (error) {
    await policy.close();
    throw error;
  }
}

async function openCheckpoint({ module, options }: ModuleCall, { checkpoint }: NamedPolicy): Promise<Policy> {
  if (checkpoint === null) {
    throw new VlaError('bad-argument', '--policy: expected a checkpoint for a dataset, got a module.', {
      hint: 'A dataset does not say what robot it is of. Replay an MCAP session, or name a checkpoint.',
    });
  }
  const { openPolicy: open } = await importModule(module);
  return (open as (options: unknown) => Promise<Policy>)(options);
}

function nothingToAsk(file: string): VlaError {
  return new VlaError('bad-data', `${file}: expected ticks that saw something, got none.`, {
    hint: 'Choose other --episodes, or record again.',
  });
}

async function worstTicks(session: RecordedSession, comparison: Comparison, count: number): Promise<WorstTick[]> {
  const ticks: WorstTick[] = [];
  for (const answer of worstAnswers(comparison, count)) {
    const episode = session.episodes.find(({ index }) => index === answer.episode)!;
    const { observation } = await episode.questions.find(({ tick }) => tick === answer.tick)!.ask();
    ticks.push({ answer, instruction: observation.instruction, images: observation.images });
  }
  return ticks;
}

function requireEqual({ different, numbers, missing }: Comparison): void {
  if (different === 0 && missing === 0) return;
  throw new VlaError(
    'mismatch',
    `replay: expected equal actions, got ${different} of ${numbers} numbers that differ.`,
    {
      hint: 'Equal needs the same checkpoint, the same settings, lossless pictures and the same kind of machine.',
    },
  );
}
