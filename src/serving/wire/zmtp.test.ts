/** @file Tests of ZeroMQ's frames: what libzmq sent is read, however it is cut; our two ends talk; strangers are refused. */

import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WIRE_BYTES, bytesOf } from '../../../tests/wire-bytes.ts';
import { Random } from '../../base/random.ts';
import { DEFAULT_WIRE_LIMITS, type WireLimits } from './limits.ts';
import { connectRequester } from './zmtp-client.ts';
import { ZmtpReader, greeting, messagePieces, ready, type ZmtpEvent } from './zmtp-frames.ts';
import { serveReplies } from './zmtp-server.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const LIMITS = { messageBytes: 1000 };

function readAll(bytes: Uint8Array, reader: ZmtpReader, cuts: readonly number[]): ZmtpEvent[] {
  const at = [0, ...cuts, bytes.length];
  return at.slice(1).flatMap((end, i) => reader.push(bytes.subarray(at[i]!, end)));
}

const upper = (limits: Partial<WireLimits> = {}) =>
  serveReplies({
    host: '127.0.0.1',
    port: 0,
    limits: { ...DEFAULT_WIRE_LIMITS, ...limits },
    connected: () => ({
      answer: (message) => Promise.resolve(Buffer.from(text(message).toUpperCase())),
      gone: () => Promise.resolve(),
    }),
  });
const portOf = (address: string): number => Number(new URL(address).port);
const requester = (address: string) =>
  connectRequester({ host: '127.0.0.1', port: portOf(address), connectMs: 5000, messageBytes: 10_000_000 });

test('what libzmq’s REQ and REP sockets sent is read, wherever it is cut', () => {
  const random = new Random(5);
  for (const [mine, theirs, expected] of [
    ['REP', 'REQ', ['abc', 'x'.repeat(300)]],
    ['REQ', 'REP', ['ABC', 'X'.repeat(300)]],
  ] as const) {
    const bytes = bytesOf(WIRE_BYTES.zmtp[theirs]);
    for (let round = 0; round < 200; round++) {
      const cuts = Array.from({ length: round % 8 }, () => Math.floor(random.uniform() * bytes.length));
      const events = readAll(
        bytes,
        new ZmtpReader(mine, LIMITS),
        cuts.sort((a, b) => a - b),
      );
      assert.deepEqual(events[0], { kind: 'ready' });
      const messages = events.slice(1).map((event) => (event.kind === 'message' ? event.frames.map(text) : event));
      assert.deepEqual(
        messages,
        expected.map((message) => ['', message]),
      );
    }
    const singly = Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);
    assert.equal(readAll(bytes, new ZmtpReader(mine, LIMITS), singly).length, 3);
  }
});

test('we frame messages as libzmq does', () => {
  const theirs = bytesOf(WIRE_BYTES.zmtp.REQ);
  const ours = Buffer.concat(
    ['abc', 'x'.repeat(300)].flatMap((message) => messagePieces([new Uint8Array(0), Buffer.from(message)])),
  );
  assert.deepEqual(Buffer.from(theirs.subarray(theirs.length - ours.length)), ours);
});

