/**
 * @file How the tests report: each failure in full with its file, skips with their reasons, the slowest tests, and one
 * closing line, `N passed, N failed, N skipped in T`.
 */
import path from 'node:path';

const SLOWEST = 5;
/** Tests faster than this are not worth a line. */
const SLOW_MS = 2000;

const relative = (file) => (file ? path.relative(process.cwd(), file) : '');
/** `src/a.test.ts` and `dist/src/a.test.js` are one file: Node names either. */
const stem = (file) => file.replace(/^dist[/\\]/, '').replace(/\.[jt]s$/, '');

/** Node's reporter interface: test events in, text out. */
export default async function* report(events) {
  const start = performance.now();
  const failures = [];
  const skips = new Map();
  const times = [];
  /** What test files printed: shown for those that failed. Keyed by compiled file, as Node reports it. */
  const printed = new Map();
  let passed = 0;
  let column = 0;
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      const file = relative(data.file);
      printed.set(file, (printed.get(file) ?? '') + data.message);
      continue;
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (type === 'test:pass' && data.details.type === 'suite') continue;
    const file = relative(data.file);
    if (type === 'test:pass') {
      const reason = data.skip ?? data.todo;
      if (reason === undefined) {
        passed++;
        times.push({ file, name: data.name, ms: data.details.duration_ms });
      } else {
        const text = typeof reason === 'string' && reason !== '' ? reason : 'no reason given';
        skips.set(text, [...(skips.get(text) ?? []), `${file}: ${data.name}`]);
      }
      yield reason === undefined ? '.' : 's';
    } else {
      // A suite, or a file, fails because one inside it did: that one is reported.
      const code = data.details.error?.failureType;
      if (code === 'subtestsFailed') continue;
      failures.push({ file, name: data.name, error: data.details.error });
      yield '✖';
    }
    if (++column % 80 === 0) yield '\n';
  }
  yield '\n';
  for (const { file, name, error } of failures) {
    const cause = error?.cause ?? error;
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause?.stack ?? cause);
    yield `\n✖ ${name}\n  ${file}\n${text.replaceAll(/^/gm, '  ')}\n`;
  }
  for (const [file, text] of printed) {
    if (failures.some((failure) => stem(failure.file) === stem(file))) yield `\nprinted by ${file}:\n${text}`;
  }
  for (const [reason, names] of skips) yield `\nskipped (${reason}):\n${names.map((name) => `  ${name}\n`).join('')}`;
  const slow = times
    .filter(({ ms }) => ms >= SLOW_MS)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST);
  if (slow.length > 0) yield '\nslowest:\n';
  for (const { file, name, ms } of slow) yield `  ${(ms / 1000).toFixed(1).padStart(6)} s  ${file}: ${name}\n`;
  const skipped = [...skips.values()].flat().length;
  const seconds = Math.round((performance.now() - start) / 1000);
  yield `\n${passed} passed, ${failures.length} failed, ${skipped} skipped in ${seconds} s\n`;
}
