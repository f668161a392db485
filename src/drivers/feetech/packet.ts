/**
 * @file Packets of Feetech's serial bus, protocol 0 (STS and SMS servos; protocol manual of 2022-04): `FF FF id length … checksum`, where
 * the checksum is the complement of the sum of what lies between.
 */

import { invariant } from '../../base/errors.ts';

/** What a servo is asked to do. */
export const INSTRUCTION = {
  ping: 0x01,
  read: 0x02,
  write: 0x03,
  syncRead: 0x82,
  syncWrite: 0x83,
} as const;

/** All servos at once. */
export const BROADCAST_ID = 0xfe;
/** The largest id that a servo can have. */
export const LARGEST_ID = 0xfd;
/** The most parameters that one packet is given. */
const MOST_PARAMETERS = 250;
const HEADER = 0xff;
/** Bytes of a packet without parameters. */
const BARE = 6;

/** A servo's answer. */
export interface StatusPacket {
  readonly id: number;
  /** Alarms, one bit each; see `alarmsOf`. */
  readonly error: number;
  readonly parameters: Uint8Array;
}

/** A packet with an instruction; the same layout carries answers, with the alarms in the instruction's place. */
export function encodePacket(id: number, instruction: number, parameters: ArrayLike<number> = []): Uint8Array {
  invariant(parameters.length <= MOST_PARAMETERS, `a packet of ${parameters.length} parameters`);
  const bytes = new Uint8Array(BARE + parameters.length);
  bytes.set([HEADER, HEADER, id, parameters.length + 2, instruction]);
  bytes.set(parameters, BARE - 1);
  bytes[bytes.length - 1] = checksum(bytes, 0, bytes.length);
  return bytes;
}

/** Of a packet in `bytes` from `start` to `end`, which holds the checksum at its end. */
function checksum(bytes: ArrayLike<number>, start: number, end: number): number {
  let sum = 0;
  for (let i = start + 2; i < end - 1; i++) sum += bytes[i]!;
  return ~sum & 0xff;
}

/** The words of the alarm bits. */
const ALARMS = ['voltage', 'position sensor', 'temperature', 'current', 'bit 4', 'overload', 'bit 6', 'bit 7'];

/** The alarms of an answer in words; empty when there are none. */
export function alarmsOf(error: number): string[] {
  return ALARMS.filter((_, bit) => (error >> bit) & 1);
}

/**
 * Finds packets in a stream of bytes. Whatever is no whole packet with a right checksum is dropped byte by byte, so that a false header or a
 * lost byte costs no more than the packet it is in.
 */
export class PacketReader {
  /** Bytes that belonged to no packet. */
  noise = 0;
  private readonly bytes: number[] = [];
  private readonly most: number;

  /** Packets with more parameters than `mostParameters` are taken for noise. */
  constructor(mostParameters: number = MOST_PARAMETERS) {
    this.most = mostParameters;
  }

  /** More of the stream. */
  push(bytes: Uint8Array): void {
    for (const byte of bytes) this.bytes.push(byte);
  }

  /** The next packet, or null when there is none yet. `ended`: nothing more comes, so that what is incomplete is noise. */
  next(ended = false): StatusPacket | null {
    const { bytes } = this;
    while (bytes.length > 0) {
      const length = this.length();
      if (length !== null && bytes.length >= length) {
        const packet = bytes.splice(0, length);
        const [, , id, , error] = packet;
        return { id: id!, error: error!, parameters: Uint8Array.from(packet.slice(BARE - 1, -1)) };
      }
      if (length !== null && !ended) return null;
      bytes.shift();
      this.noise++;
    }
    return null;
  }

  /** How long the packet at the front is, or could become; null when there is none. */
  private length(): number | null {
    const { bytes } = this;
    if (bytes[0] !== HEADER || (bytes[1] ?? HEADER) !== HEADER) return null;
    if ((bytes[2] ?? 0) > BROADCAST_ID) return null;
    const count = bytes[3] ?? 2;
    if (count < 2 || count > this.most + 2) return null;
    const length = count + BARE - 2;
    if (bytes.length < length) return length;
    return bytes[length - 1] === checksum(bytes, 0, length) ? length : null;
  }
}
