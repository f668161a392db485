/** @file Modules of the user's that cannot be loaded: the error names the file, the reason and the cure. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { VlaError } from './errors.ts';
import { importModule, moduleName, userError } from './user-module.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-user-module-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return pathToFileURL(file).href;
}

test('a module that loads gives its exports', async () => {
  assert.equal((await importModule(write('good.mjs', 'export const five = 5;')))['five'], 5);
});

const WRONG: readonly [name: string, text: string, message: RegExp, hint: RegExp][] = [
  ['slip.mjs', '\nexport const x = ;', /slip\.mjs: expected a module that .*SyntaxError/, /Correct/],
  ['thrown.mjs', '\n\nthrow new Error("port closed");', /got Error: port closed \(.*thrown\.mjs:3\)/, /Correct/],
  ['lonely.mjs', 'import "no-such-package";', /Cannot find package 'no-such-package'/, /npm install/],
  ['common/a.js', 'import fs from "node:fs";', /a\.js: .*outside a module/, /\.mjs.*"type": "module"/],
  ['common/b.js', 'export const x = 1;', /b\.js: .*Unexpected token 'export'/, /\.mjs.*"type": "module"/],
];

for (const [name, text, message, hint] of WRONG) {
  test(`${name} is an error that names the file, the reason and the cure`, async () => {
    write('common/package.json', '{"type": "commonjs"}');
    await assert.rejects(importModule(write(name, text)), (error) => {
      assert.ok(error instanceof VlaError);
      assert.equal(error.code, 'bad-argument');
      assert.match(error.message, message);
      assert.match(error.hint!, hint);
      return true;
    });
  });
}

test('an error of ours inside a module stays as it is', () => {
  const ours = new VlaError('not-found', 'x: expected y, got z.');
  assert.equal(userError(ours, 'file:///a.mjs', 'anything'), ours);
});

test('names are relative below the current folder', () => {
  assert.equal(moduleName(pathToFileURL(path.resolve('a/b.mjs')).href), path.join('a', 'b.mjs'));
  assert.equal(moduleName('file:///elsewhere/b.mjs'), '/elsewhere/b.mjs');
  assert.equal(moduleName('data:text/javascript,1'), 'data:text/javascript,1');
});
