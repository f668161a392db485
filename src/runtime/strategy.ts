/** @file What a strategy decides: when to ask the policy for a chunk, what to tell it, and what becomes of the answer. */

import type { ActionChunk } from '../interfaces/action-chunk.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Continuation, Policy } from '../interfaces/policy.ts';
import type { ChunkQueue, QueuedAction } from './chunk-queue.ts';

/** What is seen now, with the tick that it was seen at. */
export type TickedObservation = Observation & { readonly tick: number };

/** What the policy is asked. */
export interface InferenceRequest {
  /** What the policy gets; action 0 of its chunk is for this observation's tick. */
  readonly observation: TickedObservation;
  /** The tick of the pictures in it. */
  readonly observed: number;
  /** The chunk that the answer will take over from. */
  readonly continuation?: Continuation;
}

/** Where the loop stands. */
export interface StrategyView {
  /** Now. */
  readonly tick: number;
  readonly queue: ChunkQueue;
  /** Counts resets: the episode in which was asked for what is at hand. */
  readonly epoch: number;
  /** Ticks that the next inference is expected to take, at most (Δt_inf). */
  readonly latency: number;
  /** The most committed actions that the policy takes; 0 where it cannot continue chunks. */
  readonly longest: number;
}

/**
 * One way to execute chunks in real time. A strategy has no memory beside the queue, so it needs no reset. It hands actions to nobody: the
 * loop takes them through the safety gate.
 */
export interface Strategy {
  readonly name: string;
  /**
   * Whether a chunk takes over without a jump: no step between two chunks' actions is larger than the steps within them, given a policy
   * that keeps the committed actions as they are.
   */
  readonly joins: boolean;
  /** Throws `unsupported` where the policy cannot do what this strategy needs; `latency` as in `StrategyView`. */
  check(policy: Policy, latency: number): void;
  /** The next inference to ask for, or null for none now. Asked at every tick with an observation while no inference runs. */
  ask(seen: TickedObservation, view: StrategyView): InferenceRequest | null;
  /** An answer came: places it in the queue, or discards it there. */
  take(chunk: ActionChunk, request: InferenceRequest, view: StrategyView): void;
  /** The action for now, or null for none. */
  act(view: StrategyView): QueuedAction | null;
}

/** `act` of strategies that execute what is in force. */
export function actInForce({ queue, tick }: StrategyView): QueuedAction | null {
  return queue.at(tick);
}

/** Whether `execute` actions of the running chunk are behind us, or there is none: time to ask for the next one. */
export function hasExecuted(execute: number, { queue, tick }: StrategyView): boolean {
  const running = queue.running(tick);
  return running === null || tick >= running.start + execute;
}
