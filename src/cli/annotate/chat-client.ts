/**
 * @file A client of OpenAI-compatible chat endpoints with pictures: one question, one text. Tries again after 408, 429, 5xx,
 * time-outs and broken connections; follows no redirect, so that nothing goes to another server; the key is in the request's
 * header and nowhere else.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';

/** A turn of the conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string | readonly ChatPart[];
}

/** A part of a turn; pictures are data URLs. */
export type ChatPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

/** What is posted; further keys (temperature, response_format …) are the endpoint's. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly [key: string]: unknown;
}

/** An answer and what it took; tokens are null where the endpoint does not count them. */
export interface ChatAnswer {
  readonly text: string;
  readonly tokens: ChatTokens | null;
}

/** Tokens of questions (pictures included) and of answers. */
export interface ChatTokens {
  readonly input: number;
  readonly output: number;
}

/** Where to ask, and how patiently. */
export interface ChatClientOptions {
  /** Up to `/v1`; `/chat/completions` is put behind it. */
  readonly endpoint: string;
  /** Null: no Authorization header. */
  readonly key: string | null;
  /** For one try. */
  readonly timeoutMs: number;
  readonly tries: number;
  /** Before the second try; doubled before each further one, times a random 0.5 to 1. `Retry-After` goes first. */
  readonly firstDelayMs: number;
  /** Ends the waiting between tries; a request under way is paid for, so it goes on. */
  readonly signal: AbortSignal;
}

/** The longest wait, also where `Retry-After` asks for more. */
const LONGEST_DELAY_MS = 120_000;

const answerSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
  usage: z.object({ prompt_tokens: z.number().min(0), completion_tokens: z.number().min(0).default(0) }).nullish(),
});

/** A failed try: whether another one may succeed, and when. */
interface Failure {
  readonly reason: string;
  readonly again: boolean;
  readonly afterMs: number | null;
}

/** Asks. Throws `io` when the tries are used up, `bad-argument` when the endpoint refuses the request, `interrupted`. */
export type ChatClient = (request: ChatRequest) => Promise<ChatAnswer>;

/** Throws `bad-argument` for an endpoint that is no http address. */
export function createChatClient(options: ChatClientOptions): ChatClient {
  const { key, tries, firstDelayMs, signal } = options;
  const url = completionsUrl(options.endpoint);
  const shown = url.origin + url.pathname;
  const hidden = (text: string): string => (key === null || key === '' ? text : text.replaceAll(key, '…'));
  return async (request) => {
    const body = JSON.stringify(request);
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const result = await post(url, body, options);
      if ('text' in result) return result;
      const reason = hidden(result.reason);
      if (!result.again) {
        throw new VlaError('bad-argument', `${shown}: expected an answer, got ${reason}.`, {
          hint: 'Check --endpoint, --model, --api-key-env and --body: the endpoint refuses the request as it is.',
        });
      }
      if (attempt >= tries) {
        throw new VlaError('io', `${shown}: expected an answer, got ${reason} at the last of ${tries} tries.`, {
          hint: 'Run the same command again later: answers that are there are not asked for again.',
        });
      }
      const backoff = firstDelayMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      const delay = Math.min(LONGEST_DELAY_MS, result.afterMs ?? backoff);
      await sleep(delay, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  };
}

function completionsUrl(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new VlaError('bad-argument', `--endpoint: expected an address such as http://localhost:8000/v1.`, {
      hint: 'Give http:// or https:// and the path up to /v1; a key goes into a variable (--api-key-env).',
    });
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`;
  return url;
}

async function post(url: URL, body: string, options: ChatClientOptions): Promise<ChatAnswer | Failure> {
  const authorization = options.key === null ? {} : { authorization: `Bearer ${options.key}` };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    const text = await response.text();
    return response.ok ? parseAnswer(text) : refusal(response, text);
  } catch (error) {
    return { reason: failureOf(error, options.timeoutMs), again: true, afterMs: null };
  }
}

function parseAnswer(text: string): ChatAnswer | Failure {
  const parsed = answerSchema.safeParse(json(text));
  if (!parsed.success) {
    return { reason: `something else ("${text.slice(0, 60)}")`, again: true, afterMs: null };
  }
  const { choices, usage } = parsed.data;
  const tokens = usage == null ? null : { input: usage.prompt_tokens, output: usage.completion_tokens };
  return { text: choices[0]!.message.content ?? '', tokens };
}

function refusal(response: Response, text: string): Failure {
  const { status } = response;
  const { error } = (json(text) ?? {}) as { error?: { message?: unknown } | string };
  const message = typeof error === 'string' ? error : error?.message;
  const said = typeof message === 'string' ? `: ${message.slice(0, 200)}` : '';
  return {
    reason: `status ${status}${said}`,
    again: status === 408 || status === 429 || status >= 500,
    afterMs: retryAfter(response.headers.get('retry-after')),
  };
}

/** Seconds, or a date. */
function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  const ms = header.trim() !== '' && Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

function failureOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `none within ${timeoutMs / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const detail = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : undefined;
  return `a broken connection (${detail ?? (error instanceof Error ? error.message : String(error))})`;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
