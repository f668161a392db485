/** @file `vlakit benchmark pull` as a person calls it, with the pack under shared/ in place of the published files. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { workerUrl } from '../../base/worker-url.ts';
import { openLibero } from '../../benchmarks/libero/open-assets.ts';
import { publishedFiles } from '../../benchmarks/libero/published-files.ts';
import { pseudoTerminalMissing } from '../../../tests/pseudo-terminal.ts';
import { sharedData } from '../../../tests/shared-data.ts';
import { define } from './pull.ts';

const pack = sharedData('libero');
const skip = pack === null ? 'no LIBERO pack under shared/' : false;
const root = fs.mkdtempSync(path.join(os.tmpdir(), 'libero-cli-'));
const folder = path.join(root, 'cache');
process.env['VLAKIT_LIBERO'] = folder;
after(() => fs.rmSync(root, { recursive: true }));

async function run(...args: string[]): Promise<void> {
  const command = new Command('pull').exitOverride();
  define(command);
  await command.parseAsync(['libero', ...args], { from: 'user' });
}

test('without consent nothing is written, and the licences are shown', { skip }, async () => {
  await assert.rejects(run('--from', pack!, '--suites', 'spatial'), {
    code: 'bad-argument',
    hint: /--accept-licences/,
  });
  assert.equal(fs.existsSync(folder), false);
  assert.throws(() => openLibero(['libero_spatial']), {
    code: 'not-found',
    message: `${folder}: expected the files of libero_spatial, got none.`,
    hint: 'Fetch them first: vlakit benchmark pull libero --suites libero_spatial',
  });
});

test('what is wrong in the command line is said', { skip }, async () => {
  await assert.rejects(run('--allow-changed'), { code: 'bad-argument', message: /expected --from/ });
  await assert.rejects(run('--suites', 'libero_spatula'), { code: 'not-found', message: /got "libero_spatula"/ });
  await assert.rejects(run('--verify'), { code: 'not-found', message: /expected files that were pulled, got none/ });
  await assert.rejects(run('--from', path.join(root, 'nowhere'), '--accept-licences'), { code: 'not-found' });
});

test(
  'the pack is no published set: it is taken when that is allowed, opened, and damage is found',
  { skip },
  async () => {
    const words = ['--from', pack!, '--suites', 'spatial', '--accept-licences'];
    await assert.rejects(run(...words), { code: 'bad-data', hint: /--allow-changed/ });
    await run(...words, '--allow-changed');
    await run('--verify');
    const { files, set } = openLibero(['libero_spatial']);
    assert.equal(set.files, publishedFiles(['libero_spatial']).length);
    assert.ok(set.changed.some((name) => name.endsWith('akita_black_bowl/texture.png')));
    assert.ok(!set.changed.some((name) => name.endsWith('.bddl')));
    const bddl = publishedFiles(['libero_spatial']).find(({ name }) => name.endsWith('.bddl'))!;
    assert.ok(Buffer.from(files.read(bddl.name)).equals(fs.readFileSync(path.join(pack!, bddl.name))));
    assert.throws(() => openLibero(['libero_goal']), { code: 'not-found', message: /without / });

    const at = path.join(folder, bddl.name);
    const whole = fs.readFileSync(at);
    const spoilt = Buffer.from(whole);
    spoilt[3]! ^= 1;
    fs.writeFileSync(at, spoilt);
    const opened = openLibero(['libero_spatial']);
    assert.throws(() => opened.files.read(bddl.name), {
      code: 'bad-data',
      message: new RegExp(`expected hash ${bddl.hash}, got [0-9a-f]{40}`),
      hint: /pull libero` again/,
    });
    await assert.rejects(run('--verify'), { code: 'bad-data', message: /got 1 that are not/ });
    fs.truncateSync(at, 5);
    assert.throws(() => openLibero(['libero_spatial']), {
      code: 'bad-data',
      message: `${at}: expected ${whole.length} bytes, got 5 bytes.`,
    });
    await run(...words, '--allow-changed');
    assert.deepEqual(openLibero(['libero_spatial']).set, set);
  },
);

test('a folder with both trees is opened as it is, and has the same set as its copy', { skip }, async () => {
  const direct = openLibero(['libero_spatial'], { VLAKIT_LIBERO: pack! });
  assert.deepEqual(direct.set, openLibero(['libero_spatial']).set);
  assert.ok(direct.files.has('LIBERO/libero/libero/assets/wall.xml'));
  assert.throws(() => direct.files.read('LIBERO/nothing.xml'), { code: 'not-found' });
});

/** What the command says, and how it ends, when `answer` is typed at its question. */
function typed(answer: string, cache: string): Promise<{ said: string; code: number | null }> {
  const main = fileURLToPath(workerUrl(import.meta.url, '../main'));
  const command = `'${process.execPath}' '${main}' benchmark pull libero --from '${pack!}' --suites spatial --allow-changed`;
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    env: { ...process.env, VLAKIT_LIBERO: cache },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let said = '';
  let asked = false;
  child.stdout.on('data', (text: Buffer) => {
    said += String(text);
    if (asked || !said.includes('accept all of them')) return;
    asked = true;
    child.stdin.write(answer);
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ said, code })));
}

test(
  'at a terminal, typing yes accepts, and anything else does not',
  { skip: skip || pseudoTerminalMissing },
  async () => {
    const cache = path.join(root, 'typed');
    const no = await typed('y\n', cache);
    assert.equal(no.code, 1);
    assert.match(no.said, /CC BY-NC-SA 4\.0: no commercial use[\s\S]*nothing was written/);
    const stopped = await typed('\u0003', cache);
    assert.equal(stopped.code, 130);
    assert.equal(fs.existsSync(cache), false);
    const yes = await typed('yes\n', cache);
    assert.equal(yes.code, 0, yes.said);
    assert.match(yes.said, /NOT as published/);
    // What was accepted is not asked again.
    assert.doesNotMatch((await typed('', cache)).said, /accept all of them/);
  },
);
