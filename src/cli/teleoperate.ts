/** @file `vlakit teleoperate`: drive a simulated robot by keyboard or gamepad, and record what succeeds. */

import process from 'node:process';
import type { Command } from 'commander';
import { systemClock } from '../base/clock.ts';
import { lookUp, VlaError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { chooseTasks, FIRST_EVALUATION_SEED } from '../benchmarks/protocol.ts';
import { commandLine } from '../benchmarks/provenance.ts';
import { createLeRobotWriter, type LeRobotWriter } from '../data/lerobot/writer.ts';
import type { ExpertEnvironment } from '../interfaces/environment.ts';
import { DEFAULT_WORLD, openWorld } from '../simulation/worlds.ts';
import { WORLD_LIMITS } from '../../recipes/motion-limits.ts';
import { fraction, nameList, wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';
import { recordingFeatures } from './recording/demonstration-frames.ts';
import { controlsFor, type Controls } from './teleoperation/controls.ts';
import { HumanInput } from './teleoperation/human-input.ts';
import { servePage, type PageServer } from './teleoperation/page-server.ts';
import { teleoperate, type ShownTick } from './teleoperation/session.ts';
import { listenToTerminal, terminalView } from './teleoperation/terminal.ts';

interface Options {
  readonly world: string;
  readonly tasks: string[];
  readonly seed: number;
  readonly imageSize: number;
  readonly speed: number;
  readonly out?: string;
  readonly replace?: true;
  readonly successes?: number;
  readonly page?: true;
  readonly port: number;
}

/** Adds the options and the action. */
export function define(command: Command): void {
  command
    .option('--world <name>', 'the built-in world: tabletop or six-joint', DEFAULT_WORLD)
    .option('--tasks <names>', 'tasks to play in turn, separated by commas, or "all"', nameList, ['lift'])
    .option('--seed <n>', 'which scenes', wholeNumber(0), 0)
    .option('--image-size <n>', 'side of the cameras’ images, pixels', wholeNumber(16), 128)
    .option('--speed <share>', 'how fast a key moves, of the largest step', fraction, 0.5)
    .option('--out <folder>', 'record the successes as a LeRobot v3.0 dataset; an interrupted one goes on')
    .option('--replace', 'delete the dataset that is there')
    .option('--successes <n>', 'end after so many (default: when you quit)', wholeNumber(1))
    .option('--page', 'drive in a page in the browser, also by gamepad')
    .option('--port <n>', 'of the page; 0 for any that is free', wholeNumber(0), 0)
    .action(run);
}

async function run(options: Options): Promise<void> {
  if (options.page !== true && !process.stdin.isTTY) {
    throw new VlaError('bad-argument', 'teleoperate: expected a terminal to read keys from, got none.', {
      hint: 'Run it in a terminal, or with --page.',
    });
  }
  const environment = await openWorld({ world: options.world, imageSize: options.imageSize });
  let writer: LeRobotWriter | null = null;
  try {
    const tasks = chooseTasks(options.tasks, environment.tasks);
    const controls = controlsFor(environment.embodiment, { speed: options.speed });
    writer = options.out === undefined ? null : openWriter(environment, options.out, options);
    await withInterrupt('Stopping; the episode under way is not kept.', (signal) =>
      drive(environment, controls, tasks, writer, options, signal),
    );
  } finally {
    writer?.close();
    await environment.close();
  }
}

async function drive(
  environment: ExpertEnvironment,
  controls: Controls,
  tasks: readonly string[],
  writer: LeRobotWriter | null,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const input = new HumanInput();
  const now = (): number => systemClock.now();
  const first = writer?.episodes ?? 0;
  let page: PageServer | null = null;
  let terminal: { close(): void } | null = null;
  let show: (shown: ShownTick) => void;
  if (options.page === true) {
    page = await servePage(input, { port: options.port, help: controls.help, now });
    process.stdout.write(`${page.address}\n`);
    show = page.show;
  } else {
    terminal = listenToTerminal(input, now);
    show = terminalView(controls.help, now);
  }
  try {
    const summary = await teleoperate({
      environment,
      limits: lookUp('world', options.world, WORLD_LIMITS),
      controls,
      input,
      clock: systemClock,
      tasks,
      // Below the evaluations' seeds: no scene that was driven is ever a test scene.
      seed: (episode) => new Random(options.seed, first, episode).integer(FIRST_EVALUATION_SEED),
      writer,
      successes: options.successes ?? null,
      show,
      signal,
    });
    const { episodes, successes, frames } = summary;
    process.stdout.write(`${episodes} episodes, ${successes} succeeded\n`);
    if (writer === null || writer.episodes === 0) return;
    await writer.finish();
    process.stdout.write(`${options.out}: ${writer.episodes} demonstrations, ${frames} new frames\n`);
  } finally {
    terminal?.close();
    await page?.close();
  }
}

function openWriter(environment: ExpertEnvironment, root: string, { world, replace, tasks }: Options): LeRobotWriter {
  const { embodiment, subtasks } = environment;
  return createLeRobotWriter({
    root,
    fps: embodiment.controlHz,
    robotType: embodiment.name,
    features: recordingFeatures(embodiment),
    existing: replace === true ? 'replace' : 'resume',
    settings: { world, tasks, teleoperation: true },
    extra: { vlakit: { subtasks, embodiment, teleoperation: true, command: commandLine() } },
  });
}
