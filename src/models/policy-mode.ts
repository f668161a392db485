/** @file Whether a policy acts at once or reasons first: what policy.json says about it, and what it leaves to the family. */

import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import type { AnyFamily, FamilyConfig } from './family.ts';
import { requireText } from './writer.ts';

/** How the tokens of a policy's reasoning are chosen; the draws of `top-p` follow from the episode's seed. */
export type ReasoningSampling =
  | { readonly kind: 'greedy' }
  | { readonly kind: 'top-p'; readonly p: number; readonly temperature: number };

/** A policy that writes text behind its prompt before it acts. */
export interface ReasoningMode {
  readonly kind: 'reason';
  /** Words that ask for it, at the prompt's `cue`. */
  readonly cue: string;
  /** Each ends the text, and is the last token that the expert reads. */
  readonly stopTokens: readonly string[];
  /** The most tokens to write, the stop token included. The prompt must have as many free places. */
  readonly maxTokens: number;
  readonly sampling: ReasoningSampling;
}

/** `direct`: observation to actions. `reason`: observation to text, both to actions. */
export type PolicyMode = { readonly kind: 'direct' } | ReasoningMode;

/** `mode` in policy.json: what is left out is `direct`, or the family's own way, greedy, in up to 32 tokens. */
export type PolicyModeSettings =
  | { readonly kind: 'direct' }
  | (Pick<ReasoningMode, 'kind'> & Partial<Omit<ReasoningMode, 'kind'>>);

const MAX_TOKENS = 32;

const schema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('direct') }),
  z.strictObject({
    kind: z.literal('reason'),
    cue: z.string().optional(),
    stopTokens: z.array(z.string()).min(1).readonly().optional(),
    maxTokens: z.number().int().positive().optional(),
    sampling: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('greedy') }),
        z.strictObject({
          kind: z.literal('top-p'),
          p: z.number().positive().max(1),
          temperature: z.number().positive(),
        }),
      ])
      .optional(),
  }),
]);

/**
 * The mode of a policy; `settings` is what policy.json says (undefined: nothing), `where` names it. Throws `bad-data` for
 * settings that are none, `unsupported` where the model cannot write text.
 */
export function policyMode(settings: unknown, family: AnyFamily, config: FamilyConfig, where: string): PolicyMode {
  const parsed = schema.safeParse(settings ?? { kind: 'direct' });
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new VlaError('bad-data', `${where}: ${['mode', ...path].join('.')}: ${message}.`, {
      hint: 'Write { "kind": "direct" }, or { "kind": "reason" } for the family’s own way to reason.',
    });
  }
  const { data } = parsed;
  if (data.kind === 'direct') return data;
  const own = requireText(family, config).reasoning;
  const [cue, stopTokens] = [data.cue ?? own?.cue, data.stopTokens ?? own?.stopTokens];
  if (cue === undefined || stopTokens === undefined) {
    throw new VlaError('bad-data', `${where}: mode: expected "cue" and "stopTokens", got only a part of them.`, {
      hint: `How ${family.title} was trained to reason is not known: write both.`,
    });
  }
  return {
    kind: 'reason',
    cue,
    stopTokens,
    maxTokens: data.maxTokens ?? MAX_TOKENS,
    sampling: data.sampling ?? { kind: 'greedy' },
  };
}

/** `changes` to settings of the same kind, or else in their place. */
export function changeMode(
  settings: PolicyModeSettings | undefined,
  changes: PolicyModeSettings | undefined,
): PolicyModeSettings | undefined {
  return changes?.kind === settings?.kind && changes !== undefined
    ? ({ ...settings, ...changes } as PolicyModeSettings)
    : (changes ?? settings);
}
