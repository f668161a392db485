/**
 * @file The frames of ZMTP 3.0 without security (mechanism NULL), as ZeroMQ speaks it over TCP: greeting, READY, messages. Lengths are checked before
 * memory is set aside. Specification: https://rfc.zeromq.org/spec/23/.
 */

import { VlaError } from '../../base/errors.ts';

/** Bounds of what a peer may send. */
export interface ZmtpLimits {
  /** Bytes of one message, all its frames together. */
  readonly messageBytes: number;
}

const GREETING = 64;
/** Frames of one message, and bytes of one command. */
const MOST_FRAMES = 16;
const LONGEST_COMMAND = 512;
const MORE = 1;
const LONG = 2;
const COMMAND = 4;

/** A kind of socket, as READY names it. */
export type ZmtpSocket = 'REQ' | 'REP';
/** Who may talk to whom. */
const PEERS: Readonly<Record<ZmtpSocket, readonly string[]>> = { REP: ['REQ', 'DEALER'], REQ: ['REP', 'ROUTER'] };

/** The first 64 bytes of a connection: signature, version 3.0, mechanism NULL, no server role. */
export function greeting(): Uint8Array {
  const bytes = new Uint8Array(GREETING);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.set(Buffer.from('NULL', 'latin1'), 12);
  return bytes;
}

