/** @file Who may look at a live view: programs on this machine and Foxglove's own pages; from elsewhere, whoever has the token. */

import type { IncomingMessage } from 'node:http';
import { bearer, mayEnter } from '../serving/access.ts';

/**
 * Origins of viewers that are web pages or desktop apps made of such. Any other page is kept out: else each page that somebody visits could
 * look through the cameras of a robot on the same machine.
 */
export const VIEWER_ORIGINS: readonly string[] = ['https://app.foxglove.dev', 'file://', 'null'];

/**
 * Whether a viewer may come in. The token comes as a header or, as viewers cannot send headers of their own, as `?token=` of the address.
 * `null` as an origin is what desktop apps send that show pages of their own; sandboxed pages send it too, so it needs the token.
 */
export function mayView(request: IncomingMessage, token: string | null, origins = VIEWER_ORIGINS): boolean {
  const { origin, authorization } = request.headers;
  if (origin !== undefined && !origins.includes(origin)) return false;
  if (origin === 'null' && token === null) return false;
  const written = new URL(request.url ?? '/', 'ws://viewer').searchParams.get('token');
  const given = authorization ?? (written === null ? undefined : bearer(written));
  return mayEnter({ headers: given === undefined ? {} : { authorization: given } } as IncomingMessage, token);
}
