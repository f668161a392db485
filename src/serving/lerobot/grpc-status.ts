/** @file Errors as statuses of gRPC. */

import type * as Grpc from '@grpc/grpc-js';
import { VlaError, type ErrorCode } from '../../base/errors.ts';
import { errorText } from '../error-text.ts';

/** None that LeRobot's client would try again by itself (`UNAVAILABLE`, `DEADLINE_EXCEEDED`), as nothing would be better then. */
const STATUS: Readonly<Partial<Record<ErrorCode, keyof typeof Grpc.status>>> = {
  'bad-argument': 'FAILED_PRECONDITION',
  'bad-data': 'INVALID_ARGUMENT',
  'bad-shape': 'INVALID_ARGUMENT',
  'not-finite': 'INVALID_ARGUMENT',
  'not-found': 'NOT_FOUND',
  mismatch: 'FAILED_PRECONDITION',
  unsupported: 'RESOURCE_EXHAUSTED',
  io: 'ABORTED',
  interrupted: 'ABORTED',
};
/** HTTP/2 headers hold the text. */
const LONGEST = 2000;

/** The status that tells a client what went wrong. */
export function statusOf(
  { status }: typeof Grpc,
  error: unknown,
  tracebacks: boolean,
): { readonly code: number; readonly details: string } {
  const name = error instanceof VlaError ? STATUS[error.code] : undefined;
  return { code: status[name ?? 'INTERNAL'], details: errorText(error, tracebacks).slice(0, LONGEST) };
}
