/** @file Runs a command line over a list of commands, loading only the one that is called, and words the errors. */

import process from 'node:process';
import { Command } from 'commander';
import { VlaError } from '../base/errors.ts';
import { ownVersion } from '../benchmarks/provenance.ts';

/** What a command's file exports. */
export interface CommandFile {
  /** Adds options, arguments and the action to an empty command that has its name and summary already. */
  define(command: Command): void;
}

/** A command as the list in main.ts names it. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandFile>;
}

/** The exit code after an interruption, as shells have it for SIGINT. */
const EXIT_INTERRUPTED = 130;

/** The text a person sees for an error, and the exit code. */
export function describeError(error: unknown): { text: string; exitCode: number } {
  if (error instanceof VlaError) {
    const hint = error.hint === undefined ? '' : `\nhint: ${error.hint}`;
    const exitCode = error.code === 'interrupted' ? EXIT_INTERRUPTED : 1;
    return { text: `error[${error.code}]: ${error.message}${hint}`, exitCode };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    text: `${stack}\n\nThis is a bug in vlakit, in a package it uses or in a module of yours that the lines above name. If it is not yours, please report it with the command and these lines.`,
    exitCode: 1,
  };
}

/** The whole program; only the command that `args` names is loaded. Resolves with the exit code. */
export async function runCommandLine(commands: readonly CommandEntry[], args: readonly string[]): Promise<number> {
  const program = new Command('vlakit')
    .description('Vision-language-action models: record, train, evaluate and run robot policies.')
    .version(ownVersion() ?? 'unknown', '--version', 'show the version')
    .showHelpAfterError('(run with --help for the options)')
    .exitOverride();
  const called = args.find((arg) => !arg.startsWith('-'));
  try {
    for (const entry of commands) {
      const command = program.command(entry.name).summary(entry.summary).description(entry.summary);
      if (entry.name === called || (called === 'help' && args.includes(entry.name))) {
        (await entry.load()).define(command);
      }
    }
    await program.parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (isCommanderExit(error)) return error.exitCode;
    const { text, exitCode } = describeError(error);
    process.stderr.write(`${text}\n`);
    return exitCode;
  }
}

/** Commander has already written its message (a usage error, or help) when it throws one of these. */
function isCommanderExit(error: unknown): error is { exitCode: number } {
  return (
    error instanceof Error && 'exitCode' in error && String((error as { code?: string }).code).startsWith('commander.')
  );
}
