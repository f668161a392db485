/** @file Errors on their way to another thread: taken apart into plain data, put together again. */

import { VlaError, type ErrorCode } from './errors.ts';

/** An error that crosses threads. */
export interface PlainError {
  readonly message: string;
  readonly code: ErrorCode | null;
  readonly hint: string | null;
  readonly stack: string | null;
}

/** Takes an error apart for the way to another thread. */
export function toPlainError(error: unknown): PlainError {
  const known = error instanceof VlaError ? error : null;
  return {
    message: error instanceof Error ? error.message : String(error),
    code: known?.code ?? null,
    hint: known?.hint ?? null,
    stack: error instanceof Error ? (error.stack ?? null) : null,
  };
}

/** Puts it together again: a VlaError stays one, with its code and hint. */
export function fromPlainError(plain: PlainError): Error {
  const error =
    plain.code === null
      ? new Error(plain.message)
      : new VlaError(plain.code, plain.message, plain.hint === null ? {} : { hint: plain.hint });
  if (plain.stack !== null) error.stack = plain.stack;
  return error;
}
