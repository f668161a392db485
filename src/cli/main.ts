#!/usr/bin/env node
/** @file The command line `vlakit`: a hand-written list of commands, each loaded only when it is called. */

import { runCommandLine, type CommandEntry } from './program.ts';

const COMMANDS: readonly CommandEntry[] = [];

process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2));
