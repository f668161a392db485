/** @file Imports modules and says what that took: `node import-entries.js TRACE URL…`; TRACE gets the URL of each module. */

import { register } from 'node:module';
import process from 'node:process';
import { workerUrl } from '../../src/base/worker-url.ts';

const [trace, ...entries] = process.argv.slice(2);
register(workerUrl(import.meta.url, './trace-imports').href, { data: trace });
const start = performance.now();
for (const entry of entries) await import(entry);
const milliseconds = performance.now() - start;
const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
const { rss } = process.memoryUsage();
process.stdout.write(JSON.stringify({ milliseconds, sharedObjects, rss }));
process.exit(0);
