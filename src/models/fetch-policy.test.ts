/** @file Policies over HTTP: the same as from the folder, and what is wrong with the files is said by name. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { serveFolders } from '../../examples/browser/serve-folders.ts';
import { shippedFile } from '../base/shipped-file.ts';
import { createTabletop } from '../simulation/tabletop/index.ts';
import { loadPolicy } from '../training/load-policy.ts';
import { fetchPolicy } from './fetch-policy.ts';

const shipped = path.dirname(shippedFile('checkpoints/quickstart/config.json'));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-fetch-'));
const server = await serveFolders({ '/': folder, '/shipped/': shipped }, 0);
after(async () => {
  await server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A copy of the shipped checkpoint, changed; its address. */
function changed(name: string, change: (copy: string) => void): string {
  const copy = path.join(folder, name);
  fs.cpSync(shipped, copy, { recursive: true });
  change(copy);
  return `${server.url}${name}`;
}

test('a fetched policy answers as the one from the folder', async () => {
  const world = await createTabletop();
  await world.reset({ task: 'lift', seed: 3 });
  const observation = await world.observe();
  const policies = [
    await fetchPolicy(`${server.url}shipped/`, { runtime: 'cpu', threads: 1 }),
    await loadPolicy(shipped, { runtime: 'cpu', threads: 1, inWorker: false }),
  ];
  const chunks = await Promise.all(policies.map((policy) => policy.infer(observation)));
  assert.deepEqual(chunks[0], chunks[1]);
  assert.equal(policies[0]!.name, 'shipped');
  await Promise.all([world.close(), ...policies.map((policy) => policy.close())]);
});

test('a damaged file, a missing one, and one that is no JSON are named', async () => {
  const refuse = (url: string): Promise<unknown> => fetchPolicy(url, { runtime: 'cpu', threads: 1 });
  const damaged = changed('damaged', (copy) => {
    const file = path.join(copy, 'model.safetensors');
    const bytes = fs.readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    fs.writeFileSync(file, bytes);
  });
  await assert.rejects(refuse(damaged), { code: 'bad-data', message: /damaged\/model\.safetensors: expected SHA-256/ });
  const missing = changed('missing', (copy) => fs.rmSync(path.join(copy, 'codec.json')));
  await assert.rejects(refuse(missing), { code: 'not-found', message: /missing\/codec\.json: .* got HTTP 404/ });
  const text = changed('text', (copy) => {
    fs.rmSync(path.join(copy, 'hashes.json'));
    fs.writeFileSync(path.join(copy, 'config.json'), '<html>');
  });
  await assert.rejects(refuse(text), { code: 'bad-data', message: /text\/config\.json: expected JSON/ });
});

test('a checkpoint that needs its base is refused', async () => {
  const tuned = changed('tuned', (copy) =>
    fs.writeFileSync(path.join(copy, 'hashes.json'), JSON.stringify({ 'base.json': 'ab' })),
  );
  await assert.rejects(fetchPolicy(tuned, { runtime: 'cpu' }), { code: 'unsupported', hint: /"whole"/ });
});

test('a server that does not answer is named', async () => {
  await assert.rejects(fetchPolicy('http://127.0.0.1:9/none', { runtime: 'cpu' }), {
    code: 'not-found',
    message: /none\/\w+\.json: .* got no answer/,
  });
});
