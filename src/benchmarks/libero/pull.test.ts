/** @file Pulls from a real HTTP server and from folders: licences, resume, damage, mirrors, what is never overwritten. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { VlaError } from '../../base/errors.ts';
import type { Progress } from '../../base/progress.ts';
import { readRecord } from './asset-record.ts';
import { folderSource, networkSource, type AssetSource } from './asset-sources.ts';
import { LICENCES, licencesOf } from './licences.ts';
import { verifyAssets } from './open-assets.ts';
import { ASSETS, ASSETS_MIRROR, ORIGINS, publishedFiles, type LiberoFile } from './published-files.ts';
import { pullLibero, type Pulled } from './pull.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'libero-pull-'));
const MESH = `${ASSETS}turbosquid_objects/mug/mug 1.msh`;
const content: Record<string, Buffer> = {
  [MESH]: Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251)),
  [`${ASSETS}scenes/table.xml`]: Buffer.from('<mujoco/>'),
  'LIBERO/libero/libero/bddl_files/libero_goal/task.bddl': Buffer.from('(define)'),
  'robosuite/robosuite/models/assets/robots/panda/robot.xml': Buffer.from('<mujoco model="panda"/>'),
};
const files: LiberoFile[] = Object.entries(content).map(([name, bytes]) => ({
  name,
  // The size of the mesh is not known beforehand, as that of some published files.
  bytes: name === MESH ? null : bytes.length,
  hash: createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'),
  suites: ['libero_goal'],
}));

/** Paths of the servers of GitHub and of the hub → content. */
const served: Record<string, Buffer> = {};
for (const [name, bytes] of Object.entries(content)) {
  const { repository, commit, tree } = ORIGINS.find((origin) => name.startsWith(`${origin.tree}/`))!;
  served[`/github/${repository}/${commit}/${name.slice(tree.length + 1)}`] = bytes;
  if (name.startsWith(ASSETS)) {
    const { dataset, commit: revision } = ASSETS_MIRROR;
    served[`/hub/datasets/${dataset}/resolve/${revision}/${name.slice(ASSETS.length)}`] = bytes;
  }
}

/** What the servers do wrong, and what they were asked. */
let cuts: number[] = [];
let refuse: RegExp | null = null;
let damage: RegExp | null = null;
let asked: { url: string; range: string | undefined }[] = [];

