/** @file The example page in headless Chromium: a typed instruction is carried out, and what is wrong is said on the page. */

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Server } from '../../examples/browser/serve-folders.ts';
import { servePage } from '../../examples/browser/serve-page.ts';
import { chromiumMissing, startChromium } from './chromium.ts';

const skip = chromiumMissing;
/** Machines on which tests run are busy. */
const PATIENCE_MS = 120_000;
let [server, browser]: [Server?, Browser?] = [];

before(async () => {
  if (skip) return;
  [server, browser] = [await servePage(0), await startChromium()];
});

after(async () => {
  await browser?.close();
  await server?.close();
});

/** The page with `query`, once the policy is open or a problem is shown. */
async function open(query: string): Promise<Page> {
  const page = await browser!.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`${server!.url}?${query}`);
  await page.waitForSelector('#go:enabled, #problem:not([hidden])');
  return page;
}

async function ask(page: Page, sentence: string): Promise<void> {
  await page.fill('#instruction', sentence);
  await page.press('#instruction', 'Enter');
}

test('a typed instruction is carried out, and another one after it', { skip }, async () => {
  const page = await open('scene=lift&seed=7&pace=max');
  await ask(page, 'pick up the green cylinder');
  await page.waitForSelector('#outcome[data-tone=good]');
  assert.match((await page.textContent('#outcome'))!, /^Success after \d\.\d s\.$/);
  await page.click('#again');
  await page.waitForSelector('#outcome[data-tone=quiet]');
  await ask(page, 'touch the white cylinder');
  await page.waitForSelector('#outcome[data-tone=good]');
  assert.ok(Number(await page.textContent('#chunks')) > 0);
  assert.equal(await page.isVisible('#problem'), false);
  await page.close();
});

test('a running policy stops at once', { skip }, async () => {
  const page = await open('scene=open&seed=1&pace=real');
  await ask(page, 'wait for me');
  await page.waitForSelector('#outcome:has-text("not a sentence that this scene can be judged by")');
  await page.click('#stop');
  await page.waitForSelector('#outcome:has-text("Stopped after")');
  await page.close();
});

test('an instruction that is too long is said on the page, and the next one is carried out', { skip }, async () => {
  const page = await open('scene=press&seed=2&pace=max');
  await ask(page, 'press '.repeat(60));
  const problem = await page.waitForSelector('#problem:not([hidden])');
  assert.match((await problem.textContent())!, /^instruction: expected at most \d+ tokens, got \d+/);
  await page.click('#ideas button');
  await page.waitForSelector('#outcome[data-tone=good], #outcome[data-tone=bad]');
  assert.equal(await page.isVisible('#problem'), false);
  await page.close();
});

test('a policy that is not there is said on the page', { skip }, async () => {
  const page = await open('policy=checkpoints/none');
  assert.match((await page.textContent('#problem'))!, /checkpoints\/none\/config\.json: expected a file .* HTTP 404/);
  await page.selectOption('#policy', 'checkpoints/quickstart');
  await page.waitForSelector('#go:enabled');
  assert.equal(await page.isVisible('#problem'), false);
  await page.close();
});
