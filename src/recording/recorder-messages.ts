/** @file What a recorder and its thread say to each other. */

import type { PlainError } from '../base/plain-error.ts';
import type { EpisodeStart, InferenceRecord, LoopSession } from '../interfaces/loop-listener.ts';
import type { Measurement } from '../interfaces/robot.ts';
import type { TickRecord } from '../interfaces/tick-record.ts';

/** A module that exports `openSink`, and the (cloneable) options to call it with. */
export interface SinkCall {
  /** What problems are named after: "mcap", "dataset". */
  readonly name: string;
  /** URL of the module. */
  readonly module: string;
  readonly options: unknown;
}

/** What the thread is started with. */
export interface RecorderSetup {
  readonly sinks: readonly SinkCall[];
  readonly session: LoopSession;
}

/** What the loop told. */
export type Told =
  | { readonly kind: 'episode'; readonly value: EpisodeStart }
  | { readonly kind: 'tick'; readonly value: TickRecord }
  | { readonly kind: 'inference'; readonly value: InferenceRecord }
  | { readonly kind: 'measurement'; readonly value: Measurement };

/** To the thread. `lost`: told before this, and dropped; `bytes`: what is free again when this is done. */
export type ToRecorder =
  | { readonly kind: 'told'; readonly told: Told; readonly lost: number; readonly bytes: number }
  | { readonly kind: 'close'; readonly lost: number };

/** From the thread. */
export type FromRecorder =
  | { readonly kind: 'ready'; readonly notes: readonly string[] }
  | { readonly kind: 'done'; readonly bytes: number }
  /** A sink failed and is closed; or, without a name, the thread could not begin. */
  | { readonly kind: 'problem'; readonly sink: string | null; readonly error: PlainError }
  | { readonly kind: 'closed' };