test('long frames are refused by their announced length, and nothing is set aside for them', () => {
  const start = Buffer.concat([greeting(), ready('REQ')]);
  const refused = (...more: number[]): void => {
    const reader = new ZmtpReader('REP', LIMITS);
    reader.push(start);
    assert.throws(() => reader.push(Uint8Array.from(more)), { code: 'bad-data' });
  };
  refused(2, 0, 0, 0, 1, 0, 0, 0, 0);
  refused(2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
  refused(2, 0, 0, 0, 0, 0, 0, 4, 0);
  refused(6, 0, 0, 0, 0, 0, 0, 4, 0);
  refused(8, 1);
  refused(5, 1);
  refused(...Array.from({ length: 20 }, () => [1, 0]).flat());
});

test('other protocols, versions, mechanisms and kinds of sockets are refused at once', () => {
  const fresh = () => new ZmtpReader('REP', LIMITS);
  assert.throws(() => fresh().push(Buffer.from('GET / HTTP/1.1\r\n')), { code: 'bad-data' });
  const changed = (at: number, byte: number): Uint8Array => {
    const bytes = greeting();
    bytes[at] = byte;
    return bytes;
  };
  assert.throws(() => fresh().push(changed(10, 1)), { code: 'bad-data', message: /version 3, got 1/ });
  assert.throws(() => fresh().push(changed(12, 67)), { code: 'bad-data', message: /NULL, got "CULL"/ });
  assert.throws(() => fresh().push(Buffer.concat([greeting(), ready('REP')])), { code: 'bad-data', message: /REP/ });
  assert.throws(() => fresh().push(Buffer.concat([greeting(), ...messagePieces([Buffer.from('a')])])), {
    code: 'bad-data',
    message: /expected READY/,
  });
});

test('a heartbeat is answered with its context', () => {
  const reader = new ZmtpReader('REP', LIMITS);
  reader.push(Buffer.concat([greeting(), ready('REQ')]));
  const ping = Buffer.concat([Buffer.of(4, 10, 4), Buffer.from('PING'), Buffer.of(0, 10), Buffer.from('abc')]);
  const [event] = reader.push(ping);
  assert.ok(event?.kind === 'answer');
  assert.deepEqual(Buffer.from(event.bytes), Buffer.concat([Buffer.of(4, 8, 4), Buffer.from('PONGabc')]));
});

test('our two ends talk, several clients at once, with messages of megabytes', async () => {
  const server = await upper();
  const clients = await Promise.all([1, 2, 3].map(() => requester(server.address)));
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(clients.map((client, i) => client.ask(Buffer.from(`a${i}${round}`), 5000)));
    assert.deepEqual(answers.map(text), [`A0${round}`, `A1${round}`, `A2${round}`]);
  }
  const long = await clients[0]!.ask(Buffer.from('y'.repeat(3_000_000)), 10_000);
  assert.equal(text(long), 'Y'.repeat(3_000_000));
  for (const client of clients) client.close();
  await server.close();
});

test('clients are let go that are strangers, too slow, idle or too many', async () => {
  const server = await upper({ transferSeconds: 0.3, idleSeconds: 0.3, connections: 2 });
  const ended = (bytes: Uint8Array): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = net.connect(portOf(server.address), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
      socket.on('close', () => resolve(true));
      socket.write(bytes);
    });
  assert.ok(await ended(Buffer.from('GET / HTTP/1.1\r\n\r\n')), 'a stranger');
  assert.ok(await ended(greeting().subarray(0, 20)), 'too slow in the handshake');
  const begun = Buffer.concat([greeting(), ready('REQ'), Buffer.of(1, 0, 0, 200, 1)]);
  assert.ok(await ended(begun), 'too slow in a message');
  assert.ok(await ended(Buffer.concat([greeting(), ready('REQ')])), 'idle');
  const full = await Promise.all([requester(server.address), requester(server.address)]);
  await assert.rejects(requester(server.address), { code: 'io' });
  for (const client of full) client.close();
  await server.close();
});

test('a client gives up when no answer comes, when it is told to, and when the server goes', async () => {
  let gone = 0;
  const server = await serveReplies({
    host: '127.0.0.1',
    port: 0,
    limits: DEFAULT_WIRE_LIMITS,
    connected: () => ({
      answer: (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('gone')))),
      gone: () => Promise.resolve(void gone++),
    }),
  });
  const late = await requester(server.address);
  await assert.rejects(late.ask(Buffer.from('a'), 50), { code: 'io', message: /no answer within 50 ms/ });
  await assert.rejects(late.ask(Buffer.from('b'), 50), { code: 'io' });
  const told = await requester(server.address);
  const control = new AbortController();
  const asked = told.ask(Buffer.from('a'), 5000, control.signal);
  control.abort();
  await assert.rejects(asked, { code: 'interrupted' });
  const left = await requester(server.address);
  const waiting = assert.rejects(left.ask(Buffer.from('a'), 5000), { code: 'io' });
  await sleep(20);
  await server.close();
  await waiting;
  assert.equal(gone, 3);
  await assert.rejects(requester(server.address), { code: 'io' });
});
