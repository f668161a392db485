/** @file The result of an evaluation as data: one JSON file with every episode, the summary and where it came from. */

import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { readJson, writeFileAtomic } from '../base/files.ts';

/** The version of the file's layout; a change that old readers would misread changes it. */
export const RESULT_SCHEMA = 'vlakit.evaluation/1';

const count = z.number().int().nonnegative();
const list = <T extends z.ZodType>(item: T): z.ZodReadonly<z.ZodArray<T>> => z.array(item).readonly();

const latency = z.object({ p50: z.number(), p99: z.number(), max: z.number() }).readonly();

/** What the environment measures beside the outcome, by name. */
const metrics = z.record(z.string(), z.number()).readonly().exactOptional();

const machine = z.object({ cpu: z.string(), cores: count, memoryGb: z.number(), system: z.string() }).readonly();

/** One finished episode. */
export const episodeSchema = z
  .object({
    index: count,
    condition: z.string(),
    task: z.string(),
    seed: z.number(),
    noiseSeed: z.number(),
    /** What the policy was told. */
    instruction: z.string(),
    outcome: z.enum(['success', 'wrong', 'failure', 'timeout']),
    /** Control steps. */
    length: count,
    /** Of the executed actions: two episodes with the same hash did the same, bit for bit. */
    actionsHash: z.string(),
    /** Calls of the policy. */
    inferences: count,
    metrics,
    /** Differs from run to run; everything else repeats exactly. */
    timing: z.object({ seconds: z.number(), latencyMs: latency }).readonly(),
  })
  .readonly();

/** An episode that could not be finished. */
export const brokenSchema = z
  .object({
    index: count,
    condition: z.string(),
    task: z.string(),
    seed: z.number(),
    noiseSeed: z.number(),
    /** How often it was begun. */
    attempts: count,
    /** Of the last attempt: the error's code, and what it said. */
    code: z.string(),
    reason: z.string(),
  })
  .readonly();

const row = z
  .object({
    condition: z.string(),
    /** A task, or "all". */
    task: z.string(),
    episodes: count,
    successes: count,
    /** A goal was reached with another object than the scene's own target. */
    wrong: count,
    /** successes / episodes with its 95 % Wilson interval. */
    rate: z.number(),
    low: z.number(),
    high: z.number(),
    /** Control steps over all episodes. */
    meanLength: z.number(),
    /** Means over all episodes. */
    metrics,
  })
  .readonly();

const degradation = z
  .object({
    condition: z.string(),
    /** The condition without the change. */
    against: z.string(),
    /** A task, or "all". */
    task: z.string(),
    /** Episodes of one scene that are valid in both. */
    pairs: count,
    /** Of them: success only without the change, only with it. */
    lost: count,
    gained: count,
    rate: z.number(),
    baseRate: z.number(),
    /** rate − baseRate with its 95 % interval for pairs (Newcombe 1998). */
    difference: z.number(),
    low: z.number(),
    high: z.number(),
  })
  .readonly();

const rollout = z
  .object({
    condition: z.string(),
    task: z.string(),
    seed: z.number(),
    instruction: z.string(),
    outcome: z.string(),
    length: count,
    /** Pixels. */
    width: count,
    height: count,
    frames: count,
    /** The animated image, relative to the JSON file. */
    file: z.string(),
  })
  .readonly();

/** Which benchmark, and how. */
export const benchmarkSchema = z
  .object({
    name: z.string(),
    /** How it is played, for readers. */
    text: z.string(),
    /** What the benchmark's environment and player were opened with, as far as it changes numbers. */
    settings: z.record(z.string(), z.union([z.string(), z.number()])).readonly(),
    /** SHA-256 of what two results must share to be parts of one. */
    hash: z.string(),
    /** Which part of the episodes was planned here; null: all. */
    shard: z.object({ index: count, count }).readonly().nullable(),
  })
  .readonly();

/** The protocol, as far as the environment and the options say it. */
export const protocolSchema = z
  .object({
    tasks: list(z.string()),
    conditions: list(z.object({ name: z.string(), meaning: z.string(), wantsSuccess: z.boolean() }).readonly()),
    episodesPerTask: count,
    firstSeed: z.number(),
    /** Actions of a chunk that are executed before the next inference. */
    execute: z.union([count, z.literal('half')]),
    maxSteps: z.record(z.string(), count).readonly(),
    controlHz: z.number(),
  })
  .readonly();

const result = z
  .object({
    schema: z.literal(RESULT_SCHEMA),
    /** True when it was stopped before all planned episodes were played. */
    partial: z.boolean(),
    planned: count,
    /** ISO 8601, UTC. */
    created: z.string(),
    /** The exact command. */
    command: z.string(),
    policy: z
      .object({
        name: z.string(),
        checkpoint: z.string().nullable(),
        /** SHA-256 of the checkpoint's weights. */
        sha256: z.string().nullable(),
      })
      .readonly(),
    environment: z.object({ name: z.string(), options: z.unknown() }).readonly(),
    protocol: protocolSchema,
    /** Of benchmarks. */
    benchmark: benchmarkSchema.exactOptional(),
    rows: list(row),
    /** Of benchmarks with several conditions: what each costs. */
    degradation: list(degradation).exactOptional(),
    timing: z.object({ seconds: z.number(), workers: count, inferences: count, latencyMs: latency }).readonly(),
    versions: z.record(z.string(), z.string()).readonly(),
    machine,
    warnings: list(z.string()),
    rollouts: list(rollout),
    episodes: list(episodeSchema),
    /** Episodes that could not be finished, for example because the policy's server failed; they count nowhere. Left out: none. */
    broken: list(brokenSchema).exactOptional(),
  })
  .readonly();

/** Latencies of policy calls, milliseconds. */
export type Latency = z.infer<typeof latency>;
/** One finished episode. */
export type EpisodeRecord = z.infer<typeof episodeSchema>;
/** An episode that could not be finished. */
export type BrokenEpisode = z.infer<typeof brokenSchema>;
/** Which benchmark, and how. */
export type BenchmarkIdentity = z.infer<typeof benchmarkSchema>;
/** What was played. */
export type Protocol = z.infer<typeof protocolSchema>;
/** One line of the summary. */
export type ResultRow = z.infer<typeof row>;
/** What a condition costs. */
export type Degradation = z.infer<typeof degradation>;
/** An animated image of one episode. */
export type RolloutRecord = z.infer<typeof rollout>;
/** A whole evaluation. */
export type EvaluationResult = z.infer<typeof result>;

/** Writes the result atomically as JSON, one episode per line. */
export function writeResult(file: string, value: EvaluationResult): void {
  const { episodes, ...head } = value;
  const lines = episodes.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
  const text = JSON.stringify({ ...head, episodes: [] }, null, 2);
  writeFileAtomic(file, `${text.replace(/"episodes": \[\]\n\}$/, () => `"episodes": [\n${lines}\n  ]\n}`)}\n`);
}

/** Reads a result; another layout or damaged content is a `bad-data` error that says where. */
export function readResult(file: string): EvaluationResult {
  const data = readJson(file);
  const schema = (data as { schema?: unknown } | null)?.schema;
  if (schema !== RESULT_SCHEMA) {
    throw new VlaError('bad-data', `${file}: expected schema "${RESULT_SCHEMA}", got ${JSON.stringify(schema)}.`, {
      hint: 'Evaluate again with this version of vlakit.',
    });
  }
  const parsed = result.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VlaError('bad-data', `${file}: at ${issue!.path.join('.') || 'the top'}: ${issue!.message}.`, {
    hint: 'The file is damaged; evaluate again.',
  });
}
