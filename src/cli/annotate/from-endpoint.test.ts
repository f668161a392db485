/** @file Annotating through a real HTTP server: what is asked, what is made of answers, and everything that goes wrong on the way. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { picturesOf, startChatServer, type Asked, type ChatServer, type Reply } from '../../../tests/chat-server.ts';
import { FRONT, pictureAt, WRIST, writeSmallDataset } from '../../../tests/small-dataset.ts';
import { openLeRobot } from '../../data/lerobot/reader.ts';
import { decodePng } from '../../base/png.ts';
import type { Annotation } from '../../interfaces/annotation.ts';
import { annotateFromEndpoint, type EndpointOptions, type EndpointSummary } from './from-endpoint.ts';

const KEY = 'sk-very-secret-0123456789';
/** With a keyframe every 4 frames: 2 + 3 of them. */
const LENGTHS = [7, 9];
const KEYFRAMES = 5;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'annotate-'));
const root = path.join(folder, 'set');
await writeSmallDataset(root, 'image', LENGTHS);
let server: ChatServer;
let out: string;
let count = 0;
beforeEach(async () => {
  server = await startChatServer(good);
  out = path.join(folder, `out-${count++}`);
});
afterEach(() => server.close());
after(() => fs.rmSync(folder, { recursive: true }));

const ANSWER = {
  scene: 'A red cube lies on a table.',
  finished: ['grasp the red cube'],
  todo: ['lift the red cube', 'let go of it'],
  progress: 0.5,
  plan: 'It is held.',
  targets: [{ name: 'red cube', boxes: { front: [100, 200, 300, 450] } }],
  goal: null,
};

function good({ words }: Asked): Reply {
  return { content: JSON.stringify({ ...ANSWER, scene: words.split('\n')[0] }) };
}

function annotate(changes: Partial<EndpointOptions> = {}): Promise<EndpointSummary> {
  return annotateFromEndpoint({
    root,
    out,
    endpoint: server.endpoint,
    model: 'seer',
    key: KEY,
    body: { temperature: 0 },
    every: 4,
    episodes: null,
    concurrency: 1,
    prices: null,
    maxCost: null,
    maxSide: 512,
    replace: false,
    timeoutMs: 5000,
    tries: 4,
    firstDelayMs: 5,
    signal: new AbortController().signal,
    ...changes,
  });
}

/** Everything in the folders that a run writes to. */
function written(): string[] {
  return fs
    .readdirSync(out, { recursive: true, encoding: 'utf8' })
    .map((file) => path.join(out, file))
    .filter((file) => fs.statSync(file).isFile());
}

/** The annotations of an episode as a reader of the dataset finds them. */
async function read(episode: number): Promise<(Annotation | undefined)[]> {
  const target = path.join(root, 'meta', 'annotations');
  fs.cpSync(out, target, { recursive: true, filter: (file) => !file.includes('.annotate') });
  const dataset = await openLeRobot(root, { episodes: 'all' });
  const frames: (Annotation | undefined)[] = [];
  for (let frame = 0; frame < LENGTHS[episode]!; frame++) frames.push(await dataset.annotation(episode, frame));
  await dataset.close();
  fs.rmSync(target, { recursive: true });
  return frames;
}

