/** @file The child process of `vlakit doctor`: runs the probe it is named and prints the finding as one JSON line. */

import process from 'node:process';
import { lookUp, VlaError } from '../../base/errors.ts';
import { PROBES } from './probes.ts';

try {
  const found = await lookUp('probe', process.argv[2] ?? '', PROBES)();
  process.stdout.write(`${JSON.stringify({ found })}\n`);
} catch (error) {
  const problem = error instanceof Error ? error.message : String(error);
  const hint = error instanceof VlaError ? (error.hint ?? null) : null;
  process.stdout.write(`${JSON.stringify({ problem, hint })}\n`);
}
// A runtime may keep the process alive.
process.exit(0);
