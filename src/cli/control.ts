/** @file `vlakit control`: plays a policy on a robot in real time, behind the safety gate. */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { InvalidArgumentError, type Command } from 'commander';
import { VlaError } from '../base/errors.ts';
import { commandLine } from '../benchmarks/provenance.ts';
import { parseContinuation } from '../models/continuation.ts';
import type { ImageKind } from '../recording/image-encoder.ts';
import { LIVE_PORT } from '../recording/sinks.ts';
import { constantLatency, uniformLatency, type LatencyModel } from '../runtime/latency-model.ts';
import { readLimits } from '../runtime/safety/limits-file.ts';
import { DEFAULT_WORLD, findWorld, WORLDS } from '../simulation/worlds.ts';
import { WORLD_LIMITS } from '../../recipes/motion-limits.ts';
import { json, oneOf, port, positiveNumber, wholeNumber } from './argument-parsers.ts';
import { openSwitch, SWITCHES, type DeadManSwitch, type SwitchKind } from './control/dead-man-switch.ts';
import { controlSession, type SessionRobot } from './control/session.ts';
import { liveLine, reportLines } from './control/show-episode.ts';
import { STRATEGY_NAMES } from './control/strategy-choice.ts';
import { withInterrupt } from './interrupt.ts';
import { namedPolicy, type NamedPolicy } from './players.ts';
import { computationOptions, sessionSettings, type SessionFlags } from './session-options.ts';
import { environmentToken } from './reinforcement/open-pool.ts';

interface Options extends Omit<SessionFlags, 'robot'> {
  readonly robot?: string;
  readonly robotOptions?: unknown;
  readonly unattended?: true;
  readonly deadMan?: SwitchKind | true;
  readonly task?: string;
  readonly instruction?: string;
  readonly imageSize?: number;
  readonly strategy: string;
  readonly execute?: number;
  readonly limits?: string;
  readonly continuation?: unknown;
  readonly latency?: LatencyModel;
  readonly simulatedTime?: true;
  readonly seconds?: number;
  readonly episodes: number;
  readonly seed: number;
  readonly mcap?: string;
  readonly mcapImages: ImageKind;
  readonly record?: string;
  readonly live?: number | true;
  readonly liveHost: string;
}

/** Actions of a chunk before the next inference where no recipe says it. */
const EXECUTE = 8;
/** Pixels of a world's cameras when nothing says otherwise. */
const IMAGE_SIZE = 64;
const MODULE = /\.[cm]?[jt]s$/;

/** Adds the arguments and the options. */
export function define(command: Command): void {
  computationOptions(command)
    .argument(
      '[policy]',
      'a checkpoint or run, "expert", a module or a policy server (default: the shipped checkpoint)',
    )
    .option(
      '--robot <name>',
      `simulated: ${Object.keys(WORLDS).join(', ')}; or a module that exports openRobot (default: as the policy’s recipe says, or ${DEFAULT_WORLD})`,
    )
    .option('--robot-options <json>', 'handed to the module’s openRobot', json)
    .option(
      '--dead-man [where]',
      'the robot moves only while you hold a switch: the space bar in this terminal (key, the default), or in a page, where a gamepad’s button A does, too (page)',
      oneOf(SWITCHES),
    )
    .option('--unattended', 'let a module’s robot move although nobody holds a dead-man switch')
    .option('--task <name>', 'of a built-in world (default: the policy’s first)')
    .option('--instruction <text>', 'what the policy is told (default: as the world says it)')
    .option(
      '--image-size <pixels>',
      'cameras of a built-in world (default: as the policy was trained)',
      wholeNumber(16),
    )
    .option('--strategy <name>', STRATEGY_NAMES.join(', '), oneOf(STRATEGY_NAMES), 'naive-asynchronous')
    .option(
      '--execute <n>',
      `actions of a chunk before the next is asked for (default: the recipe’s, or ${EXECUTE}; half of it where the robot moves on meanwhile)`,
      wholeNumber(1),
    )
    .option('--limits <file>', 'limits.json of the robot (default: a built-in robot’s own)')
    .option('--continuation <json>', 'how a checkpoint continues chunks, instead of policy.json’s "continuation"', json)
    .option('--latency <seconds>', 'inferences take so long, at least in real time: 0.2, or drawn: 0.15-0.4', latency)
    .option('--simulated-time', 'as fast as it computes; the same seed gives the same numbers')
    .option('--threads <n>', 'threads of one inference (default: 1)', wholeNumber(1))
    .option('--seconds <s>', 'end an episode after so long (default: when its outcome is known)', positiveNumber)
    .option('--episodes <n>', 'of a built-in world', wholeNumber(1), 1)
    .option('--seed <n>', 'of scene and policy, counted within the seeds that training never uses', wholeNumber(0), 0)
    .option('--mcap <file>', 'record an MCAP file, which vlakit replay reads')
    .option(
      '--mcap-images <kind>',
      'pictures in it: png (exact), jpeg (small), raw',
      oneOf<ImageKind>(['png', 'jpeg', 'raw']),
      'png',
    )
    .option('--record <folder>', 'record a LeRobot v3.0 dataset')
    .option('--live [port]', `show it in Foxglove (default port: ${LIVE_PORT})`, port)
    .option('--live-host <address>', 'where to listen; beyond this machine only with VLAKIT_TOKEN', '127.0.0.1')
    .action(run);
}