test('keyframes are asked about with their pictures, and answers hold until the next, boxes for one frame', async () => {
  const summary = await annotate();
  assert.deepEqual([summary.episodes, summary.keyframes, summary.skipped.length], [2, KEYFRAMES, 0]);
  assert.equal(server.asked.length, KEYFRAMES);
  for (const { path: where, headers, body } of server.asked) {
    assert.equal(where, '/v1/chat/completions');
    assert.equal(headers.authorization, `Bearer ${KEY}`);
    assert.deepEqual([body.model, body['temperature']], ['seer', 0]);
  }
  // The second keyframe of the first episode: its beginning, the moment from both cameras, its end.
  const asked = server.asked[1]!;
  assert.match(asked.words, /Task: lift the red cube\n.*began:\n.*67 %.*\ncamera "front":\ncamera "wrist":\n.*ends:/s);
  const pictures = picturesOf(asked).map((url) => decodePng(Buffer.from(url.split(',')[1]!, 'base64'))!.data);
  const expected = [pictureAt(FRONT, 0, 0), pictureAt(FRONT, 0, 4), pictureAt(WRIST, 0, 4), pictureAt(FRONT, 0, 6)];
  assert.deepEqual(pictures, expected);

  const frames = await read(0);
  const words = {
    scene: 'Task: lift the red cube',
    subtask: 'lift the red cube',
    finished: ['grasp the red cube'],
    todo: ['lift the red cube', 'let go of it'],
    progress: 0.5,
    plan: 'It is held.',
  };
  const targets = [{ name: 'red cube', boxes: { front: [0.1, 0.2, 0.3, 0.45] } }];
  for (const [frame, annotation] of frames.entries()) {
    assert.deepEqual(annotation, frame % 4 === 0 ? { ...words, targets } : words, `frame ${frame}`);
  }
});

test('what was asked once costs nothing again, and annotations that are there are left alone', async () => {
  await annotate();
  const first = await read(1);
  const again = await annotate({ replace: true, concurrency: 3 });
  assert.deepEqual([again.cached, again.episodes, again.spending.requests], [KEYFRAMES, 2, 0]);
  assert.deepEqual(await read(1), first);
  const left = await annotate();
  assert.deepEqual([left.episodes, left.left, left.keyframes], [0, 2, 0]);
  assert.equal(server.asked.length, KEYFRAMES);
  // Another model, another question.
  await annotate({ replace: true, model: 'other', episodes: 1 });
  assert.equal(server.asked.length, KEYFRAMES + 2);
});

test('a wrong answer is repaired in one round; twice wrong, its frames stay without annotation', async () => {
  const wrong: readonly [string, RegExp][] = [
    ['I see a cube.', /does not parse/],
    [JSON.stringify({ ...ANSWER, progress: '50 %' }), /progress: /],
    [JSON.stringify({ ...ANSWER, targets: [{ name: 'cube', boxes: { top: [0, 0, 1, 1] } }] }), /targets\.0\.boxes/],
    [JSON.stringify({ ...ANSWER, targets: [{ name: 'cube', boxes: { front: [9, 9, 1, 1] } }] }), /left < right/],
    [JSON.stringify({ ...ANSWER, todo: ['x', ''] }), /todo\.1/],
    [JSON.stringify({ ...ANSWER, plan: undefined }), /plan/],
    [JSON.stringify({ ...ANSWER, goal: { name: 'pad', boxes: { front: [0, 0, 1200, 9] } } }), /goal\.boxes\.front/],
  ];
  for (const [answer, problem] of wrong) {
    const before = server.asked.length;
    server.reply((asked, index) => (index === before ? { content: answer } : good(asked)));
    const summary = await annotate({ episodes: 1, replace: true, model: answer });
    assert.deepEqual([summary.skipped, summary.spending.requests], [[], 3], answer);
    const repair = server.asked[before + 1]!.body.messages;
    assert.deepEqual(repair.at(-2), { role: 'assistant', content: answer });
    assert.match(JSON.stringify(repair.at(-1)!.content), problem);
  }
  server.reply((asked) => (/67 %/.test(asked.words) ? { content: '{}' } : good(asked)));
  const { skipped, episodes } = await annotate({ episodes: 1, replace: true, model: 'stubborn' });
  assert.equal(episodes, 1);
  assert.deepEqual(
    skipped.map(({ episode, frame }) => [episode, frame]),
    [[0, 4]],
  );
  assert.match(skipped[0]!.reason, /not valid, nor was its repair: .*scene/);
  const known = (await read(0)).map((annotation) => annotation !== undefined);
  assert.deepEqual(known, [true, true, true, true, false, false, false]);
  // An answer in a fence is one.
  server.reply(() => ({ content: `Here it is:\n\`\`\`json\n${JSON.stringify(ANSWER)}\n\`\`\`` }));
  assert.equal((await annotate({ episodes: 1, replace: true, model: 'fenced' })).spending.requests, 2);
});

