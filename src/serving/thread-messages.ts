/** @file What a policy's thread and its server say to each other. */

import { VlaError, type ErrorCode } from '../base/errors.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Continuation } from '../interfaces/policy.ts';
import type { PolicyContract } from './policy-service.ts';

/** What the thread is started with: a module that exports `openPolicy`, and what to call it with. */
export interface ThreadData {
  readonly module: string;
  readonly options: unknown;
}

/** What the thread knows of the contract. */
export interface ThreadContract extends Omit<PolicyContract, 'statistics'> {
  /** Most requests that the policy computes as one. */
  readonly together: number;
}

/** One inference. */
export interface InferQuestion {
  readonly kind: 'infer';
  readonly session: number;
  readonly observation: Observation;
  readonly continuation: Continuation | null;
}

/** To the thread; every question has one answer. */
export type ThreadQuestion =
  | { readonly kind: 'begin'; readonly session: number; readonly seed: number }
  | { readonly kind: 'end'; readonly session: number }
  | InferQuestion;

/** To the thread. `cancel` has no answer of its own. */
export type ToThread =
  | { readonly id: number; readonly question: ThreadQuestion }
  | { readonly id: number; readonly question: 'cancel' };

/** An error as it crosses threads. */
export interface PlainError {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly hint: string | null;
  readonly stack: string | null;
}

/** From the thread: `warm` or `failed` first. */
export type FromThread =
  | { readonly kind: 'warm'; readonly contract: ThreadContract }
  | { readonly kind: 'failed'; readonly error: PlainError }
  | { readonly kind: 'answer'; readonly id: number; readonly chunk: ActionChunk | null }
  | { readonly kind: 'error'; readonly id: number; readonly error: PlainError };

/** An error for the other thread. */
export function plainError(error: unknown): PlainError {
  const known = error instanceof VlaError ? error : null;
  const any = error instanceof Error ? error : new Error(String(error));
  return { code: known?.code ?? null, message: any.message, hint: known?.hint ?? null, stack: any.stack ?? null };
}

/** An error from the other thread. One that is not for people becomes `unsupported`; its stack is the cause. */
export function thrownError({ code, message, hint, stack }: PlainError): VlaError {
  const cause = new Error(message);
  if (stack !== null) cause.stack = stack;
  if (code !== null) return new VlaError(code, message, { cause, ...(hint === null ? {} : { hint }) });
  return new VlaError('unsupported', `policy: it failed: ${message}`, {
    cause,
    hint: 'This is an error in the policy; the server’s log shows where.',
  });
}
