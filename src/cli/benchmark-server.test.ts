/** @file `vlakit benchmark` against `vlakit serve`: a server that is killed in mid-episode and comes back, and one that lies; exit codes. */

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { shippedFile } from '../base/shipped-file.ts';
import { workerUrl } from '../base/worker-url.ts';
import { assertFine, assertOneError, scratchFolder, vlakit } from '../../tests/processes/vlakit.ts';
import { tabletopEmbodiment } from '../simulation/tabletop/embodiment.ts';
import { readResult, type EvaluationResult } from '../benchmarks/result.ts';

const folder = scratchFolder('benchmark-server');
test.after(() => fs.rmSync(folder, { recursive: true }));

const MAIN = fileURLToPath(workerUrl(import.meta.url, './main'));
const CHECKPOINT = path.dirname(shippedFile('checkpoints/quickstart/config.json'));

interface Server {
  readonly child: ChildProcess;
  readonly port: string;
}

/** Serves a policy, and waits until it is warm. */
async function serve(policy: string, port = '0'): Promise<Server> {
  const child = spawn(process.execPath, [MAIN, 'serve', policy, '--port', port, '--quiet'], {
    env: { ...process.env, VLAKIT_TOKEN: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  test.after(() => void child.kill('SIGKILL'));
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const found = /^openpi: ws:\/\/127\.0\.0\.1:(\d+)$/.exec(line);
    if (found !== null) return { child, port: found[1]! };
  }
  throw new Error('the server ended');
}

const numbers = ({ episodes, rows }: EvaluationResult): unknown => ({
  episodes: episodes.map((one) => ({ ...one, timing: null })),
  rows,
});
const resultIn = (out: string): EvaluationResult => readResult(path.join(folder, out, 'evaluation-tabletop.json'));

function benchmark(
  out: string,
  port: string,
  args: readonly string[],
  onFirst?: () => void,
): ReturnType<typeof vlakit> {
  const words = ['--tasks', 'touch', '--no-films', '--workers', '1', '--out', out, ...args];
  let seen = false;
  return vlakit(['benchmark', 'tabletop', '--policy', `ws://127.0.0.1:${port}`, ...words], {
    cwd: folder,
    watch(err) {
      if (seen || !/[1-9]\d*\/\d+ episodes/.test(err)) return;
      seen = true;
      onFirst?.();
    },
  });
}

test('a server that is killed in mid-episode and started again gives the same numbers', async () => {
  const first = await serve(CHECKPOINT);
  assertFine(await benchmark('whole', first.port, ['--episodes', '4']));
  const again: Promise<Server>[] = [];
  const ended = await benchmark('killed', first.port, ['--episodes', '4'], () => {
    first.child.once('exit', () => again.push(serve(CHECKPOINT, first.port)));
    first.child.kill('SIGKILL');
  });
  assert.equal(again.length, 1, 'it was killed');
  assertFine(ended);
  assert.deepEqual(numbers(resultIn('killed')), numbers(resultIn('whole')));
  const { policy, episodes } = resultIn('whole');
  assert.equal(policy.name, 'quickstart');
  assert.equal(episodes.length, 4);
  // Nobody is there any more, and nobody comes.
  (await again[0]!).child.kill('SIGKILL');
  const gone = await benchmark('gone', first.port, ['--episodes', '4', '--wait', '1']);
  assertOneError(gone, 'io', /cannot be reached/);
});

test('broken episodes are in the table, the result and the exit code', async () => {
  const module = path.join(folder, 'liar.mjs');
  fs.writeFileSync(module, LIAR);
  const { port } = await serve(module);
  const args = ['--episodes', '3', '--image-size', '16', '--on-error', 'continue', '--execute', '20'];
  const ended = await benchmark('liar', port, args);
  assert.equal(ended.code, 3, ended.err);
  assert.match(ended.out, /2 of 3 episodes\n1 broken, which count nowhere \(touch 1\):\n {2}1 × .*the model fell over/);
  assert.match(ended.err, /1 episode is broken; the same command plays it again\./);
  const { broken, rows, partial } = resultIn('liar');
  assert.deepEqual([broken!.length, rows.at(-1)!.episodes, partial], [1, 2, false]);
  assertFine(await benchmark('liar', port, args));
  assert.equal(resultIn('liar').broken, undefined);
});

/** Holds still, and fails once, in the middle of the second episode; its first question is the server's own. */
const LIAR = `
let asked = 0;
export const openPolicy = async () => ({
  name: 'liar',
  embodiment: ${JSON.stringify(tabletopEmbodiment(16))},
  reset() {},
  async infer() {
    if (asked++ === 5) throw new Error('the model fell over');
    return { horizon: 20, dim: 7, data: new Float32Array(140) };
  },
  async close() {},
});
`;
