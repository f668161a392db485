/**
 * @file The example page in headless Chromium: latency of an inference and rates of chunks and control steps, simulation and drawing
 * included, over episodes of six kinds of scenes.
 *
 *     node dist/bench/browser.js [--runtime cpu|webgpu] [--pace max|real] [--episodes 24] [--picture docs/images/browser.webp]
 */

import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { servePage } from '../examples/browser/serve-page.ts';
import { chromiumMissing, startChromium } from '../tests/browser/chromium.ts';
import { spread } from './spread.ts';

const SCENES = ['lift', 'place', 'stack', 'turn', 'open', 'press'];
const { values } = parseArgs({
  options: {
    runtime: { type: 'string', default: 'cpu' },
    pace: { type: 'string', default: 'max' },
    episodes: { type: 'string', default: '24' },
    picture: { type: 'string' },
  },
});

/** One episode with the scene's own instruction; true when it succeeds. */
async function play(page: Page, scene: string, seed: number): Promise<boolean> {
  await page.selectOption('#scene', scene);
  await page.fill('#seed', String(seed));
  await page.click('#again');
  await page.waitForSelector('#outcome[data-tone=quiet]');
  await page.click('#go');
  const outcome = await page.waitForSelector('#outcome[data-tone=good], #outcome[data-tone=bad]', { timeout: 120_000 });
  return (await outcome.getAttribute('data-tone')) === 'good';
}

const numberIn = async (page: Page, id: string): Promise<number> =>
  Number.parseFloat((await page.textContent(`#${id}`)) ?? '');

/** The page while the policy is at work, as a WebP file. */
async function takePicture(page: Page, file: string): Promise<void> {
  await page.selectOption('#pace', 'real');
  await page.selectOption('#scene', 'stack');
  await page.fill('#seed', '12');
  await page.click('#again');
  await page.waitForSelector('#outcome[data-tone=quiet]');
  await page.click('#go');
  await page.waitForSelector('#outcome:has-text("… 2.")');
  const { default: sharp } = await import('sharp');
  await sharp(await page.screenshot())
    .webp({ quality: 88 })
    .toFile(file);
}

if (chromiumMissing !== false) throw new Error(chromiumMissing);
const [server, browser] = [await servePage(0), await startChromium()];
try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 840 } });
  await page.goto(`${server.url}?pace=${values.pace}&runtime=${values.runtime}`);
  await page.waitForSelector('#go:enabled, #problem:not([hidden])', { timeout: 120_000 });
  const [chunks, steps]: [number[], number[]] = [[], []];
  let successes = 0;
  const episodes = Number(values.episodes);
  for (let episode = 0; episode < episodes; episode++) {
    const scene = SCENES[episode % SCENES.length]!;
    successes += Number(await play(page, scene, Math.floor(episode / SCENES.length)));
    chunks.push(await numberIn(page, 'chunks'));
    steps.push(await numberIn(page, 'steps'));
  }
  console.log(`${values.runtime}, pace ${values.pace}: ${successes} of ${episodes} episodes succeeded`);
  console.log(`policy loaded in ${await page.textContent('#loaded')}`);
  console.log(`inference p50 ${await page.textContent('#p50')}, p99 ${await page.textContent('#p99')} (last 500)`);
  console.log(`chunks/s ${spread(chunks, 1)}, control steps/s ${spread(steps, 0)} (per episode)`);
  if (values.picture !== undefined) await takePicture(page, values.picture);
} finally {
  await browser.close();
  await server.close();
}
