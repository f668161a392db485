/** @file Text to token ids and back, from the files tokenizer.json and tokenizer_config.json of a Hugging Face tokenizer. */

import { Tokenizer } from '@huggingface/tokenizers';
import { VlaError, nearestName } from '../../base/errors.ts';

/** Text to ids and back. */
export interface TextTokenizer {
  /** One more than the largest token id. */
  readonly vocabularySize: number;
  /** Tokens that stand for themselves in text, such as `<|im_start|>`. */
  readonly specialTokens: readonly string[];
  /** Special tokens inside `text` become their ids; nothing is added at either end. */
  encode(text: string): number[];
  /** The inverse; special tokens are kept as text, ids without a token (spare rows of an embedding) are skipped. */
  decode(ids: readonly number[]): string;
  /** The id of one token; throws `not-found` with the nearest name. */
  id(token: string): number;
}

/** What we use of the library, whose own type declarations do not resolve under Node's module rules. */
interface HuggingFaceTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
  get_vocab(withAddedTokens: boolean): Map<string, number>;
  get_added_tokens_decoder(): Map<number, { readonly content: string; readonly special: boolean }>;
}

/** Makes a tokenizer from the parsed contents of the two files; `where` names the first one in messages. */
export function createTextTokenizer(
  tokenizerJson: unknown,
  tokenizerConfigJson: unknown,
  where: string,
): TextTokenizer {
  const inner = open(tokenizerJson, tokenizerConfigJson, where);
  const vocabulary = inner.get_vocab(true);
  let largest = -1;
  for (const id of vocabulary.values()) largest = Math.max(largest, id);
  const specialTokens = [...inner.get_added_tokens_decoder().values()]
    .filter((token) => token.special)
    .map((token) => token.content);
  return {
    vocabularySize: largest + 1,
    specialTokens,
    encode: (text) => inner.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) =>
      ids.length === 0
        ? ''
        : inner.decode([...ids], { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
    id(token) {
      const id = vocabulary.get(token);
      if (id !== undefined) return id;
      const near = nearestName(token, specialTokens);
      throw new VlaError('not-found', `${where}: expected a token "${token}", got none.`, {
        hint: near === undefined ? 'This tokenizer was made for another model.' : `The nearest token is "${near}".`,
      });
    },
  };
}

function open(tokenizerJson: unknown, tokenizerConfigJson: unknown, where: string): HuggingFaceTokenizer {
  const model = (tokenizerJson as { model?: { type?: unknown; vocab?: unknown } } | null)?.model;
  if (typeof model?.vocab !== 'object' || model.vocab === null) {
    throw new VlaError('bad-data', `${where}: expected a Hugging Face tokenizer with "model.vocab", got none.`, {
      hint: 'Use the tokenizer.json of the checkpoint, or make it from its vocab.json, merges.txt and tokenizer_config.json.',
    });
  }
  try {
    return new (Tokenizer as unknown as new (json: unknown, config: unknown) => HuggingFaceTokenizer)(
      tokenizerJson,
      tokenizerConfigJson,
    );
  } catch (cause) {
    throw new VlaError('bad-data', `${where}: expected a Hugging Face tokenizer, got: ${(cause as Error).message}.`, {
      cause,
      hint: 'The file is damaged, or of a kind that is not supported.',
    });
  }
}
