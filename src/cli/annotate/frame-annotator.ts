/** @file One keyframe asked about: from disk where it was asked before, else from the endpoint, with one round of repair. */

import { VlaError } from '../../base/errors.ts';
import type { Annotation } from '../../interfaces/annotation.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { ChatClient, ChatMessage, ChatRequest } from './chat-client.ts';
import { answeredAnnotation, parseFrameAnswer } from './frame-answer.ts';
import { frameQuestion, repairQuestion, type Keyframe } from './frame-question.ts';
import type { Spending } from './spending.ts';

/** What came of a keyframe: `invalid` answers twice, `failed` when the endpoint gave none, `budget` when it was not asked. */
export type FrameResult =
  | { readonly kind: 'answer'; readonly annotation: Annotation; readonly cached: boolean }
  | { readonly kind: 'invalid' | 'failed'; readonly error: VlaError }
  | { readonly kind: 'budget' };

/** What an annotator works with. */
export interface FrameAnnotatorParts {
  readonly cameras: readonly string[];
  readonly client: ChatClient;
  readonly cache: AnswerCache;
  readonly spending: Spending;
  readonly model: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly maxSide: number;
}

/** Asks about keyframes. Rejects with what ends the whole run: a refused request, an interruption. */
export function createFrameAnnotator(parts: FrameAnnotatorParts): (keyframe: Keyframe) => Promise<FrameResult> {
  const { cameras, client, cache, spending, model, body, maxSide } = parts;
  const request = (messages: readonly ChatMessage[]): ChatRequest => ({ ...body, model, messages });
  const parsed = (text: string): ReturnType<typeof parseFrameAnswer> => parseFrameAnswer(text, cameras);

  /** Asks once; null where the budget does not allow it. */
  const ask = async (messages: readonly ChatMessage[]): Promise<string | null> => {
    if (!spending.reserve()) return null;
    try {
      const { text, tokens } = await client(request(messages));
      spending.add(tokens);
      return text;
    } finally {
      spending.release();
    }
  };

  return async (keyframe) => {
    const question = frameQuestion(keyframe, maxSide);
    const known = cache.get(request(question));
    const before = known === null ? null : parsed(known);
    if (before !== null && 'answer' in before) {
      return { kind: 'answer', annotation: answeredAnnotation(before.answer), cached: true };
    }
    try {
      let messages = question;
      let problem = '';
      for (let round = 0; round < 2; round++) {
        const text = await ask(messages);
        if (text === null) return { kind: 'budget' };
        const found = parsed(text);
        if ('answer' in found) {
          cache.put(request(question), text);
          return { kind: 'answer', annotation: answeredAnnotation(found.answer), cached: false };
        }
        ({ problem } = found);
        messages = repairQuestion(question, text, problem);
      }
      const error = new VlaError('bad-data', `the answer was not valid, nor was its repair: ${problem}`);
      return { kind: 'invalid', error };
    } catch (error) {
      if (error instanceof VlaError && error.code === 'io') return { kind: 'failed', error };
      throw error;
    }
  };
}
