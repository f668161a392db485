/** @file gRPC messages with the parts of an observation, one behind the other, each with its length (u32, big-endian, as in gRPC's frames). */

import { VlaError } from '../../../src/base/errors.ts';
import { loadGrpc } from '../../../src/serving/lerobot/grpc-service.ts';
import { ObservationParts } from '../../../src/serving/lerobot/observation-parts.ts';
import { observationPickle } from '../../serving/robot-pickles.ts';
import { partsOf } from '../../serving/robot-connection.ts';
import type { FuzzTarget } from '../fuzz.ts';
import { piecesOf } from '../mutate.ts';

const LENGTH = 4;
/** Fields, long lengths, groups, which nest, and frames. */
const PIECES =
  '0000 0801 0802 0803 0800 1200 12ffffffff0f 12ffffffffffffffffff01 0b 0c 1b1b1b1b 0d 3801 0000000a ffffffff 00000000';

/** The decoder of gRPC's messages, and what puts the parts together. */
export async function lerobotStreamTarget(): Promise<FuzzTarget> {
  const { service } = await loadGrpc();
  const { requestSerialize, requestDeserialize } = service.SendObservations;
  const framed = (size: number): Uint8Array =>
    Buffer.concat(
      partsOf(observationPickle({}), size).flatMap((part) => {
        const bytes = requestSerialize(part);
        const length = Buffer.alloc(LENGTH);
        length.writeUInt32BE(bytes.length);
        return [length, bytes];
      }),
    );
  return {
    seeds: [framed(2 ** 21), framed(300), framed(64)],
    pieces: piecesOf(PIECES, 'hex'),
    decode(bytes) {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const parts = new ObservationParts(50_000);
      for (let at = 0; at + LENGTH <= view.length;) {
        const end = at + LENGTH + view.readUInt32BE(at);
        const whole = parts.add(message(view.subarray(at + LENGTH, end)));
        if (whole !== null) return whole;
        at = end;
      }
      throw new VlaError('bad-data', 'observation: expected a part that ends it.');
    },
  };

  /** What protobuf cannot read, gRPC answers with a status. */
  function message(bytes: Buffer): ReturnType<typeof requestDeserialize> {
    try {
      return requestDeserialize(bytes);
    } catch (cause) {
      throw new VlaError('bad-data', 'gRPC: expected a message.', { cause });
    }
  }
}
