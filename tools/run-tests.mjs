/**
 * @file Runs the compiled tests with Node's own test runner: `node tools/run-tests.mjs [part of a path …]`.
 * Node 20 has no glob support in `node --test`, so the files are listed here.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const wanted = process.argv.slice(2);
const files = fs
  .readdirSync('dist', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
  .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
  .filter((file) => fs.existsSync(file.replace(/^dist\//, '').replace(/\.js$/, '.ts')))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(', ') || 'dist/**/*.test.js'}; run \`npm run build\` first.`);
  process.exit(1);
}
const reporter = process.stdout.isTTY ? 'spec' : 'dot';
const reporters = [`--test-reporter=${process.env['TEST_REPORTER'] ?? reporter}`];
const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...reporters, ...files], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
