/** @file What a run has cost so far, and whether another request may start. */

import { VlaError } from '../../base/errors.ts';
import type { ChatTokens } from './chat-client.ts';

/** Dollars for a million tokens. */
export interface Prices {
  readonly input: number;
  readonly output: number;
}

/** The account of one run. */
export interface Spending {
  readonly requests: number;
  readonly input: number;
  readonly output: number;
  /** Dollars; null without prices. */
  readonly cost: number | null;
  /** Whether a first request has told what one costs; before that only one at a time may go. */
  readonly known: boolean;
  /** Reserves the price of the dearest request so far; false where the limit does not allow it. */
  reserve(): boolean;
  /** Ends a reservation. */
  release(): void;
  /** Throws `unsupported` where there is a limit and the endpoint counts no tokens. */
  add(tokens: ChatTokens | null): void;
  /** "12 requests, 34,567 + 890 tokens, $0.12". */
  text(): string;
}

/** `limit` in dollars; null for none. Throws `bad-argument` for a limit without prices. */
export function openSpending(prices: Prices | null, limit: number | null): Spending {
  if (limit !== null && prices === null) {
    throw new VlaError('bad-argument', '--max-cost: expected the price of tokens, got none.', {
      hint: 'Add --price <input,output>, in dollars for a million tokens of questions and of answers.',
    });
  }
  let [requests, input, output, dearest, reserved] = [0, 0, 0, 0, 0];
  const costOf = (tokens: ChatTokens): number =>
    prices === null ? 0 : (tokens.input * prices.input + tokens.output * prices.output) / 1e6;
  const spent = (): number => costOf({ input, output });
  return {
    get requests() {
      return requests;
    },
    get input() {
      return input;
    },
    get output() {
      return output;
    },
    get cost() {
      return prices === null ? null : spent();
    },
    get known() {
      return limit === null || requests > 0;
    },
    reserve() {
      if (limit !== null && spent() + (reserved + 1) * dearest > limit) return false;
      reserved++;
      return true;
    },
    release() {
      reserved--;
    },
    add(tokens) {
      requests++;
      if (tokens === null) {
        if (limit === null) return;
        throw new VlaError('unsupported', '--max-cost: expected an endpoint that counts tokens, got no "usage".', {
          hint: 'Leave --max-cost out, or use an endpoint that reports usage.',
        });
      }
      input += tokens.input;
      output += tokens.output;
      dearest = Math.max(dearest, costOf(tokens));
    },
    text() {
      const counts = `${requests} requests, ${input.toLocaleString('en')} + ${output.toLocaleString('en')} tokens`;
      return prices === null ? counts : `${counts}, $${spent().toFixed(spent() < 1 ? 4 : 2)}`;
    },
  };
}
