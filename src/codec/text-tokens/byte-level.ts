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