const server = http.createServer((request, response) => {
  const url = decodeURIComponent(request.url!);
  asked.push({ url, range: request.headers.range });
  const whole = served[url];
  if (whole === undefined || refuse?.test(url)) return void response.writeHead(404).end();
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const body = Buffer.from(whole.subarray(start));
  if (damage?.test(url)) body[0]! ^= 1;
  const cut = whole.length > 1000 ? cuts.shift() : undefined;
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': body.length,
    ...(start > 0 ? { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` } : {}),
  });
  if (cut === undefined) return void response.end(body);
  response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
});

let env: Record<string, string> = {};
before(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  env = { VLAKIT_GITHUB_ENDPOINT: `${host}/github/`, HF_ENDPOINT: `${host}/hub` };
});
after(() => {
  server.closeAllConnections();
  server.close();
  fs.rmSync(root, { recursive: true });
});
beforeEach(() => {
  [cuts, refuse, damage, asked] = [[], null, null, []];
});

const silent = (): Progress => ({ update: () => undefined, finish: () => undefined });

function pull(
  name: string,
  source: AssetSource = networkSource(env),
  options: Partial<Parameters<typeof pullLibero>[0]> = {},
): Promise<Pulled> {
  return pullLibero({
    folder: path.join(root, name),
    files,
    source,
    allowChanged: false,
    accept: async () => true,
    progress: silent,
    ...options,
  });
}

const read = (folder: string, name: string): Buffer => fs.readFileSync(path.join(root, folder, name));

/** Every file below a folder. */
function tree(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .sort((a, b) => (a < b ? -1 : 1));
}

test('files come from their publishers, whole, with a record of what they are', async () => {
  let totalMegabytes = 0;
  const seen: number[] = [];
  const progress = (total: number): Progress => {
    totalMegabytes = total;
    return { update: (done) => void seen.push(done), finish: () => undefined };
  };
  const { set, fetched } = await pull('fresh', networkSource(env), { progress });
  assert.equal(fetched, files.length);
  assert.deepEqual(set.changed, []);
  for (const [name, bytes] of Object.entries(content)) assert.ok(read('fresh', name).equals(bytes), name);
  assert.deepEqual(tree(path.join(root, 'fresh')), [...Object.keys(content), 'vlakit.json'].sort());
  assert.ok(asked.every(({ url }) => url.startsWith('/github/')));
  const { licences, files: recorded } = readRecord(path.join(root, 'fresh'))!;
  assert.deepEqual(licences, ['libero', 'libero-assets', 'robosuite', 'turbosquid']);
  assert.deepEqual(recorded[MESH], { bytes: 300_000, hash: files[0]!.hash });
  assert.ok(seen.at(-1)! <= totalMegabytes && totalMegabytes === 8, 'a size that is not known is reckoned with');
  const again = await pull('fresh', networkSource(env), { accept: () => Promise.reject(new Error('asked twice')) });
  assert.deepEqual([again.fetched, again.kept, again.set.sha256], [0, files.length, set.sha256]);
});

test('without consent nothing is written', async () => {
  await assert.rejects(pull('refused', networkSource(env), { accept: async () => false }), {
    code: 'bad-argument',
    message: /licences to be accepted, got no consent; nothing was written/,
  });
  assert.equal(fs.existsSync(path.join(root, 'refused')), false);
  assert.deepEqual(asked, []);
});

test('a broken connection goes on where it was, even when the size is not known', async () => {
  cuts = [100_000, 50_000];
  await pull('broken');
  const ranges = asked.filter(({ url }) => url.endsWith('mug 1.msh')).map(({ range }) => range);
  assert.deepEqual(ranges, [undefined, 'bytes=100000-', 'bytes=150000-']);
  assert.ok(read('broken', MESH).equals(content[MESH]!));
});

test('a pull that was stopped goes on where it was', async () => {
  const stop = new AbortController();
  cuts = [120_000];
  const source: AssetSource = {
    fetch: (file, to, { onBytes, ...options }) =>
      networkSource(env).fetch(file, to, {
        ...options,
        onBytes(bytes) {
          onBytes(bytes);
          if (bytes > 0) stop.abort(new VlaError('interrupted', 'Stopped.'));
        },
      }),
  };
  await assert.rejects(pull('stopped', source, { signal: stop.signal, files: [files[0]!] }), { code: 'interrupted' });
  const have = fs.statSync(`${path.join(root, 'stopped', MESH)}.incomplete`).size;
  assert.ok(have > 0);
  assert.equal(fs.existsSync(path.join(root, 'stopped', MESH)), false);
  asked = [];
  await pull('stopped');
  assert.equal(asked.find(({ url }) => url.endsWith('mug 1.msh'))?.range, `bytes=${have}-`);
  assert.ok(read('stopped', MESH).equals(content[MESH]!));
});

test('what GitHub does not give or gives damaged comes from the mirror; without one the error names file and hashes', async () => {
  refuse = /github.*table\.xml/;
  damage = /github.*msh/;
  await pull('mirror');
  assert.ok(read('mirror', MESH).equals(content[MESH]!));
  assert.equal(asked.filter(({ url }) => url.startsWith('/hub/')).length, 2);
  damage = /bddl/;
  const { hash } = files.find(({ name }) => name.endsWith('.bddl'))!;
  await assert.rejects(pull('damaged'), (error: VlaError) => {
    assert.equal(error.code, 'bad-data');
    assert.match(error.message, new RegExp(`task\\.bddl: expected 8 bytes of hash ${hash.slice(0, 12)}…, got 8 of `));
    return true;
  });
  assert.deepEqual(
    tree(path.join(root, 'damaged')).filter((name) => name.includes('bddl')),
    [],
  );
  [damage, refuse] = [null, /robot\.xml/];
  await assert.rejects(pull('gone'), { code: 'not-found', message: /robot\.xml: expected the file, got HTTP 404/ });
});

test('a damaged file is found by its hash and fetched again, and nothing else is', async () => {
  await pull('mended');
  const folder = path.join(root, 'mended');
  const at = path.join(folder, MESH);
  const bytes = fs.readFileSync(at);
  bytes[7]! ^= 1;
  fs.writeFileSync(at, bytes);
  assert.deepEqual(
    verifyAssets(folder, readRecord(folder)!).map((line) => line.replace(/got .*/, 'got …')),
    [`${MESH}: expected hash ${files[0]!.hash}, got …`],
  );
  asked = [];
  const { fetched } = await pull('mended');
  assert.equal(fetched, 1);
  assert.equal(asked.length, 1);
  assert.deepEqual(verifyAssets(folder, readRecord(folder)!), []);
});

test('a file that vlakit did not write is left alone', async () => {
  const folder = path.join(root, 'theirs');
  const at = path.join(folder, MESH);
  fs.mkdirSync(path.dirname(at), { recursive: true });
  fs.writeFileSync(at, 'their own mesh');
  await assert.rejects(pull('theirs'), { code: 'mismatch', message: /mug 1\.msh: expected hash/ });
  assert.equal(fs.readFileSync(at, 'utf8'), 'their own mesh');
  assert.deepEqual(tree(folder), [MESH]);
});

test('folders on this machine: checkouts, packages and copies of the assets', async () => {
  const put = (folder: string, name: string, bytes: Buffer): void => {
    const at = path.join(root, folder, name);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, bytes);
  };
  for (const [name, bytes] of Object.entries(content)) {
    put('both', name, bytes);
    put(name.startsWith('LIBERO/') ? 'checkout' : 'robosuite-checkout', name.slice(name.indexOf('/') + 1), bytes);
    if (name.startsWith(ASSETS)) put('dataset', name.slice(ASSETS.length), bytes);
    else put('package', name.split('/').slice(2).join('/'), bytes);
  }
  const arrangements = [['both'], ['checkout', 'robosuite-checkout'], ['dataset', 'package']];
  for (const [at, folders] of arrangements.entries()) {
    const source = folderSource(
      folders.map((folder) => path.join(root, folder)),
      false,
    );
    const { fetched, set } = await pull(`from-${at}`, source);
    assert.equal(fetched, files.length);
    assert.deepEqual(set.changed, []);
  }
  await assert.rejects(pull('half', folderSource([path.join(root, 'checkout')], false)), {
    code: 'not-found',
    message: /expected robosuite\/.*robot\.xml, got no such file/,
  });
  assert.deepEqual(asked, []);
});

test('files that are not as published come only when asked for, and the set says so', async () => {
  const folder = path.join(root, 'changed');
  for (const [name, bytes] of Object.entries(content)) {
    const at = path.join(folder, name);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, name === MESH ? 'a stand-in' : bytes);
  }
  await assert.rejects(pull('strict', folderSource([folder], false)), {
    code: 'bad-data',
    message: new RegExp(`mug 1\\.msh: expected hash ${files[0]!.hash}, got `),
  });
  const options = { allowChanged: true };
  const { set } = await pull('lenient', folderSource([folder], true), options);
  assert.deepEqual(set.changed, [MESH]);
  const published = (await pull('fresh')).set;
  assert.notEqual(set.sha256, published.sha256);
  const again = await pull('lenient', folderSource([folder], true), options);
  assert.deepEqual([again.fetched, again.set.sha256], [0, set.sha256]);
  const mended = await pull('lenient');
  assert.deepEqual([mended.fetched, mended.set.sha256], [1, published.sha256]);
});

test('every published file has a licence, a hash and a tree', () => {
  const all = publishedFiles();
  assert.ok(all.length > 400);
  for (const { name, hash, suites } of all) {
    assert.match(hash, /^[0-9a-f]{40}$/);
    assert.match(
      name,
      /^(LIBERO\/libero\/libero\/(assets|bddl_files|init_files)|robosuite\/robosuite\/models\/assets)\//,
    );
    assert.ok(suites.length > 0 && !name.includes('..'));
    assert.ok(
      LICENCES.some(({ covers }) => covers(name)),
      name,
    );
  }
  assert.deepEqual(licencesOf(all), LICENCES);
  const ketchup = all.filter(({ name }) => name.includes('stable_hope_objects/ketchup/'));
  assert.deepEqual(
    licencesOf(ketchup).map(({ id }) => id),
    ['hope'],
  );
});
