/**
 * @file Byte-level text for byte-pair encoding: how text is cut into pieces, and the letters that stand for bytes.
 */

/**
 * How text is cut before merging: English contractions, words with one leading sign or space, single digits, runs of
 * signs, line ends, and spaces. The cut of Qwen's tokenizers.
 */
export const PIECES =
  "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/**
 * GPT-2's cut, which a `ByteLevel` pre-tokenizer applies by itself. White space is Unicode's, as in the regular
 * expressions of Hugging Face's tokenizers: with U+0085 and without U+FEFF, where JavaScript's `\s` has it the other
 * way round.
 */
export const GPT2_PIECES =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/**
 * The printable letter that stands for each byte (GPT-2's table): printable Latin-1 bytes stand for themselves, the
 * others for the letters from U+0100 on.
 */
export const BYTE_LETTERS: readonly string[] = byteLetters();

function byteLetters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

const BYTE_OF_LETTER: ReadonlyMap<string, number> = new Map(BYTE_LETTERS.map((letter, byte) => [letter, byte]));
const encoder = new TextEncoder();

/** The letters that stand for the UTF-8 bytes of `text`. */
export function bytesAsLetters(text: string): string {
  let letters = '';
  for (const byte of encoder.encode(text)) letters += BYTE_LETTERS[byte];
  return letters;
}

/** The bytes that a token stands for; a token with a letter that stands for none is taken as plain text. */
export function bytesOfToken(token: string): Uint8Array {
  const bytes = Array.from(token, (letter) => BYTE_OF_LETTER.get(letter));
  return bytes.includes(undefined) ? encoder.encode(token) : Uint8Array.from(bytes as number[]);
}
