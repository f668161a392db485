/** @file The command line loads one command, words errors, and gives exit codes. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Command } from 'commander';
import { VlaError } from '../base/errors.ts';
import { repositoryRoot } from '../../tests/shared-data.ts';
import { describeError, runCommandLine, type CommandEntry } from './program.ts';

function entry(name: string, loaded: string[], action: () => void): CommandEntry {
  return {
    name,
    summary: `${name} something`,
    load: async () => {
      loaded.push(name);
      return { define: (command: Command) => void command.option('--fast', 'be quick').action(action) };
    },
  };
}

/** Runs a command line and gives its exit code and what it wrote. */
async function run(commands: readonly CommandEntry[], ...args: string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const write = (chunk: string | Uint8Array): boolean => {
    text += String(chunk);
    return true;
  };
  const [out, err] = [process.stdout.write, process.stderr.write];
  [process.stdout.write, process.stderr.write] = [write, write];
  try {
    return { code: await runCommandLine(commands, args), text };
  } finally {
    [process.stdout.write, process.stderr.write] = [out, err];
  }
}

test('only the called command is loaded', async () => {
  const loaded: string[] = [];
  let ran = 0;
  const commands = [entry('train', loaded, () => ran++), entry('record', loaded, () => undefined)];
  assert.deepEqual(await run(commands, 'train', '--fast').then(({ code }) => code), 0);
  assert.deepEqual([loaded, ran], [['train'], 1]);
});

test('help lists the commands without loading them; help of one shows its options', async () => {
  const loaded: string[] = [];
  const commands = [entry('train', loaded, () => undefined), entry('record', loaded, () => undefined)];
  const all = await run(commands, '--help');
  assert.equal(all.code, 0);
  assert.match(all.text, /train\s.*train something/);
  assert.deepEqual(loaded, []);
  assert.match((await run(commands, 'record', '--help')).text, /--fast\s+be quick/);
  assert.match((await run(commands, 'help', 'train')).text, /--fast\s+be quick/);
});

test('--version is that of the package', async () => {
  const shipped = fs.readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8');
  const { version } = JSON.parse(shipped) as { version: string };
  assert.deepEqual(await run([], '--version'), { code: 0, text: `${version}\n` });
});

test('a misspelt command or option suggests the right one, exit code 1', async () => {
  const commands = [entry('train', [], () => undefined)];
  const wrong = await run(commands, 'trian');
  assert.equal(wrong.code, 1);
  assert.match(wrong.text, /unknown command 'trian'\n\(Did you mean train\?\)/);
  const option = await run(commands, 'train', '--fats');
  assert.equal(option.code, 1);
  assert.match(option.text, /unknown option '--fats'\n\(Did you mean --fast\?\)/);
});

test('errors for people come with code and hint; unknown ones with a stack and a request to report', async () => {
  const fail = (error: unknown): CommandEntry[] => [
    entry('train', [], () => {
      throw error;
    }),
  ];
  const known = await run(fail(new VlaError('io', 'write: x: disk full.', { hint: 'Free some space.' })), 'train');
  assert.deepEqual(known, { code: 1, text: 'error[io]: write: x: disk full.\nhint: Free some space.\n' });
  const unknown = await run(fail(new TypeError('oops')), 'train');
  assert.equal(unknown.code, 1);
  assert.match(unknown.text, /^TypeError: oops\n\s+at [^]*please report it/);
  assert.equal(describeError(new VlaError('interrupted', 'Interrupted.')).exitCode, 130);
});
