/** @file `vlakit teleoperate` as a person has it: the page in headless Chromium, with keys and a gamepad; and keys in a terminal. */

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import http from 'node:http';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { workerUrl } from '../../src/base/worker-url.ts';
import { pseudoTerminalMissing } from '../pseudo-terminal.ts';
import { chromiumMissing, startChromium } from './chromium.ts';

const MAIN = fileURLToPath(workerUrl(import.meta.url, '../../src/cli/main'));
const ARGS = ['teleoperate', '--image-size', '48'];
/** Machines on which tests run are busy. */
const PATIENCE_MS = 120_000;
const skip = chromiumMissing;
let [child, browser]: [ChildProcess?, Browser?] = [];
let [address, out] = ['', ''];

const ended = (process: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => process.once('exit', (code) => resolve(code)));

before(async () => {
  child = spawn(process.execPath, [MAIN, ...ARGS, '--page'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve) => {
    child!.stdout!.on('data', (data: Buffer) => {
      out += String(data);
      address = /http:\S+/.exec(out)?.[0] ?? '';
      if (address !== '') resolve();
    });
  });
  if (!skip) browser = await startChromium();
});

after(async () => {
  await browser?.close();
  child?.kill('SIGKILL');
});

/** The first picture. */
const look = (page: Page): Promise<number[]> =>
  page.evaluate(() => {
    const canvas = document.querySelector('canvas')!;
    return [...canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data];
  });

/** Waits until the robot is told this first number and no other motion. */
const told = (page: Page, numbers: string): Promise<unknown> =>
  page.waitForFunction(
    (numbers) => document.querySelector<HTMLElement>('#line')!.dataset['told']?.startsWith(numbers) === true,
    numbers,
  );

test('the page shows the table; keys and a gamepad move the arm, and let go it stands still', { skip }, async () => {
  const page = await browser!.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(address);
  await page.waitForSelector('#line[data-outcome=running]');
  await page.waitForSelector('canvas');
  assert.ok(new Set(await look(page)).size > 20, 'the picture is empty');
  const before = await look(page);
  await page.keyboard.down('w');
  await told(page, '0.50 0.00 0.00 0.00 0.00 0.00 -1');
  await page.waitForFunction(() => Number(document.querySelector<HTMLElement>('#line')!.dataset['tick']) > 20);
  await page.keyboard.up('w');
  await told(page, '0.00 0.00 0.00 0.00 0.00 0.00 -1');
  const after = await look(page);
  assert.ok(after.filter((value, i) => Math.abs(value - before[i]!) > 8).length > 20, 'the picture stays the same');
  await page.evaluate(() => {
    const pad = { connected: true, axes: [-1, 0, 0, 0], buttons: [{ pressed: true }] };
    navigator.getGamepads = () => [pad as unknown as Gamepad];
  });
  await told(page, '0.00 0.50 0.00 0.00 0.00 0.00 1');
  await page.evaluate(() => void (navigator.getGamepads = () => []));
  await told(page, '0.00 0.00 0.00 0.00 0.00 0.00 1');
  await page.keyboard.press('Backspace');
  // In a new episode nothing was wanted yet, not even a gripper.
  await told(page, '0.00 0.00 0.00 0.00 0.00 0.00 0.00');
  await page.close();
});

const status = (url: string, headers: Record<string, string> = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    http.get(url, { headers }, (response) => resolve(response.resume().statusCode!)).once('error', reject);
  });

/** What a socket of a page from `origin` at `url` is told: a status code, or 101 for welcome. */
const knock = (url: string, origin: string): Promise<number> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'), { origin });
    socket.once('open', () => {
      socket.close();
      resolve(101);
    });
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode!));
    socket.on('error', () => undefined);
  });

test('other pages and other names may not drive', async () => {
  const { origin, host } = new URL(address);
  assert.equal(await status(address), 200);
  assert.equal(await status(`${origin}/`), 403);
  assert.equal(await status(address, { host: 'evil.example' }), 403);
  assert.equal(await status(`${origin}/page-script.js`), 200);
  assert.equal(await status(`${origin}/..%2f..%2fpackage.json`), 404);
  assert.equal(await knock(address, origin), 101);
  assert.equal(await knock(address, 'http://evil.example'), 403);
  assert.equal(await knock(`${origin}/session?word=${'0'.repeat(32)}`, origin), 403);
  assert.equal(await knock(`http://localhost:${host.split(':')[1]}/session${new URL(address).search}`, origin), 403);
});

test('Escape on the page ends the session well', { skip }, async () => {
  const page = await browser!.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(address);
  await page.waitForSelector('#line[data-outcome=running]');
  const exit = ended(child!);
  await page.keyboard.down('Escape');
  await page.waitForSelector('#line[data-outcome=ended]');
  assert.equal(await exit, 0);
  assert.match(out, /\d+ episodes, 0 succeeded/);
});

test('keys in a terminal move the arm, which is drawn there', { skip: pseudoTerminalMissing }, async () => {
  const command = `stty cols 100 rows 40; exec '${process.execPath}' '${MAIN}' ${ARGS.join(' ')}`;
  const terminal = spawn('script', ['-qfec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let seen = '';
  let [pressed, left] = [0, false];
  terminal.stdin.on('error', () => undefined);
  terminal.stdout.on('data', (data: Buffer) => {
    seen += data.toString('utf8');
    const now = Number([...seen.matchAll(/tick (\d+),/g)].at(-1)?.[1] ?? -1);
    if (now >= 2 * pressed && pressed < 8) terminal.stdin.write(pressed++ === 0 ? ' ' : 'w');
    else if (now >= 24 && !left) left = terminal.stdin.write('\u001B');
  });
  assert.equal(await ended(terminal), 0);
  assert.match(seen, /w forward, s back/);
  assert.match(seen, /1 episodes, 0 succeeded/);
  const pictures = seen.split('\u001B[38;2;').length;
  assert.ok(pictures > 1000, `${pictures} half blocks`);
});
