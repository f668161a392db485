/** @file Requests to a hub: its address and token, and its refusals as errors that say what to do. Node only. */

import { VlaError } from '../../base/errors.ts';
import type { EnvironmentVariables } from '../../base/user-cache.ts';
import { hubToken } from './cache-folder.ts';
import type { HubRepository } from './repository.ts';

/** A hub to talk to. */
export interface Hub {
  /** Without a slash at the end. */
  readonly endpoint: string;
  readonly token: string | null;
}

/** `$HF_ENDPOINT` or huggingface.co, with the user's token. */
export function hubOf(env: EnvironmentVariables): Hub {
  const endpoint = env['HF_ENDPOINT']?.trim() || 'https://huggingface.co';
  return { endpoint: endpoint.replace(/\/+$/, ''), token: hubToken(env) };
}

/** A hub that could not be reached at all, in contrast to one that refused. */
export class Unreachable extends VlaError {
  constructor(hub: Hub, cause: unknown) {
    const reason = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    super('io', `hub: expected an answer from ${hub.endpoint}, got none (${reason}).`, {
      cause,
      hint: 'Check the network, or HF_ENDPOINT. Node’s fetch does not read proxy settings.',
    });
  }
}

/**
 * Gets `path` of the hub; redirects to storage are followed (where the token is not sent along). Rejects with `Unreachable`, or
 * with what the status means for `repository` and `what`.
 */
export async function hubGet(
  hub: Hub,
  path: string,
  { repository, what, headers = {}, signal }: HubRequest,
): Promise<Response> {
  const authorization = hub.token === null ? {} : { authorization: `Bearer ${hub.token}` };
  let response: Response;
  try {
    response = await fetch(`${hub.endpoint}${path}`, {
      // Numbers do not compress, and a compressed answer has no length to count against.
      headers: { 'user-agent': 'vlakit', 'accept-encoding': 'identity', ...authorization, ...headers },
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new Unreachable(hub, cause);
  }
  if (response.ok || response.status === 416) return response;
  await response.body?.cancel();
  throw refusal(hub, response.status, repository, what);
}

/** What is asked for. */
export interface HubRequest {
  readonly repository: HubRepository;
  /** For messages: "the list of files", or a file's name. */
  readonly what: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

function refusal(hub: Hub, status: number, { id, revision }: HubRepository, what: string): VlaError {
  const where = `hub: ${hub.endpoint}/${id} (revision ${revision}): ${what}`;
  if (status === 401 || status === 403) {
    return new VlaError('not-found', `${where}: expected access, got HTTP ${status}.`, {
      hint:
        hub.token === null
          ? 'The name is wrong, or the repository is private or gated: set HF_TOKEN.'
          : 'The token has no access: check HF_TOKEN, and accept the model’s terms on its page if it is gated.',
    });
  }
  if (status === 404) {
    return new VlaError('not-found', `${where}: expected it there, got HTTP 404.`, {
      hint: 'Check the name of the repository and the revision (case counts).',
    });
  }
  const hint = status === 429 ? 'Too many requests: wait a minute.' : 'Try again later: what was fetched is kept.';
  return new VlaError('io', `${where}: expected an answer, got HTTP ${status}.`, { hint });
}
