/** @file A serial line as drivers see it, the same in Node, in a browser and in tests: bytes out, bytes in. */

import { VlaError } from '../../base/errors.ts';

/** An open serial line. */
export interface SerialPort {
  /** What errors call it, for example its path. */
  readonly name: string;
  /** Sends all bytes; rejects with `io` when the line is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** What came in since the last call. Waits at most `waitMs` for a first byte; nothing by then is an empty array. Rejects with `io`. */
  read(waitMs: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Older bytes than these are dropped when nobody reads: a line that chatters must not fill the memory. */
const MOST_BYTES = 65_536;

/** Bytes that came in and were not read yet, for ports whose line pushes them. */
export class Inbox {
  private readonly name: string;
  private parts: Uint8Array[] = [];
  private size = 0;
  private failure: VlaError | null = null;
  private waiting: (() => void) | null = null;

  /** `name` is the line's, for errors. */
  constructor(name: string) {
    this.name = name;
  }

  /** Bytes came in; they are copied. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.parts.push(Uint8Array.from(bytes));
    this.size += bytes.length;
    while (this.size > MOST_BYTES && this.parts.length > 1) this.size -= this.parts.shift()!.length;
    this.wake();
  }

  /** The line is gone: whoever reads or will read is told. */
  fail(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.failure ??= new VlaError('io', `${this.name}: expected an open serial line, got: ${why}.`, {
      cause,
      hint: 'Check the cable and the power, and connect again.',
    });
    this.wake();
  }

  /** Throws when the line is gone. */
  requireOpen(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** As `SerialPort.read`. */
  async read(waitMs: number): Promise<Uint8Array> {
    if (this.size === 0 && this.failure === null && waitMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => this.wake(), waitMs);
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.size === 0) this.requireOpen();
    const out = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.length;
    }
    [this.parts, this.size] = [[], 0];
    return out;
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = null;
    waiting?.();
  }
}
