/** @file `vlakit serve` as a process: says where it listens and when it is warm, answers a client, and ends when it is told to. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import readline from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { openOpenpiPolicy } from '../serving/openpi/openpi-client.ts';
import { toy } from '../../tests/serving/serve-for-test.ts';
import { toyEmbodiment } from '../../tests/serving/toy-policy.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const policy = fileURLToPath(toy().module);

/** Runs the command; resolves with its exit code and what it wrote to the error output. */
function serve(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [main, 'serve', ...args], {
    env: { ...process.env, VLAKIT_TOKEN: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text) => (errors += String(text)));
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, errors })),
  );
  return { child, ended, lines: readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

test('a module is served with a mapping of one’s own, and the server ends cleanly', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-serve-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const mapping = path.join(folder, 'names.json');
  fs.writeFileSync(mapping, '{"images": {"front": "eye"}, "state": ["joints/a", "joints/b"], "instruction": "task"}');
  const server = serve([policy, '--port', '0', '--seed', '5', '--mapping', mapping, '--quiet']);
  t.after(async () => void server.child.kill('SIGKILL'));
  const listens = String((await server.lines.next()).value);
  assert.match(listens, /^openpi: ws:\/\/127\.0\.0\.1:\d+$/);
  assert.equal((await server.lines.next()).value, 'ready: toy for toy, 2 actions a chunk at 10 Hz');
  const client = await openOpenpiPolicy({
    address: listens.slice('openpi: '.length),
    token: null,
    robot: toyEmbodiment(),
    connectSeconds: 20,
    answerSeconds: 20,
    retries: 0,
    names: { images: { front: 'eye', wrist: 'wrist' }, state: 'joints', instruction: 'task' },
  });
  t.after(() => client.close());
  const image = { width: 8, height: 8, data: new Uint8Array(192).fill(3) };
  const seen = { images: { front: image, wrist: image }, state: Float32Array.of(0, 0.5), instruction: 'go' };
  await assert.rejects(client.infer(seen), /expected the state as joints\/a \+ joints\/b/);
  server.child.kill('SIGTERM');
  const { code, errors } = await server.ended;
  assert.equal(code, 0);
  assert.match(errors, /Stopping\./);
});

test('what cannot work is said before anything listens', async () => {
  const wrong: [string[], RegExp][] = [
    [['expert'], /error\[unsupported\]: expert: /],
    [[policy, '--protocol', 'openpy'], /--protocol: expected one of .*Did you mean "openpi"/s],
    [[policy, '--host', '0.0.0.0', '--port', '0'], /expected a token to listen beyond this machine/],
    [[policy, '--tls-cert', 'cert.pem'], /--tls-cert and --tls-key together/],
    [[policy, '--mapping', 'no-such-file.json'], /no-such-file\.json: expected a mapping in JSON/],
    [[policy, '--port', '70000'], /whole number from 0 to 65535/],
  ];
  for (const [args, text] of wrong) {
    const { code, errors } = await serve(args).ended;
    assert.equal(code, 1, errors);
    assert.match(errors, text);
  }
});
