/**
 * @file Answers on disk by the hash of their question (model, words, pictures, settings): what was asked once is never paid for
 * again. Neither endpoint nor key is part of question or answer.
 */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileError, writeFileAtomic } from '../../base/files.ts';
import type { ChatRequest } from './chat-client.ts';

/** Answers by question. */
export interface AnswerCache {
  /** The text of a valid answer, or null. */
  get(request: ChatRequest): string | null;
  put(request: ChatRequest, text: string): void;
}

/** Opens the cache in a folder, which is made with the first answer. */
export function openAnswerCache(folder: string): AnswerCache {
  const fileOf = (request: ChatRequest): string => {
    const hash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    return path.join(folder, hash.slice(0, 2), `${hash}.txt`);
  };
  return {
    get(request) {
      const file = fileOf(request);
      try {
        return fs.readFileSync(file, 'utf8');
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw fileError('read', file, cause);
      }
    },
    put: (request, text) => writeFileAtomic(fileOf(request), text),
  };
}