test('busy, broken, slow and dropped answers are asked for again, after the time that the server names', async () => {
  const replies: readonly Reply[] = [
    { status: 429, headers: { 'retry-after': '0.4' }, raw: '{"error":{"message":"slow down"}}' },
    { status: 500, raw: 'oops' },
    'drop',
    { status: 503, headers: { 'retry-after': new Date(0).toUTCString() } },
    { delayMs: 600 },
    { raw: '<html>a proxy</html>' },
  ];
  server.reply((asked, index) => replies[index] ?? good(asked));
  const summary = await annotate({ tries: 7, timeoutMs: 300 });
  assert.deepEqual([summary.episodes, summary.skipped], [2, []]);
  assert.equal(server.asked.length, KEYFRAMES + replies.length);
  const wait = server.asked[1]!.at - server.asked[0]!.at;
  assert.ok(wait >= 395, `waited ${wait} ms after 429`);
  const bodies = server.asked.slice(0, replies.length + 1).map(({ body }) => JSON.stringify(body));
  assert.equal(new Set(bodies).size, 1);
});

test('a refused request ends the run at once, and its message does not tell the key', async () => {
  server.reply(() => ({ status: 401, raw: JSON.stringify({ error: { message: `Incorrect API key: ${KEY}` } }) }));
  await assert.rejects(annotate({ concurrency: 2 }), (error: Error) => {
    assert.match(error.message, /status 401: Incorrect API key: …/);
    return !error.message.includes(KEY);
  });
  assert.ok(server.asked.length <= 2);
  await assert.rejects(annotate({ endpoint: 'ftp://x/v1' }), { code: 'bad-argument' });
  await assert.rejects(annotate({ endpoint: `http://me:${KEY}@localhost/v1` }), (error: Error) => {
    return !error.message.includes(KEY);
  });
});

test('nothing follows a redirect to another server', async () => {
  const other = await startChatServer(good);
  server.reply(() => ({ status: 307, headers: { location: `${other.endpoint}/chat/completions` } }));
  await assert.rejects(annotate({ tries: 1 }), { code: 'io' });
  assert.equal(other.asked.length, 0);
  await other.close();
});

test('an endpoint that stays down ends the run after three keyframes; what was answered is kept', async () => {
  server.reply((asked, index) => (index < 1 ? good(asked) : { status: 502 }));
  await assert.rejects(annotate({ tries: 2 }), { code: 'io', message: /status 502 at the last of 2 tries/ });
  assert.equal(server.asked.length, 1 + 3 * 2);
  server.reply(good);
  const { cached, episodes } = await annotate();
  assert.deepEqual([cached, episodes], [1, 2]);
  // One keyframe alone that gets no answer leaves its episode to another run.
  server.reply((asked) => (/67 %/.test(asked.words) ? 'drop' : good(asked)));
  const rest = await annotate({ replace: true, model: 'flaky', tries: 2 });
  assert.deepEqual([rest.episodes, rest.skipped.length], [1, 1]);
});

test('the budget is never passed, however many requests go at a time, and a further run goes on', async () => {
  // 1000 × 2 + 100 × 10 per million: 0.003 dollars each.
  const money = { prices: { input: 2, output: 10 }, maxCost: 0.0095, concurrency: 4 };
  server.reply((asked) => ({ ...(good(asked) as object), delayMs: 20 }));
  await assert.rejects(annotate(money), {
    code: 'interrupted',
    message: /budget is used up after 3 of 5 keyframes \(3 requests, 3,000 \+ 300 tokens, \$0\.0090\)/,
  });
  const { cached, spending } = await annotate(money);
  // The first episode has its file by now.
  assert.deepEqual([cached, spending.requests], [1, 2]);
  assert.ok(Math.abs(spending.cost! - 0.006) < 1e-12);
  assert.equal(server.asked.length, KEYFRAMES);
  await assert.rejects(annotate({ maxCost: 1 }), { code: 'bad-argument', message: /price/ });
  server.reply((asked) => ({ ...(good(asked) as object), usage: null }));
  await assert.rejects(annotate({ ...money, replace: true, model: 'silent' }), { code: 'unsupported' });
});

