/** @file Reads a JSON file that says what somebody else calls cameras, state and actions. */

import fs from 'node:fs';
import type { z } from 'zod';
import { VlaError } from '../base/errors.ts';

/** The checked content of the file `at`; `example` is the hint of its errors. Throws `bad-data`. */
export function readMapping<T>(at: string, schema: z.ZodType<T>, example: string): T {
  let content: unknown;
  try {
    content = JSON.parse(fs.readFileSync(at, 'utf8'));
  } catch (cause) {
    throw new VlaError('bad-data', `${at}: expected a mapping in JSON, got ${(cause as Error).message}.`, {
      cause,
      hint: example,
    });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `${at}: ${path.join('.') || 'the whole'}: ${message}.`, { hint: example });
}
