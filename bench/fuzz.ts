/**
 * @file A million bad messages for the decoders of all protocols, and bad conversations for their servers: no crash, no hang, no growth. Exits with 1
 * and the message when something was found; the same seed finds it again.
 *
 *     node --expose-gc dist/bench/fuzz.js [inputs = 1000000] [conversations = 2000] [seed = 1] [name …]
 */

import process from 'node:process';
import { fuzz } from '../tests/fuzz/fuzz.ts';
import { fuzzSocket } from '../tests/fuzz/sockets.ts';
import { SOCKET_TARGETS } from '../tests/fuzz/socket-targets.ts';
import { FUZZ_TARGETS } from '../tests/fuzz/targets.ts';

/** One message of at most 100 kB may take this long on a busy machine. */
const HANG_MS = 5000;
/** What caches may keep. */
const GROWTH_BYTES = 32 * 2 ** 20;
const MIB = 2 ** 20;

const [inputs = 1_000_000, conversations = 2000, seed = 1] = process.argv.slice(2, 5).map(Number);
const wanted = process.argv.slice(5);
const isWanted = ([name]: readonly [string, unknown]): boolean => wanted.length === 0 || wanted.includes(name);
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

if (globalThis.gc === undefined) console.log('run with --expose-gc to see growth without garbage');
let failures = 0;
const fail = (what: string): void => {
  console.log(`FOUND ${what}`);
  failures++;
};

const targets = Object.entries(FUZZ_TARGETS).filter(isWanted);
for (const [name, load] of targets) {
  const begun = performance.now();
  const report = await fuzz(await load(), Math.ceil(inputs / targets.length), seed);
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${name}: ${report.inputs} inputs in ${seconds.toFixed(0)} s, ${report.read} read; slowest ${report.slowestMs.toFixed(0)} ms, ` +
      `grown ${mib(report.grownBytes)}, at most ${mib(report.peakBytes)}`,
  );
  for (const finding of report.findings) fail(`${name}: ${finding}`);
  if (report.slowestMs > HANG_MS) fail(`${name}: an input that took ${report.slowestMs.toFixed(0)} ms`);
  if (globalThis.gc !== undefined && report.grownBytes > GROWTH_BYTES)
    fail(`${name}: growth by ${mib(report.grownBytes)}`);
}

const servers = Object.entries(SOCKET_TARGETS).filter(isWanted);
for (const [name, start] of servers) {
  const target = await start();
  const report = await fuzzSocket(target, Math.ceil(conversations / servers.length), seed);
  await target.close();
  console.log(
    `${name}: ${report.conversations} conversations, good clients served: ${report.served}, grown ${mib(report.grownBytes)}`,
  );
  if (globalThis.gc !== undefined && report.grownBytes > GROWTH_BYTES)
    fail(`${name}: growth by ${mib(report.grownBytes)}`);
}
process.exitCode = failures === 0 ? 0 : 1;
