/** @file A chat endpoint on this machine for tests: real HTTP, answers from a script. */

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChatMessage, ChatPart } from '../src/cli/annotate/chat-client.ts';

/** A request as it came. */
export interface Asked {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: { readonly model: string; readonly messages: readonly ChatMessage[]; readonly [key: string]: unknown };
  /** All words of the user's turns. */
  readonly words: string;
  /** Milliseconds. */
  readonly at: number;
}

/** What to do with a request; `content` is the answer's text, 'drop' breaks the connection. */
export type Reply =
  | 'drop'
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly content?: string;
      /** In place of an answer. */
      readonly raw?: string;
      readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
      readonly delayMs?: number;
    };

/** A server that is listening. */
export interface ChatServer {
  /** Up to /v1. */
  readonly endpoint: string;
  readonly asked: Asked[];
  /** The most requests that were open at a time. */
  readonly busiest: () => number;
  /** Changes the script. */
  reply(script: (asked: Asked, index: number) => Reply): void;
  close(): Promise<void>;
}

const partsOf = ({ content }: ChatMessage): readonly ChatPart[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content;

/** The data URLs of a request's pictures. */
export function picturesOf({ body }: Asked): string[] {
  return body.messages.flatMap(partsOf).flatMap((part) => (part.type === 'image_url' ? [part.image_url.url] : []));
}

/** Starts one on a free port. */
export async function startChatServer(first: (asked: Asked, index: number) => Reply): Promise<ChatServer> {
  let script = first;
  let [open, busiest] = [0, 0];
  const asked: Asked[] = [];
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    busiest = Math.max(busiest, ++open);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Asked['body'];
      const words = body.messages
        .filter(({ role }) => role === 'user')
        .flatMap(partsOf)
        .flatMap((part) => (part.type === 'text' ? [part.text] : []))
        .join('\n');
      const one: Asked = { path: request.url ?? '', headers: request.headers, body, words, at: performance.now() };
      const reply = script(one, asked.push(one) - 1);
      if (reply === 'drop') {
        request.socket.destroy();
        return;
      }
      const { status = 200, headers = {}, content = '', raw, delayMs = 0 } = reply;
      await sleep(delayMs);
      const usage = reply.usage === undefined ? { prompt_tokens: 1000, completion_tokens: 100 } : reply.usage;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      const message = { role: 'assistant', content };
      response.end(raw ?? JSON.stringify({ choices: [{ message }], ...(usage === null ? {} : { usage }) }));
    } finally {
      open--;
    }
  };
  const server = http.createServer((request, response) => {
    // A client that has given up is no mistake of the server.
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/v1`,
    asked,
    busiest: () => busiest,
    reply(next) {
      script = next;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
