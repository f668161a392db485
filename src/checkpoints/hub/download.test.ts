/** @file Downloads from a real HTTP server: cache layout, resume after a cut, hashes, refusals, offline use. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { Progress } from '../../base/progress.ts';
import { cacheFolder, hubToken } from './cache-folder.ts';
import { downloadModel } from './download.ts';
import { parseHubWord } from './repository.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'hub-'));
const COMMIT = 'c0ffee'.padEnd(40, '0');
const REPOSITORY = { id: 'owner/model', revision: 'main' };
const weights = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) % 251));
const content: Record<string, Buffer> = {
  'config.json': Buffer.from('{"model_type": "test"}'),
  'model.safetensors': weights,
  'sub folder/notes.txt': Buffer.from('über'),
  'empty.txt': Buffer.alloc(0),
  'pickle.bin': Buffer.from('never fetched'),
};

/** What the server does wrong, and what it was asked. */
let cuts: number[] = [];
let ranges = true;
let status: number | null = null;
let damage = false;
let asked: { url: string; range: string | undefined; authorization: string | undefined }[] = [];

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const gitHash = (bytes: Buffer): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

function listing(): unknown {
  const siblings = Object.entries(content).map(([rfilename, bytes]) => ({
    rfilename,
    size: bytes.length,
    blobId: gitHash(bytes),
    ...(rfilename.endsWith('.safetensors') ? { lfs: { sha256: sha256(bytes), size: bytes.length } } : {}),
  }));
  return { sha: COMMIT, siblings };
}

const server = http.createServer((request, response) => {
  const url = request.url!;
  asked.push({ url, range: request.headers.range, authorization: request.headers.authorization });
  if (status !== null) return void response.writeHead(status).end();
  if (url.startsWith('/api/models/owner/model/revision/')) return void response.end(JSON.stringify(listing()));
  const prefix = `/owner/model/resolve/${COMMIT}/`;
  const name = decodeURIComponent(url.slice(prefix.length));
  const whole = url.startsWith(prefix) ? content[name] : undefined;
  // The hub sends large files from elsewhere: a redirect first.
  if (whole === undefined && url.startsWith('/storage/')) return send(response, request, content['model.safetensors']!);
  if (whole === undefined) return void response.writeHead(404).end();
  if (name.endsWith('.safetensors')) return void response.writeHead(302, { location: '/storage/model' }).end();
  send(response, request, whole);
});

