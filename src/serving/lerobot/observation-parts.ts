/** @file Puts an observation together that came in parts. */

import { VlaError } from '../../base/errors.ts';
import { requireAtMost } from '../../base/require-at-most.ts';
import { TRANSFER, type ObservationPart } from './grpc-service.ts';

const HINT = 'Send parts as LeRobot’s send_bytes_in_chunks does: begin, middle, end.';

/** The parts of one stream. */
export class ObservationParts {
  private readonly most: number;
  private parts: Uint8Array[] = [];
  private length = 0;
  private ended = false;

  /** `most`: bytes of the whole. */
  constructor(most: number) {
    this.most = most;
  }

  /** The whole in memory of its own when this part ends it, else null. Throws `bad-data`. */
  add({ transferState, data }: ObservationPart): Uint8Array<ArrayBuffer> | null {
    if (this.ended) throw new VlaError('bad-data', 'observation: expected nothing behind its end.', { hint: HINT });
    if (transferState === TRANSFER.BEGIN) [this.parts, this.length] = [[], 0];
    else if (transferState !== TRANSFER.MIDDLE && transferState !== TRANSFER.END) {
      throw new VlaError('bad-data', `observation: expected a part with its place, got ${transferState}.`, {
        hint: HINT,
      });
    }
    this.length += data.length;
    requireAtMost('observation: bytes', this.length, this.most);
    // Empty parts cost memory all the same.
    if (data.length > 0) this.parts.push(data);
    if (transferState !== TRANSFER.END) return null;
    this.ended = true;
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.parts = [];
    return whole;
  }
}
