/** @file One closed-loop episode: observe, infer a chunk, execute a part of it, and again, until the outcome is known. */

import { VlaError } from '../base/errors.ts';
import { actionAt } from '../interfaces/action-chunk.ts';
import { checkChunk } from '../interfaces/check-chunk.ts';
import type { Environment, Outcome } from '../interfaces/environment.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Policy } from '../interfaces/policy.ts';
import { policyInEpisode } from './policy-errors.ts';
import type { PlannedEpisode } from './protocol.ts';

/** The hash of no actions. */
export const FNV_OFFSET = 0x811c9dc5;

/** What happened in one episode. */
export interface PlayedEpisode {
  readonly instruction: string;
  readonly outcome: Exclude<Outcome, 'running'>;
  /** Control steps. */
  readonly length: number;
  /** A hash of all executed actions: two episodes with the same one did the same, bit for bit. */
  readonly actionsHash: string;
  /** One per inference, milliseconds. */
  readonly latenciesMs: readonly number[];
  /** What the environment measured beside the outcome. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** What may listen to, or stop, an episode. */
export interface PlayHooks {
  /** Before each inference: true stops the episode. */
  stopped?(): boolean;
  /** Around each inference, for a watchdog in another thread. */
  inferring?(running: boolean): void;
  /** After the reset (tick 0) and after every control step; `action` is null at tick 0. */
  onTick?(tick: number, action: Float32Array | null, observation: Observation | null): Promise<void> | void;
  /**
   * Before each control step: what is seen now (which costs a look at every step), the action that is about to be executed, and its place in
   * its chunk.
   */
  acting?(tick: number, observation: Observation, action: Float32Array, age: number): Promise<void> | void;
}

/**
 * Plays one episode. `execute` actions of each chunk are executed before the next inference ("half": half of the
 * chunk, rounded up). Returns null when it was stopped. A chunk that is empty, misshapen or holds a number that is not
 * finite is an error before any of its actions reaches the robot.
 */
export async function playEpisode(
  environment: Environment,
  policy: Policy,
  planned: PlannedEpisode,
  execute: number | 'half',
  hooks: PlayHooks = {},
): Promise<PlayedEpisode | null> {
  const { spec } = planned;
  const asked = policyInEpisode(policy, `${spec.task}, seed ${spec.seed}`);
  const borrowed = planned.instructionOf === null ? null : await instructionOf(environment, planned.instructionOf);
  await environment.reset(spec);
  await asked.reset({ seed: planned.noiseSeed });
  const maxSteps = environment.maxSteps(spec.task);
  const latenciesMs: number[] = [];
  let outcome: Outcome = 'running';
  let length = 0;
  let instruction = '';
  let hash = FNV_OFFSET;
  while (outcome === 'running' && length < maxSteps) {
    if (hooks.stopped?.()) return null;
    const observation = await observed(environment, length, borrowed);
    instruction = observation.instruction;
    if (length === 0) await hooks.onTick?.(0, null, observation);
    const where = `Policy "${policy.name}" in ${spec.task}, seed ${spec.seed}, tick ${length}`;
    hooks.inferring?.(true);
    const start = performance.now();
    const chunk = await asked.infer(observation);
    latenciesMs.push(performance.now() - start);
    hooks.inferring?.(false);
    checkChunk(where, chunk, environment.embodiment);
    const count = executed(where, execute, chunk.horizon);
    for (let i = 0; i < count && outcome === 'running' && length < maxSteps; i++) {
      const action = actionAt(chunk, i);
      hash = fnv1a(hash, action);
      if (hooks.acting !== undefined) {
        const now = i === 0 ? observation : await observed(environment, length, borrowed);
        await hooks.acting(length, now, action, i);
      }
      outcome = await environment.step(action);
      length++;
      await hooks.onTick?.(length, action, null);
    }
  }
  const metrics = environment.metrics?.();
  return {
    instruction,
    outcome: outcome === 'running' ? 'timeout' : outcome,
    length,
    actionsHash: hashText(hash),
    latenciesMs,
    ...(metrics === undefined ? {} : { metrics }),
  };
}

/** A hash as records have it. */
export function hashText(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** What is seen at a tick, with the instruction of another episode where one is borrowed. */
async function observed(environment: Environment, tick: number, borrowed: string | null): Promise<Observation> {
  const seen = await environment.observe();
  return { ...seen, tick, ...(borrowed === null ? {} : { instruction: borrowed }) };
}

/** FNV-1a (Fowler, Noll and Vo), 32 bits, continued over the bytes of `values`. */
export function fnv1a(hash: number, values: Float32Array): number {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

async function instructionOf(environment: Environment, spec: PlannedEpisode['spec']): Promise<string> {
  await environment.reset(spec);
  return (await environment.observe()).instruction;
}

function executed(where: string, execute: number | 'half', horizon: number): number {
  if (execute === 'half') return Math.ceil(horizon / 2);
  if (execute >= 1 && execute <= horizon) return execute;
  throw new VlaError(
    'bad-argument',
    `${where}: expected to execute 1 to ${horizon} actions of a chunk, got ${execute}.`,
    { hint: 'Choose another number with --execute, or "half".' },
  );
}
