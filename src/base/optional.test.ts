/** @file Optional packages: what is there is handed on, what is not is an error with the cure. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { loadOptional } from './optional.ts';
import { workerUrl } from './worker-url.ts';

test('a package that is there is handed on', async () => {
  const path = await loadOptional('node:path', 'a test', () => import('node:path'));
  assert.equal(path.posix.join('a', 'b'), 'a/b');
});

test('a package that is not there is named with its cure', async () => {
  const absent = 'no-such-package-of-ours';
  await assert.rejects(
    loadOptional(absent, 'Drawing', () => import(absent)),
    {
      code: 'missing-package',
      message: 'Drawing needs the npm package no-such-package-of-ours, which could not be loaded.',
      hint: 'Run `npm install no-such-package-of-ours`.',
    },
  );
  await assert.rejects(
    loadOptional('onnxruntime-node', 'Inference', () => import(absent)),
    { hint: /onnxruntime-node-install=skip/ },
  );
});

test('a worker lies beside its caller with the caller’s extension', () => {
  assert.equal(workerUrl('file:///a/b/c.ts', './w').href, 'file:///a/b/w.ts');
  assert.equal(workerUrl('file:///a/b/c.js', './w').href, 'file:///a/b/w.js');
});
