/** @file vlakit in headless Chromium: sessions, operators, images, tokens and policies give what they give in Node. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { bundle } from '../../examples/browser/bundle.ts';
import { serveFolders, type Server } from '../../examples/browser/serve-folders.ts';
import { readJson } from '../../src/base/files.ts';
import { shippedFile } from '../../src/base/shipped-file.ts';
import { CODEC_GOLDEN_FILES, type CodecGolden } from '../codec-replay.ts';
import { psnr } from '../pictures.ts';
import { repositoryRoot } from '../shared-data.ts';
import { CHECKS } from './checks.ts';
import { chromiumMissing, startChromium } from './chromium.ts';
import { writeFamilyCheckpoints } from './family-checkpoints.ts';

const skip = chromiumMissing;
const inRepository = (name: string): string => path.join(repositoryRoot, name);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-browser-'));
const built = path.join(folder, 'built');
let families: readonly string[] = [];
let [server, browser, page]: [Server?, Browser?, Page?] = [];

before(async () => {
  if (skip) return;
  await bundle({ page: inRepository('dist/tests/browser/page.js') }, built);
  families = await writeFamilyCheckpoints(path.join(folder, 'families'));
  server = await serveFolders(
    {
      '/': inRepository('tests/browser'),
      '/built/': built,
      '/families/': path.join(folder, 'families'),
      '/assets/': inRepository('assets'),
    },
    0,
  );
  browser = await startChromium();
  page = await browser.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') console.log(`the page says: ${message.text()}`);
  });
  page.on('pageerror', (error) => console.log(`the page fails: ${error.message}`));
  await page.goto(`${server.url}page.html`);
  await page.waitForFunction(() => 'CHECKS' in globalThis);
});

after(async () => {
  await browser?.close();
  await server?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Runs a check in the page. */
function inPage<K extends keyof typeof CHECKS>(
  name: K,
  ...given: Parameters<(typeof CHECKS)[K]>
): Promise<Awaited<ReturnType<(typeof CHECKS)[K]>>> {
  const call = ([name, given]: readonly [string, readonly unknown[]]): unknown =>
    (globalThis as unknown as { CHECKS: Record<string, (...given: readonly unknown[]) => unknown> }).CHECKS[name]!(
      ...given,
    );
  return page!.evaluate<unknown, readonly [string, readonly unknown[]]>(call, [name, given]) as never;
}

test('the page may use threads', { skip }, async () => {
  assert.equal(await page!.evaluate(() => crossOriginIsolated), true);
});

for (const runtime of ['cpu', 'webgpu'] as const) {
  test(`${runtime}: every operator and its gradient agree with the reference`, { skip }, async (t) => {
    if (runtime === 'webgpu' && (await skipped(t))) return;
    const errors = Object.entries(await inPage('opErrors', runtime, runtime === 'cpu'));
    assert.ok(errors.length > 200);
    assert.deepEqual(
      errors.filter(([, error]) => !(error <= 2e-4)),
      [],
    );
  });

  test(`${runtime}: state stays in the session and is read and written as copies`, { skip }, async (t) => {
    if (runtime === 'webgpu' && (await skipped(t))) return;
    const [there, here] = [await inPage('learn', runtime), await CHECKS.learn('cpu')];
    assert.equal(there.refusal, here.refusal);
    assertClose(there.losses, here.losses, 1e-5);
    assertClose(there.state, here.state, 1e-5);
  });
}

for (const runtime of ['cpu', 'webgpu'] as const) {
  test(`${runtime}: the shipped policies see the same pictures and answer as in Node`, { skip }, async (t) => {
    if (runtime === 'webgpu' && (await skipped(t))) return;
    // A software graphics card takes seconds to compile.
    for (const name of runtime === 'cpu' ? ['quickstart', 'tabletop'] : ['quickstart']) {
      const url = `${server!.url}assets/checkpoints/${name}`;
      const [there, here] = [await inPage('act', runtime, url), await CHECKS.act('cpu', url)];
      assert.equal(there.images.length, 12);
      assert.deepEqual(there.images, here.images);
      assertClose(there.actions, here.actions, 1e-4);
    }
  });
}

for (const runtime of ['cpu', 'webgpu'] as const) {
  test(`${runtime}: a tiny model of every family answers as in Node`, { skip }, async (t) => {
    if (runtime === 'webgpu' && (await skipped(t))) return;
    for (const family of families) {
      const url = `${server!.url}families/${family}`;
      assertClose(await inPage('answer', runtime, url), await CHECKS.answer('cpu', url), 1e-4);
    }
  });
}

test('a policy that is not there is named', { skip }, async () => {
  const url = `${server!.url}assets/checkpoints/none`;
  const message = `${url}/config.json: expected a file of the checkpoint, got HTTP 404.`;
  assert.equal(await inPage('refusal', url), message);
  assert.equal(await CHECKS.refusal(url), message);
});

test('images, patches, action tokens and text tokens equal the published models’ own', { skip }, async () => {
  const texts = CODEC_GOLDEN_FILES.map((file) => [file, fs.readFileSync(inRepository(`tests/golden/${file}`), 'utf8')]);
  const { compared, differences } = await inPage('replayCodec', Object.fromEntries(texts) as CodecGolden);
  assert.deepEqual(differences, []);
  assert.ok(compared > 4400, `${compared} comparisons`);
});

test('ids equal those of the Python tokenizers', { skip }, async () => {
  const { cases } = readJson<{ cases: [string, number[]][] }>(inRepository('tests/golden/tokens.json'));
  const files = ['tokenizer', 'tokenizer_config'].map((name) =>
    readJson(shippedFile(`tokenizers/tabletop/${name}.json`)),
  );
  assert.deepEqual(await inPage('tokens', cases, files[0], files[1]), []);
});

test('an arm is driven over Web Serial as in Node', { skip }, async () => {
  const action = [10, -20, 15, 5, -30, 60];
  const [there, here] = [await inPage('driveArm', action), await CHECKS.driveArm(action)];
  assert.deepEqual(there, here);
  assert.equal(new Set(here).size, 6);
});

test('scenes are drawn on the CPU as in Node, byte for byte, and by WebGPU as on the CPU', { skip }, async (t) => {
  const missing = await inPage('webGpuMissing');
  for (const name of ['mirror-box', 'transparent', 'sky', 'sites', 'spots']) {
    const xml = fs.readFileSync(inRepository(`tests/golden/rendering/effects/${name}.xml`), 'utf8');
    const [there, here] = [await inPage('draw', xml, missing === false), await CHECKS.draw(xml, false)];
    assert.deepEqual(there.cpu, here.cpu, name);
    if (missing !== false) continue;
    const quality = psnr(Uint8Array.from(there.webgpu!), Uint8Array.from(here.cpu));
    // As in Node: src/simulation/rendering/classic/webgpu/renderer.test.ts.
    assert.ok(quality > 42, `${name}: ${quality.toFixed(1)} dB`);
  }
  if (missing !== false) t.skip(missing);
});

/** Skips where this browser has no WebGPU. */
async function skipped(t: { skip(reason: string): void }): Promise<boolean> {
  const reason = await inPage('webGpuMissing');
  if (reason !== false) t.skip(reason);
  return reason !== false;
}

function assertClose(got: readonly number[], wanted: readonly number[], tolerance: number): void {
  assert.equal(got.length, wanted.length);
  const error = Math.max(...got.map((x, i) => Math.abs(x - wanted[i]!)));
  assert.ok(error <= tolerance, `the largest difference is ${error}, expected at most ${tolerance}`);
}
