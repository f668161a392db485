/**
 * @file Runs the compiled tests with Node's own test runner: `node tools/run-tests.mjs [part of a path …]`.
 * Node 20 has no glob support in `node --test`, so the files are listed here.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** No single test file may take longer than this; one that hangs fails instead. */
const TIMEOUT_MS = 900_000;

const wanted = process.argv.slice(2);
const files = fs
  .readdirSync('dist', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
  .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
  // A test whose source is gone was left behind by an earlier build.
  .filter((file) => fs.existsSync(file.replace(/^dist[/\\]/, '').replace(/\.js$/, '.ts')))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  // The long end-to-end tests start first, so that no core waits for them at the end.
  .sort((a, b) => Number(b.includes('end-to-end')) - Number(a.includes('end-to-end')) || (a < b ? -1 : 1));
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(', ') || 'dist/**/*.test.js'}; run \`npm run build\` first.`);
  process.exit(1);
}
const reporter = process.env['TEST_REPORTER'] ?? new URL('test-reporter.mjs', import.meta.url).href;
const { status } = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    `--test-concurrency=${os.availableParallelism()}`,
    `--test-timeout=${TIMEOUT_MS}`,
    `--test-reporter=${reporter}`,
    '--test-reporter-destination=stdout',
    ...files,
  ],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
