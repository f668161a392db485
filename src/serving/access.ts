/** @file Who may talk to a server: anybody on this machine but web pages; from elsewhere, whoever has the token. */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { VlaError } from '../base/errors.ts';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
const SHORTEST_TOKEN = 16;

/** Throws `bad-argument` for a server that would let anybody in. */
export function checkAccess(host: string, token: string | null): void {
  if (token !== null && token.length < SHORTEST_TOKEN) {
    throw new VlaError('bad-argument', `token: expected at least ${SHORTEST_TOKEN} characters, got ${token.length}.`, {
      hint: 'For example: openssl rand -hex 24',
    });
  }
  if (token !== null || LOOPBACK.has(host)) return;
  throw new VlaError('bad-argument', `${host}: expected a token to listen beyond this machine, got none.`, {
    hint: 'Set VLAKIT_TOKEN, the same for server and clients, or listen on 127.0.0.1.',
  });
}

/** Whether a request may come in. Browsers send an origin: a web page has no business here, wherever it is from. */
export function mayEnter({ headers }: Pick<IncomingMessage, 'headers'>, token: string | null): boolean {
  if (headers.origin !== undefined) return false;
  if (token === null) return true;
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  const given = digest(headers.authorization ?? '');
  // Both are compared, so that the time says nothing about either.
  return [bearer(token), apiKey(token)].map((known) => timingSafeEqual(given, digest(known))).includes(true);
}

/** Whether a token that came in a message, where a protocol has no headers, is the server's. */
export function isToken(given: unknown, token: string | null): boolean {
  if (token === null) return true;
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(typeof given === 'string' ? given : ''), digest(token)) && typeof given === 'string';
}

/** The header of a client, and that of openpi’s. */
export const bearer = (token: string): string => `Bearer ${token}`;
export const apiKey = (token: string): string => `Api-Key ${token}`;
