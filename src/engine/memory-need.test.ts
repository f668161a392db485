/** @file The memory that weights take, by precision, and the refusal before anything is read. */

import assert from 'node:assert/strict';
import os from 'node:os';
import test from 'node:test';
import { createSession, gather, input, linear, output, trace, weight, type WeightContent } from './index.ts';
import { requireMemory, weightBytes } from './memory-need.ts';
import { availableMemory, containerMemory } from './runtimes/node-memory.ts';

const WIDTH = 65_536;
const LAYERS = 2;
const names = ['table', ...Array.from({ length: LAYERS }, (_, i) => `layers.${i}`)];
/** A table and two square matrices, 4 G numbers each, in a file that does not exist. */
const graph = trace(() => {
  let x = gather(weight('table', 'f32', [WIDTH, WIDTH]), input('ids', 'i64', [3]), 0);
  for (const name of names.slice(1)) x = linear(x, weight(name, 'f32', [WIDTH, WIDTH]));
  output('y', x);
});
const place = { dtype: 'bf16', shape: [WIDTH, WIDTH], file: 'none', offset: 0, length: 2 * WIDTH ** 2 } as const;
const weights: Record<string, WeightContent> = Object.fromEntries(names.map((name) => [name, place]));

test('tables count as they are stored, matrices in the precision that is asked for', () => {
  const table = 2 * WIDTH ** 2;
  assert.equal(weightBytes(graph, 'f32', weights), table + LAYERS * 4 * WIDTH ** 2);
  assert.equal(weightBytes(graph, 'int8', weights), table + LAYERS * (WIDTH ** 2 + 4 * WIDTH));
  // Half a byte a number, and a scale of four bytes to 32 of them.
  assert.equal(weightBytes(graph, 'int4', weights), table + LAYERS * (0.5 + 4 / 32) * WIDTH ** 2);
});

test('what is missing is said before a file is opened, with what would fit', async () => {
  assert.throws(() => requireMemory(graph, { runtime: 'cpu', weights }, 20e9), {
    code: 'unsupported',
    message: 'session: expected 49.4 GB of free memory for weights in f32, got 20.0 GB.',
    hint: 'Free 29.4 GB by closing other programs, or hold the weights in int8 (19.8 GB) or int4 (16.1 GB) (weightPrecision, --weights), or use a machine with more memory.',
  });
  assert.throws(() => requireMemory(graph, { runtime: 'cpu', weights, weightPrecision: 'int4' }, 1e9), {
    hint: 'Free 15.1 GB by closing other programs, or use a machine with more memory.',
  });
  requireMemory(graph, { runtime: 'cpu', weights, weightPrecision: 'int8' }, 20e9);
  const layers = Math.ceil(os.totalmem() / (4 * WIDTH ** 2));
  const huge = trace(() => {
    let x = input('x', 'f32', [3, WIDTH]);
    for (let i = 0; i <= layers; i++) x = linear(x, weight(`layers.${i}`, 'f32', [WIDTH, WIDTH]));
    output('y', x);
  });
  const everywhere = Object.fromEntries(Object.keys(huge.weights).map((name) => [name, place]));
  await assert.rejects(createSession(huge, { runtime: 'cpu', weights: everywhere }), {
    code: 'unsupported',
    message: /^session: expected \d+\.\d GB of free memory for weights in f32, got \d+\.\d GB\.$/,
  });
});

test('a container leaves its limit less what is used, but for files that give way', () => {
  const files: Readonly<Record<string, string>> = {
    '/sys/fs/cgroup/memory.max': '1000000000',
    '/sys/fs/cgroup/memory.current': '900000000',
    '/sys/fs/cgroup/memory.stat': 'anon 1\ninactive_file 300000000\nactive_file 2',
  };
  assert.equal(
    containerMemory((file) => files[file] ?? ''),
    400_000_000,
  );
  assert.equal(
    containerMemory((file) => (file.endsWith('memory.max') ? 'max' : '')),
    Infinity,
  );
  assert.equal(
    containerMemory(() => ''),
    Infinity,
  );
  assert.ok(availableMemory() > 0 && availableMemory() <= os.totalmem());
});
