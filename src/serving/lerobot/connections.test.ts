/** @file Tests of a gRPC server's connections: their ends, most of them, silence. */

import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import test from 'node:test';
import { listenForConnections } from './connections.ts';

test('ends are told, more than the most are refused, and silent ones are ended', async (t) => {
  const told: string[] = [];
  let tell = (): void => undefined;
  const connections = await listenForConnections({
    host: '127.0.0.1',
    port: 0,
    most: 2,
    silentSeconds: 0.2,
    began(socket, peer) {
      told.push(`began ${peer}`);
      socket.resume();
    },
    ended(peer) {
      told.push(`ended ${peer}`);
      tell();
    },
    refused: () => told.push('refused'),
  });
  t.after(() => connections.close());
  const port = Number(connections.place.split(':')[1]);
  const dial = async (): Promise<net.Socket> => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    return socket;
  };
  const ends = (count: number): Promise<void> =>
    new Promise((resolve) => {
      tell = () => told.filter((line) => line.startsWith('ended')).length >= count && resolve();
      tell();
    });
  const silent = await dial();
  const second = await dial();
  const talk = setInterval(() => second.write('x'), 50);
  t.after(() => clearInterval(talk));
  const third = await dial();
  third.resume();
  await new Promise((resolve) => third.once('close', resolve));
  silent.resume();
  await new Promise((resolve) => silent.once('close', resolve));
  assert.ok(told.includes('refused'));
  const name = told[1]!.slice('began '.length);
  assert.ok(!told.includes(`ended ${name}`), 'the one that talks stays');
  clearInterval(talk);
  second.destroy();
  await ends(2);
});

test('a connection with an error in HTTP/2 is ended though Node does not see its end', async (t) => {
  const server = http2.createServer();
  server.on('sessionError', () => undefined);
  let ended = (): void => undefined;
  const gone = new Promise<void>((resolve) => (ended = resolve));
  const connections = await listenForConnections({
    host: '127.0.0.1',
    port: 0,
    most: 2,
    silentSeconds: 0.2,
    began: (socket) => server.emit('connection', socket),
    ended,
    refused: () => undefined,
  });
  t.after(() => connections.close());
  const socket = net.connect(Number(connections.place.split(':')[1]), '127.0.0.1');
  socket.on('error', () => undefined);
  // The preface, empty settings, and data of stream 0, which no client may send.
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(Buffer.from('000000040000000000000001000000000000ff', 'hex'));
  socket.on('data', () => socket.destroy());
  await gone;
});
