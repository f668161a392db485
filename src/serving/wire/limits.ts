/** @file Bounds of what a client may send, checked before memory is set aside for it. */

/** Bounds of one message and of one client. */
export interface WireLimits {
  /** Bytes of one message. */
  readonly messageBytes: number;
  /** Bytes of one array. */
  readonly arrayBytes: number;
  /** Pixels of an image's longer side. */
  readonly imageSide: number;
  /** Entries of all lists and maps of one message together. */
  readonly entries: number;
  /** Lists and maps inside each other. */
  readonly depth: number;
  /** Characters of one text. */
  readonly textLength: number;
  /** Connections at one time. */
  readonly connections: number;
  /** A client that asks nothing for this long is let go, seconds. */
  readonly idleSeconds: number;
  /** The longest that a client may take to send what it began, and to take what it was sent, seconds. */
  readonly transferSeconds: number;
}

/** What servers have unless they are told otherwise: four cameras of 1080p fit. */
export const DEFAULT_WIRE_LIMITS: WireLimits = {
  messageBytes: 64 * 2 ** 20,
  arrayBytes: 32 * 2 ** 20,
  imageSide: 4096,
  entries: 100_000,
  depth: 32,
  textLength: 10_000,
  connections: 256,
  idleSeconds: 900,
  transferSeconds: 30,
};