async function run(word: string | undefined, options: Options): Promise<void> {
  // Its --robot is the body that moves, not one of a mixture.
  const { continuation, robot: _, ...flags } = options;
  const settings =
    continuation === undefined ? {} : { continuation: parseContinuation(continuation, '--continuation') };
  const named = await namedPolicy(word ?? null, settings, sessionSettings(flags));
  const { robot, limits } = namedRobot(options, named);
  const deadMan = deadManOf(options);
  const line = liveLine();
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  await withInterrupt('Stopping; the robot brakes, and the files are closed.', async (signal) => {
    await controlSession({
      robot,
      policy:
        word === 'expert' ? { kind: 'expert' } : { kind: 'module', call: named.call, alone: named.checkpoint !== null },
      limits,
      deadMan,
      strategy: { name: options.strategy, execute: options.execute ?? defaultExecute(options.strategy, named) },
      instruction: options.instruction ?? null,
      latency: options.latency ?? null,
      simulatedTime: options.simulatedTime === true,
      seconds: options.seconds ?? null,
      episodes: options.episodes,
      seed: options.seed,
      recording: recordingOf(options, named),
      onTick: line.tick,
      onEpisode(report) {
        line.end();
        process.stdout.write(`${reportLines(report).join('\n')}\n`);
      },
      onPlace: say,
      signal,
    });
    if (!signal.aborted) return;
    throw new VlaError('interrupted', 'control: stopped; the robot stands.', { hint: 'Run the same command again.' });
  });
}

/** The recipe's, of which a robot that moves while the policy thinks needs a half for that. */
function defaultExecute(strategy: string, { execute }: NamedPolicy): number {
  const recipe = execute === 'half' ? EXECUTE : execute;
  return strategy === 'synchronous' ? recipe : Math.max(1, Math.floor(recipe / 2));
}

function namedRobot(
  options: Options,
  policy: NamedPolicy,
): { robot: SessionRobot; limits: ReturnType<typeof readLimits> | null } {
  const name = options.robot ?? policy.world ?? DEFAULT_WORLD;
  const given = options.limits === undefined ? null : readLimits(options.limits);
  if (!MODULE.test(name)) {
    findWorld(name);
    const task = options.task ?? policy.tasks.find((one) => one !== 'all') ?? findWorld(name).tasks[0]!;
    const world = { world: name, imageSize: options.imageSize ?? policy.imageSize ?? IMAGE_SIZE };
    return { robot: { kind: 'world', world, task }, limits: given ?? WORLD_LIMITS[name] ?? null };
  }
  const file = path.resolve(name);
  requireForModule(options, name, fs.existsSync(file));
  const call = { module: pathToFileURL(file).href, options: options.robotOptions };
  return { robot: { kind: 'module', call }, limits: given };
}

function requireForModule(options: Options, name: string, exists: boolean): void {
  if (!exists) {
    throw new VlaError('not-found', `--robot: expected a module, got no file ${name}.`, { hint: 'Check the path.' });
  }
  const refuse = (text: string, hint: string): never => {
    throw new VlaError('bad-argument', `--robot ${name}: ${text}.`, { hint });
  };
  if (options.simulatedTime === true)
    refuse('expected real time, got --simulated-time', 'Only built-in worlds wait for a policy.');
  if (options.episodes > 1) refuse('expected one episode', 'Run the command once for each.');
  if (options.task !== undefined) refuse('expected no --task', 'Say what is to be done with --instruction.');
  if (options.instruction === undefined) refuse('expected --instruction, got none', 'Say what is to be done.');
  if (options.unattended !== true && options.deadMan === undefined) {
    refuse(
      'expected --dead-man or --unattended, got none',
      'Hold a switch while it moves (--dead-man), or stand beside the emergency stop, and say so (--unattended).',
    );
  }
}

function deadManOf({ deadMan, unattended, simulatedTime }: Options): DeadManSwitch | null {
  if (deadMan === undefined) return null;
  for (const [other, given] of Object.entries({ '--unattended': unattended, '--simulated-time': simulatedTime })) {
    if (given !== true) continue;
    throw new VlaError('bad-argument', `control: expected --dead-man or ${other}, got both.`, {
      hint: 'Leave one out.',
    });
  }
  return openSwitch(deadMan === true ? 'key' : deadMan, (text) => void process.stderr.write(`${text}\n`));
}

function recordingOf(options: Options, { checkpoint }: NamedPolicy) {
  const { mcap, mcapImages, record, live, liveHost } = options;
  return {
    mcap: mcap === undefined ? null : { file: path.resolve(mcap), images: mcapImages },
    dataset: record === undefined ? null : path.resolve(record),
    live:
      live === undefined ? null : { host: liveHost, port: live === true ? LIVE_PORT : live, token: environmentToken() },
    about: {
      command: commandLine(),
      ...(checkpoint === null ? {} : { checkpoint: checkpoint.path, checkpointSha256: checkpoint.sha256 }),
    },
  };
}

function latency(text: string): LatencyModel {
  const [low, high = low, ...rest] = text.split('-').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (rest.length > 0 || !(low! >= 0 && high! >= low!) || high === Infinity) {
    throw new InvalidArgumentError(`Expected seconds such as 0.2, or a range such as 0.15-0.4, got "${text}".`);
  }
  return low === high ? constantLatency(low!) : uniformLatency(low!, high!);
}
