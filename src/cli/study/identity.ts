/** @file Names things by their content. */

import { createHash } from 'node:crypto';

/** 16 hexadecimal digits of the SHA-256 of a JSON value. */
export function identityOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}