test('no more requests go at a time than allowed, and that many do', async () => {
  server.reply((asked) => ({ ...(good(asked) as object), delayMs: 40 }));
  await annotate({ concurrency: 3, every: 1 });
  assert.equal(server.busiest(), 3);
  assert.equal(server.asked.length, LENGTHS[0]! + LENGTHS[1]!);
});

test('an interrupted run keeps what was answered', async () => {
  const controller = new AbortController();
  server.reply((asked, index) => {
    if (index === 2) controller.abort();
    return good(asked);
  });
  await assert.rejects(annotate({ signal: controller.signal }), { code: 'interrupted', message: /after 3 of 5/ });
  // Two of the three made a file.
  assert.equal((await annotate()).cached, 1);
  assert.equal(server.asked.length, KEYFRAMES);
  // It does not wait for a busy endpoint.
  const busy = new AbortController();
  server.reply(() => {
    setTimeout(() => busy.abort(), 50);
    return { status: 429, headers: { 'retry-after': '100' } };
  });
  await assert.rejects(annotate({ signal: busy.signal, replace: true, model: 'busy' }), { code: 'interrupted' });
});

/** The command line as a process of its own. */
function runCommand(extra: readonly string[]): {
  exited: Promise<number | null>;
  output: () => string;
  kill: () => void;
} {
  const main = path.join(import.meta.dirname, '../main.js');
  const args = ['annotate', root, '--endpoint', server.endpoint, '--model', 'seer', '--every', '1', '--out', out];
  const child = spawn(process.execPath, [main, ...args, '--api-key-env', 'SEER_KEY', ...extra], {
    env: { ...process.env, SEER_KEY: KEY },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const exited = new Promise<number | null>((resolve) => {
    child.on('close', (code) => resolve(code));
  });
  return { exited, output: () => output, kill: () => child.kill('SIGKILL') };
}

test('a killed command goes on where it was, and the key is on no disk and in no output', async () => {
  const total = LENGTHS[0]! + LENGTHS[1]!;
  server.reply((asked, index) => {
    if (index === 6) killed.kill();
    return { ...(good(asked) as object), delayMs: index === 6 ? 500 : 0 };
  });
  const killed = runCommand(['--concurrency', '1']);
  assert.equal(await killed.exited, null);
  server.reply(good);
  const again = runCommand(['--concurrency', '2', '--price', '1,1']);
  assert.equal(await again.exited, 0, again.output());
  assert.match(again.output(), new RegExp(`2 episodes annotated; ${total} keyframes, 6 from disk, 0 skipped`));
  assert.match(again.output(), /\$0\.0110/);
  // The one that was being answered was asked for twice.
  assert.equal(server.asked.length, total + 1);
  assert.ok(server.asked.every(({ headers }) => headers.authorization === `Bearer ${KEY}`));
  const secret = KEY.slice(3);
  assert.ok(!killed.output().includes(secret) && !again.output().includes(secret));
  for (const file of written()) assert.ok(!fs.readFileSync(file, 'utf8').includes(secret), file);
  assert.equal(written().filter((file) => file.endsWith('.jsonl')).length, 2);
});

test('the command refuses what cannot work before anything is asked', async () => {
  const none = runCommand(['--from-simulation']);
  assert.equal(await none.exited, 1);
  assert.match(none.output(), /--from-simulation or --endpoint, one of both/);
  const unset = runCommand(['--api-key-env', 'NOT_SET_AT_ALL']);
  assert.equal(await unset.exited, 1);
  assert.match(unset.output(), /expected a key in the variable NOT_SET_AT_ALL/);
  assert.equal(server.asked.length, 0);
});
