/** @file `vlakit reinforce` and `vlakit serve-environments` as processes: the shipped policy, here and on a server; what evaluates and reports the run. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { vlakit as run } from '../../tests/processes/vlakit.ts';
import { shippedFile } from '../base/shipped-file.ts';
import { readResult } from '../benchmarks/result.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-reinforce-'));
test.after(() => fs.rmSync(folder, { recursive: true }));
const vlakit = (args: readonly string[]) => run(args, { cwd: folder });
const BASE = path.join(path.dirname(shippedFile('tokenizers')), 'checkpoints', 'quickstart');
const SMALL = ['rl-debug', '--base', BASE, '--set', 'world.imageSize=64'];

test('a run here and one on a server are the same, and open as policy and report', async (t) => {
  const { code, err } = await vlakit(['reinforce', ...SMALL, '--out', 'here']);
  assert.equal(code, 0, err);
  const address = await serve(t, ['--tasks', 'touch,lift', '--count', '2', '--workers', '1', '--port', '0']);
  const servers = `world.servers=["${address}"]`;
  const there = await vlakit(['reinforce', ...SMALL, '--out', 'there', '--set', servers]);
  assert.equal(there.code, 0, there.err);
  const metrics = (name: string): string => fs.readFileSync(path.join(folder, name, 'metrics.jsonl'), 'utf8');
  assert.equal(metrics('there'), metrics('here'));
  assert.equal(metrics('here').split('\n').length, 3);

  const evaluated = await vlakit(['evaluate', 'here', '--conditions', 'base', '--episodes', '1', '--no-films']);
  assert.equal(evaluated.code, 0, evaluated.err);
  const result = readResult(path.join(folder, 'here/evaluation.json'));
  assert.deepEqual(result.protocol.tasks, ['touch', 'lift'], 'the tasks of the recipe');
  const report = await vlakit(['report', 'here']);
  assert.equal(report.code, 0, report.err);
  const page = fs.readFileSync(path.join(folder, 'here/report.html'), 'utf8');
  for (const name of ['success', 'kl', 'clipFraction', 'valueError']) assert.match(page, new RegExp(`<b>${name}</b>`));
});

/** Starts a server; its address. It is asked to end after the test, and must do so by itself. */
function serve(t: { after(f: () => Promise<void>): void }, args: readonly string[]): Promise<string> {
  const program = path.join(import.meta.dirname, 'main.js');
  const server = spawn(process.execPath, [program, 'serve-environments', ...args], { cwd: folder });
  t.after(async () => {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGINT');
    assert.equal(await gone, 0);
  });
  return new Promise((resolve, reject) => {
    server.stdout.on('data', (text: Buffer) => {
      const [, address] = /at (ws:\S+): touch, lift/.exec(text.toString()) ?? [];
      if (address !== undefined) resolve(address);
    });
    server.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
  });
}

test('mistakes are one clear line and exit code 1', async () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [['reinforce', 'rl-tabeltop'], /error\[not-found\]: .*"rl-tabletop"/s],
    [['reinforce', ...SMALL, '--set', 'update.minibatch=4'], /update\.minibatch: .* divides the 6 chunks/],
    [['reinforce', ...SMALL, '--set', 'rollout.environments={"fly":2}'], /rollout\.environments: .*"fly"/],
    [['reinforce', 'rl-debug', '--base', BASE], /expected cameras front 64×64/],
    [['serve-environments', '--host', '0.0.0.0'], /expected a token/],
    [['serve-environments', '--tasks', 'fly'], /task: expected one of/],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await vlakit(args);
    assert.equal(code, 1, `${args.join(' ')}: ${err}`);
    assert.match(err, message);
  }
});
