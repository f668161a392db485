/** @file What is known of a run before its first episode, and the hash that says which runs are parts of one result. */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { benchmarkSchema, protocolSchema } from './result.ts';

/** What is known before the first episode. */
export const runHeadSchema = z
  .object({
    policy: z.object({ name: z.string(), checkpoint: z.string().nullable(), sha256: z.string().nullable() }).readonly(),
    environment: z.object({ name: z.string(), options: z.unknown() }).readonly(),
    protocol: protocolSchema,
    benchmark: benchmarkSchema.nullable(),
    /** Episodes of the whole plan, all shards together. */
    total: z.number().int().nonnegative(),
  })
  .readonly();

/** What is known of a run before its first episode. */
export type RunHead = z.infer<typeof runHeadSchema>;

/** What runs must share to be parts of one result. Where things lie, and what they are called for readers, does not count. */
function shared({ policy, environment, protocol, benchmark }: Omit<RunHead, 'total'>): Record<string, unknown> {
  const { tasks, conditions, episodesPerTask, firstSeed, execute, maxSteps, controlHz } = protocol;
  const settings = Object.entries(benchmark?.settings ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    benchmark: benchmark?.name ?? null,
    policy: policy.name,
    weights: policy.sha256,
    environment: environment.name,
    ...Object.fromEntries(settings.map(([name, value]) => [`settings.${name}`, value])),
    tasks,
    conditions: conditions.map(({ name }) => name),
    episodes: episodesPerTask,
    firstSeed,
    execute,
    maxSteps: tasks.map((task) => maxSteps[task]),
    controlHz,
  };
}

/** SHA-256 of what runs must share. */
export function protocolHash(head: Omit<RunHead, 'total'>): string {
  return createHash('sha256')
    .update(JSON.stringify(shared(head)))
    .digest('hex');
}

/** Throws `mismatch` with every difference where two runs cannot be parts of one result. */
export function requireSameProtocol(where: string, expected: RunHead, got: RunHead, hint: string): void {
  const [a, b] = [shared(expected), shared(got)];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const differences = names.flatMap((name) => {
    const [x, y] = [JSON.stringify(a[name]), JSON.stringify(b[name])];
    return x === y ? [] : [`${name} ${shortened(x)}, got ${shortened(y)}`];
  });
  if (differences.length === 0) return;
  throw new VlaError('mismatch', `${where}: expected ${differences.join('; ')}.`, { hint });
}

function shortened(text: string | undefined): string {
  if (text === undefined) return 'none';
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
