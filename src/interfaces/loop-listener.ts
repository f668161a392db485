/** @file What hears a control loop: recorders, live views, counters. A loop tells; whoever listens never holds it up. */

import type { ActionChunk } from './action-chunk.ts';
import type { Embodiment } from './embodiment.ts';
import type { Observation } from './observation.ts';
import type { Continuation } from './policy.ts';
import type { Measurement } from './robot.ts';
import type { TickRecord } from './tick-record.ts';

/** An episode begins. */
export interface EpisodeStart {
  /** Counts the episodes of a session, from 0. */
  readonly index: number;
  /** The stream of the policy's random numbers; null where no policy acts. */
  readonly seed: number | null;
}

/** One answer of a policy. What it was asked with is in the tick record of `observation.tick`, but for state and instruction. */
export interface InferenceRecord {
  /** The episode in which it was asked. */
  readonly episode: number;
  readonly observation: Omit<Observation, 'images'>;
  readonly continuation?: Continuation;
  readonly chunk: ActionChunk;
  /** From question to answer. */
  readonly seconds: number;
}

/**
 * Hears what one control loop does, in order. What is told belongs to the loop: a listener copies what it keeps. A listener returns at once
 * and never throws: a loop does not catch it.
 */
export interface LoopListener {
  /** Left out by loops that have no episodes; then a change of a tick's epoch begins one. */
  episode(start: EpisodeStart): void;
  tick(record: TickRecord): void;
  inference(record: InferenceRecord): void;
  measurement(measurement: Measurement): void;
}

/** What a listener is told before a loop begins. */
export interface LoopSession {
  readonly embodiment: Embodiment;
  /** Seconds since 1970 at second 0 of the loop's clock. */
  readonly zero: number;
  /** What else to keep with a recording: policy, checkpoint, commands; name → text. */
  readonly about: Readonly<Record<string, string>>;
}

/** Where what a loop tells ends, on a thread of its own: calls come one at a time, and may take long, or reject. */
export interface LoopSink {
  /** What people are told when it is open, for example an address. */
  readonly notes: readonly string[];
  episode(start: EpisodeStart): void | Promise<void>;
  tick(record: TickRecord): void | Promise<void>;
  inference(record: InferenceRecord): void | Promise<void>;
  measurement(measurement: Measurement): void | Promise<void>;
  /** So many ticks, inferences and measurements before the next call never came: the thread was too slow. */
  lost(count: number): void | Promise<void>;
  close(): Promise<void>;
}

/** `export const openSink: OpenSink` of a module that `startRecorder` names. */
export type OpenSink<O> = (options: O, session: LoopSession) => Promise<LoopSink>;