function send(response: http.ServerResponse, request: http.IncomingMessage, whole: Buffer): void {
  const start = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
  const body = Buffer.from(whole.subarray(start));
  if (damage && whole === weights) body[10]! ^= 1;
  const cut = whole === weights ? cuts.shift() : undefined;
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': body.length,
    ...(start > 0 ? { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` } : {}),
  });
  if (cut === undefined) return void response.end(body);
  response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
}

let endpoint = '';
before(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
  fs.rmSync(root, { recursive: true });
});
beforeEach(() => {
  [cuts, ranges, status, damage, asked] = [[], true, null, false, []];
});

/** A download into the cache `home`; `seen` collects what the progress bar was told. */
function download(home: string, env: Record<string, string> = {}, seen: number[] = []): Promise<string> {
  const progress = (): Progress => ({ update: (done) => void seen.push(done), finish: () => undefined });
  return downloadModel(REPOSITORY, {
    env: { HF_HOME: path.join(root, home), HF_ENDPOINT: endpoint, ...env },
    progress,
  });
}

const cacheOf = (home: string): string => path.join(root, home, 'hub', 'models--owner--model');

test('a model lands in the layout of Python’s cache, without what could be code', async () => {
  const seen: number[] = [];
  const folder = await download('fresh', { HF_TOKEN: 'secret' }, seen);
  const cache = cacheOf('fresh');
  assert.equal(folder, path.join(cache, 'snapshots', COMMIT));
  assert.equal(fs.readFileSync(path.join(cache, 'refs', 'main'), 'utf8'), COMMIT);
  const wanted = Object.entries(content).filter(([name]) => name !== 'pickle.bin');
  for (const [name, bytes] of wanted) assert.ok(fs.readFileSync(path.join(folder, name)).equals(bytes), name);
  assert.equal(fs.readlinkSync(path.join(folder, 'model.safetensors')), `../../blobs/${sha256(weights)}`);
  assert.equal(
    fs.readlinkSync(path.join(folder, 'sub folder', 'notes.txt')),
    `../../../blobs/${gitHash(content['sub folder/notes.txt']!)}`,
  );
  assert.equal(fs.readdirSync(path.join(cache, 'blobs')).length, wanted.length);
  assert.equal(seen.at(-1), 3);
  assert.equal(asked[0]!.authorization, 'Bearer secret');
});

test('what is there is not fetched again', async () => {
  const folder = await download('again');
  asked = [];
  assert.equal(await download('again'), folder);
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['/api/models/owner/model/revision/main?blobs=true'],
  );
});

test('a connection that is cut goes on where it was, in the same run', async () => {
  cuts = [1_000_000, 500_000];
  const folder = await download('cut');
  assert.ok(fs.readFileSync(path.join(folder, 'model.safetensors')).equals(weights));
  const resumed = asked.filter(({ url, range }) => url.startsWith('/storage') && range !== undefined);
  assert.equal(resumed.length, 2);
  // What the server sent last may be lost with the connection; what arrived is not fetched again.
  const starts = resumed.map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range!)![1]));
  assert.ok(starts[0]! > 0 && starts[0]! <= 1_000_000 && starts[1]! >= starts[0]!, starts.join());
});

test('a download that failed for good goes on in the next run', async () => {
  cuts = [700_000, 0, 0, 0, 0];
  await assert.rejects(download('later'), {
    code: 'io',
    message: /model\.safetensors: expected 3000000 bytes, got \d+/,
    hint: /run the same command again/,
  });
  const partial = path.join(cacheOf('later'), 'blobs', `${sha256(weights)}.incomplete`);
  const { size } = fs.statSync(partial);
  assert.ok(size > 0 && size <= 700_000, `${size} bytes`);
  assert.equal(fs.existsSync(path.join(cacheOf('later'), 'snapshots')), false);
  [cuts, asked] = [[], []];
  const folder = await download('later');
  assert.ok(fs.readFileSync(path.join(folder, 'model.safetensors')).equals(weights));
  assert.equal(asked.find(({ url }) => url.startsWith('/storage'))!.range, `bytes=${size}-`);
  assert.equal(fs.existsSync(partial), false);
});

test('a server that does not know ranges sends the whole file again', async () => {
  ranges = false;
  cuts = [900_000];
  const folder = await download('ranges');
  assert.ok(fs.readFileSync(path.join(folder, 'model.safetensors')).equals(weights));
});

test('a file with a wrong hash is refused and not kept', async () => {
  damage = true;
  await assert.rejects(download('damaged'), {
    code: 'bad-data',
    message: /model\.safetensors: expected 3000000 bytes of hash \w{12}…, got 3000000 of \w{12}…/,
  });
  const blobs = fs.readdirSync(path.join(cacheOf('damaged'), 'blobs'));
  assert.deepEqual(
    blobs.filter((name) => name.startsWith(sha256(weights))),
    [],
  );
  damage = false;
  await download('damaged');
});

test('refusals say what to do', async () => {
  status = 404;
  await assert.rejects(download('refused'), { code: 'not-found', message: /owner\/model \(revision main\).*HTTP 404/ });
  status = 401;
  await assert.rejects(download('refused'), { code: 'not-found', hint: /private or gated: set HF_TOKEN/ });
  await assert.rejects(download('refused', { HF_TOKEN: 'x' }), { hint: /token has no access/ });
  status = 503;
  await assert.rejects(download('refused'), { code: 'io', message: /HTTP 503/ });
  assert.equal(fs.existsSync(path.join(root, 'refused')), false);
});

test('without a network the cached snapshot serves, and a missing one is an error', async () => {
  const folder = await download('offline');
  const offline = { HF_HUB_OFFLINE: '1' };
  asked = [];
  assert.equal(await download('offline', offline), folder);
  assert.deepEqual(asked, []);
  const nobody = { HF_ENDPOINT: 'http://127.0.0.1:9' };
  assert.equal(await download('offline', nobody), folder);
  await assert.rejects(download('nothing', offline), {
    code: 'not-found',
    message: /expected owner\/model in .*offline/,
  });
  await assert.rejects(download('nothing', nobody), { code: 'io', message: /expected an answer from http:/ });
  // A snapshot whose files are gone is none.
  fs.rmSync(path.join(cacheOf('offline'), 'blobs', sha256(weights)));
  await assert.rejects(download('offline', offline), { code: 'not-found' });
});

test('an interrupted download stops at once and keeps what arrived', async () => {
  const controller = new AbortController();
  cuts = [1_500_000];
  const running = downloadModel(REPOSITORY, {
    env: { HF_HOME: path.join(root, 'stopped'), HF_ENDPOINT: endpoint },
    signal: controller.signal,
    progress: () => ({
      update: (done) => done >= 1 && controller.abort(new Error('stopped')),
      finish: () => undefined,
    }),
  });
  await assert.rejects(running, /stopped/);
  const partial = path.join(cacheOf('stopped'), 'blobs', `${sha256(weights)}.incomplete`);
  assert.ok(fs.statSync(partial).size > 0);
  assert.deepEqual(fs.readdirSync(path.join(root, 'stopped', 'hub', '.locks', 'models--owner--model')), []);
});

test('names of repositories, and where the cache and the token are', () => {
  assert.deepEqual(parseHubWord('hf://a/b'), { id: 'a/b', revision: 'main' });
  assert.deepEqual(parseHubWord('a/b-1.5@refs/pr/1'), { id: 'a/b-1.5', revision: 'refs/pr/1' });
  for (const word of ['hf://a', 'hf://a/b/c', 'hf://../b', 'hf://a/b@', 'hf://a/b@../x', 'hf://a/b c']) {
    assert.throws(() => parseHubWord(word), { code: 'bad-argument' }, word);
  }
  assert.equal(cacheFolder({ HF_HUB_CACHE: '/x' }), '/x');
  assert.equal(cacheFolder({ HF_HOME: '/x' }), path.join('/x', 'hub'));
  assert.equal(cacheFolder({ XDG_CACHE_HOME: '/x' }), path.join('/x', 'huggingface', 'hub'));
  assert.equal(hubToken({ HF_TOKEN: ' t ' }), 't');
  const home = path.join(root, 'token');
  fs.mkdirSync(home);
  assert.equal(hubToken({ HF_HOME: home }), null);
  fs.writeFileSync(path.join(home, 'token'), 'saved\n');
  assert.equal(hubToken({ HF_HOME: home }), 'saved');
});