/** The READY command of a socket. */
export function ready(type: ZmtpSocket): Uint8Array {
  const key = Buffer.from('Socket-Type', 'latin1');
  const value = Buffer.from(type, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return command('READY', Buffer.concat([Buffer.of(key.length), key, length, value]));
}

function command(name: string, content: Uint8Array): Uint8Array {
  return frame(Buffer.concat([Buffer.of(name.length), Buffer.from(name, 'latin1'), content]), COMMAND);
}

function frame(body: Uint8Array, flags: number): Uint8Array {
  return Buffer.concat([frameHead(body.length, flags), body]);
}

function frameHead(length: number, flags: number): Uint8Array {
  if (length < 256) return Uint8Array.of(flags, length);
  const head = Buffer.alloc(9);
  head[0] = flags | LONG;
  head.writeBigUInt64BE(BigInt(length), 1);
  return head;
}

/** The pieces of a message of several frames; the frames' bodies are not copied. */
export function messagePieces(frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.flatMap((body, i) => [frameHead(body.length, i + 1 < frames.length ? MORE : 0), body]);
}

const bad = (what: string): VlaError =>
  new VlaError('bad-data', `ZeroMQ: ${what}.`, { hint: 'The other side must speak ZMTP 3 without encryption.' });

/** What the reader hands out. `answer`: bytes to send back at once (a PONG). */
export type ZmtpEvent =
  | { readonly kind: 'ready' }
  | { readonly kind: 'message'; readonly frames: Uint8Array[] }
  | { readonly kind: 'answer'; readonly bytes: Uint8Array };

/** Memory that a frame gets before any of it has come. */
const FIRST_PIECE = 65_536;

/**
 * Reads one connection: bytes in, events out. Memory grows with what has come, so a peer that announces a long frame and sends little costs
 * little. Throws `bad-data` for what is no ZMTP, is too long, or comes from a socket of the wrong kind; the connection is of no use then.
 */
export class ZmtpReader {
  private readonly type: ZmtpSocket;
  private readonly limits: ZmtpLimits;
  private part: 'greeting' | 'flags' | 'length' | 'body' = 'greeting';
  private bytes = new Uint8Array(GREETING);
  private wanted = GREETING;
  private filled = 0;
  private flags = 0;
  private isReady = false;
  private frames: Uint8Array[] = [];
  private total = 0;

  constructor(type: ZmtpSocket, limits: ZmtpLimits) {
    [this.type, this.limits] = [type, limits];
  }

  /** Whether something has begun that is not whole: the handshake, or a message. */
  get inside(): boolean {
    return !this.isReady || this.part !== 'flags' || this.frames.length > 0;
  }

  /** Takes bytes; returns what they completed. */
  push(chunk: Uint8Array): ZmtpEvent[] {
    const events: ZmtpEvent[] = [];
    for (let at = 0; ;) {
      const piece = chunk.subarray(at, at + this.wanted - this.filled);
      this.fill(piece);
      at += piece.length;
      if (this.part === 'greeting') this.checkGreeting();
      if (this.filled < this.wanted) return events;
      const event = this.complete(this.bytes.subarray(0, this.wanted));
      if (event !== null) events.push(event);
    }
  }

  private fill(piece: Uint8Array): void {
    const size = this.filled + piece.length;
    if (size > this.bytes.length) {
      const grown = new Uint8Array(Math.min(this.wanted, Math.max(size, 2 * this.bytes.length)));
      grown.set(this.bytes.subarray(0, this.filled));
      this.bytes = grown;
    }
    this.bytes.set(piece, this.filled);
    this.filled = size;
  }

  private begin(part: 'flags' | 'length' | 'body', wanted: number): null {
    [this.part, this.wanted, this.filled] = [part, wanted, 0];
    this.bytes = new Uint8Array(Math.min(wanted, FIRST_PIECE));
    return null;
  }

  private complete(bytes: Uint8Array): ZmtpEvent | null {
    if (this.part === 'greeting') return this.begin('flags', 1);
    if (this.part === 'flags') return this.begin('length', this.checkFlags(bytes[0]!));
    if (this.part === 'length') {
      const length = bytes.length === 1 ? bytes[0]! : Number(Buffer.from(bytes).readBigUInt64BE());
      return this.begin('body', this.checkLength(length));
    }
    this.begin('flags', 1);
    return (this.flags & COMMAND) === 0 ? this.message(bytes) : this.command(bytes);
  }

  /** Returns how many bytes the length has. */
  private checkFlags(flags: number): number {
    if ((flags & ~(MORE | LONG | COMMAND)) !== 0 || (flags & (MORE | COMMAND)) === (MORE | COMMAND)) {
      throw bad(`expected the flags of a frame, got ${flags}`);
    }
    if (!this.isReady && (flags & COMMAND) === 0) throw bad('expected READY, got a message');
    this.flags = flags;
    return (flags & LONG) === 0 ? 1 : 8;
  }

  private checkLength(length: number): number {
    const isCommand = (this.flags & COMMAND) !== 0;
    const most = isCommand ? LONGEST_COMMAND : this.limits.messageBytes - this.total;
    if (length > most) throw bad(`expected at most ${most} bytes in a frame, got ${length}`);
    if (!isCommand && this.frames.length === MOST_FRAMES) throw bad(`expected at most ${MOST_FRAMES} frames, got more`);
    return length;
  }

  private message(body: Uint8Array): ZmtpEvent | null {
    this.frames.push(body);
    this.total += body.length;
    if ((this.flags & MORE) !== 0) return null;
    const { frames } = this;
    [this.frames, this.total] = [[], 0];
    return { kind: 'message', frames };
  }

  private command(body: Uint8Array): ZmtpEvent | null {
    const length = body[0] ?? 0;
    if (length === 0 || 1 + length > body.length) throw bad('expected a command with a name');
    const name = Buffer.from(body.subarray(1, 1 + length)).toString('latin1');
    const content = body.subarray(1 + length);
    if (!this.isReady) {
      if (name !== 'READY') throw bad(`expected READY, got ${printable(name)}`);
      const type = readProperties(content).get('socket-type') ?? 'none';
      const peers = PEERS[this.type];
      if (!peers.includes(type)) throw bad(`expected a socket of type ${peers.join(' or ')}, got ${printable(type)}`);
      this.isReady = true;
      return { kind: 'ready' };
    }
    if (name === 'PING') return { kind: 'answer', bytes: command('PONG', content.subarray(2)) };
    // Of ZMTP 3.1 we may be told more; what we did not ask for changes nothing.
    return null;
  }

  private checkGreeting(): void {
    const { bytes, filled } = this;
    const fits = (at: number, test: (byte: number) => boolean): boolean => filled <= at || test(bytes[at]!);
    if (!fits(0, (byte) => byte === 0xff) || !fits(9, (byte) => (byte & 1) === 1)) throw bad('expected its signature');
    if (!fits(10, (byte) => byte >= 3)) throw bad(`expected version 3, got ${bytes[10]}`);
    if (filled < GREETING) return;
    const mechanism = Buffer.from(bytes.subarray(12, 32)).toString('latin1').replaceAll('\0', '');
    if (mechanism !== 'NULL') throw bad(`expected the mechanism NULL, got ${printable(mechanism)}`);
  }
}

/** Properties of READY: names in small letters. */
function readProperties(content: Uint8Array): Map<string, string> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const properties = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const name = at + 1 + bytes[at]!;
    if (name + 4 > bytes.length) throw bad('expected whole properties in READY');
    const end = name + 4 + bytes.readUInt32BE(name);
    if (end > bytes.length) throw bad('expected whole properties in READY');
    properties.set(bytes.toString('latin1', at + 1, name).toLowerCase(), bytes.toString('latin1', name + 4, end));
    at = end;
  }
  return properties;
}

const printable = (text: string): string => JSON.stringify(text.slice(0, 40).replaceAll(/[^\x20-\x7e]/g, '?'));
