/** @file ZeroMQ's frames, as a server reads them: greeting, READY, messages, in pieces of a few bytes. */

import { VlaError } from '../../../src/base/errors.ts';
import { ZmtpReader, greeting, messagePieces, ready } from '../../../src/serving/wire/zmtp-frames.ts';
import type { FuzzTarget } from '../fuzz.ts';
import { piecesOf } from '../mutate.ts';

const PIECE = 61;
/** Heads of frames, PING, part of a greeting. */
const PIECES =
  '00ff 01ff 02ffffffffffffffff 020000000000010000 0404505049 04050450494e4700 0000 0100 ff00000000000000017f';

/** A connection's bytes. */
export function zmtpTarget(): FuzzTarget {
  const hello = Buffer.concat([greeting(), ready('REQ')]);
  const messages = (...bodies: readonly Uint8Array[]): Uint8Array =>
    Buffer.concat([hello, ...messagePieces([new Uint8Array(0), ...bodies])]);
  return {
    seeds: [
      messages(Buffer.from('short')),
      messages(Buffer.alloc(300, 7)),
      messages(Buffer.from('a'), Buffer.from('b')),
    ],
    pieces: piecesOf(PIECES, 'hex'),
    decode(bytes) {
      const reader = new ZmtpReader('REP', { messageBytes: 2 ** 20 });
      let count = 0;
      for (let at = 0; at < bytes.length; at += PIECE) {
        count += reader.push(bytes.subarray(at, at + PIECE)).filter(({ kind }) => kind === 'message').length;
      }
      if (count === 0) throw new VlaError('bad-data', 'ZeroMQ: expected a message.');
      return count;
    },
  };
}
