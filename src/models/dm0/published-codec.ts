/** @file A published DM0 as a policy: its cameras, its statistics, its action steps. */

import { z } from 'zod';
import { VlaError, lookUp } from '../../base/errors.ts';
import type { CameraConfig } from '../../codec/codec-config.ts';
import type { Normalisation, NormalisationStatistics } from '../../codec/normalise.ts';
import { dm0Prompt } from '../../codec/prompts/dm0.ts';
import { dm0Images } from '../../codec/published-images.ts';
import type { VectorStep } from '../../codec/vector-steps.ts';
import type { CameraSpec, Embodiment } from '../../interfaces/embodiment.ts';
import { publishedCamera, requireStatistics, type PolicyRequest, type PublishedPolicy } from '../published-policy.ts';
import { DM0_BASE, type Dm0Config } from './config.ts';

/** A camera as DM0 was trained: padded with black to a square, then 728 × 728 (the official server pads with grey 127). */
export function dm0Camera(camera: CameraSpec, vision: Dm0Config['vision'] = DM0_BASE.vision): CameraConfig {
  return publishedCamera(camera, dm0Images(vision.patch * vision.positionGrid), { ...vision, temporal: 1 });
}

/** One number per padded dimension each. */
export interface Dm0Statistics {
  readonly state: NormalisationStatistics;
  readonly action: NormalisationStatistics;
}

const numbers = z.array(z.number());
const vector = z.object({ min: numbers, max: numbers, mean: numbers, std: numbers });
const vectors = z.object({ state: vector, action: vector });
const file = z.union([z.object({ norm_stats: vectors }).transform((whole) => whole.norm_stats), vectors]);

/**
 * The statistics of a parsed norm_stats.json, with or without its outer key; `where` names it. Its `min` and `max` hold the
 * 1 % and 99 % quantiles. Throws `bad-data`.
 */
export function parseDm0Statistics(json: unknown, where: string): Dm0Statistics {
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    throw new VlaError('bad-data', `${where}: expected min, max, mean and std of "state" and "action", got others.`, {
      cause: parsed.error,
      hint: 'Take norm_stats.json from the folder of the checkpoint.',
    });
  }
  const { state, action } = parsed.data;
  const withQuantiles = (one: z.infer<typeof vector>): NormalisationStatistics => ({
    ...one,
    q01: one.min,
    q99: one.max,
  });
  return { state: withQuantiles(state), action: withQuantiles(action) };
}

/** How a robot's actions become DM0's. */
export interface Dm0Actions {
  /** As many numbers as the padded action. */
  readonly statistics: NormalisationStatistics;
  /** Real dimensions of the robot; state and action have the same. */
  readonly dim: number;
  /** Dimensions that stay absolute, such as grippers (`non_delta_mask`). */
  readonly absolute: readonly number[];
  /** Dimensions that wrap, and the length of their circle (`periodic_mask`, `periodic_range`); null for none. */
  readonly periodic: { readonly dimensions: readonly number[]; readonly period: number } | null;
  /** What the robot's actions are; `absolute` when left out. */
  readonly reference?: Embodiment['action']['convention']['reference'];
  /** The published LIBERO weights take mean and deviation; the others, and without saying, quantiles. */
  readonly normalisation?: 'quantile' | 'mean-std';
}

/**
 * Actions to differences from the state at the chunk's start, padded, then (x − min) / (max − min + 1e-6) · 2 − 1: in this
 * order padding becomes −1, which the published networks have learned.
 */
export function dm0ActionSteps(actions: Dm0Actions): VectorStep[] {
  const { statistics, dim, absolute, periodic, reference = 'absolute' } = actions;
  const perDimension = <T>(f: (d: number) => T): T[] => Array.from({ length: dim }, (_, d) => f(d));
  return [
    {
      kind: 'reference',
      change: {
        from: reference,
        to: 'relative-to-chunk-start',
        stateIndex: perDimension((d) => (absolute.includes(d) ? null : d)),
        period: periodic && perDimension((d) => (periodic.dimensions.includes(d) ? periodic.period : null)),
      },
    },
    { kind: 'pad', size: statistics.min.length, slots: null },
    { kind: 'normalise', normalisation: NORMALISATIONS[actions.normalisation ?? 'quantile'](statistics) },
  ];
}

const NORMALISATIONS: Readonly<
  Record<'quantile' | 'mean-std', (statistics: NormalisationStatistics) => Normalisation>
> = {
  quantile: (statistics) => ({ kind: 'min-max', epsilon: 1e-6, smallestRange: 0, constant: 'lowest', statistics }),
  'mean-std': (statistics) => ({ kind: 'mean-std', epsilon: 1e-6, statistics }),
};

/** A padded dimension is zero in all data; histograms of quantiles may leave it a little width. */
const PADDING = 1e-4;

/** Statistics are padded like actions: what moves beyond the robot's dimensions is another robot's. */
function requireOwnStatistics(where: string, { min, max }: NormalisationStatistics, dim: number, padded: number): void {
  requireStatistics(where, 'action', min.length, padded);
  const moving = max.findLastIndex((high, d) => high - min[d]! > PADDING) + 1;
  if (moving > dim) requireStatistics(where, 'action', moving, dim);
}

/** Indices of the actions that stay absolute; what moves is not known from their names. */
function absoluteActions({ embodiment, choices }: PolicyRequest): number[] {
  const { names, convention } = embodiment.action;
  if (convention.reference === 'relative-to-chunk-start') return names.map((_, d) => d);
  if (choices.absolute === undefined) {
    throw new VlaError('bad-argument', '--absolute: expected the actions that stay absolute (grippers), got none.', {
      hint: `DM0 sees other actions relative to the state. Actions of ${embodiment.name}: ${names.join(', ')}.`,
    });
  }
  const indices = Object.fromEntries(names.map((name, d) => [name, d]));
  return choices.absolute.map((name) => lookUp(`--absolute: action of ${embodiment.name}`, name, indices));
}

/** DM0's part in making a policy. The network does not read the state; actions are added to it. */
export const dm0Policy: PublishedPolicy = {
  choices: ['normalisation', 'absolute'],
  settings: { eulerSteps: 10, noiseScale: 1 },
  design(request) {
    const { embodiment, statistics, choices } = request;
    const { vision, expert } = request.config as Dm0Config;
    const { action } = parseDm0Statistics(statistics.json, statistics.where);
    const dim = embodiment.action.names.length;
    requireOwnStatistics(statistics.where, action, dim, expert.actionDim);
    const { reference } = embodiment.action.convention;
    const normalisation = choices.normalisation ?? 'quantile';
    if (normalisation === 'min-max') {
      throw new VlaError('bad-argument', '--normalisation: expected quantile or mean-std for dm0, got min-max.', {
        hint: 'Leave it out but for the LIBERO weights, which take mean-std.',
      });
    }
    const named = request.cameras.find(({ view }) => view !== null);
    if (named !== undefined) {
      throw new VlaError('bad-argument', `--cameras: expected no views for dm0, got "${named.view}".`, {
        hint: 'DM0 tells cameras by their order: name them in the order of its training data.',
      });
    }
    const absolute = absoluteActions(request);
    return {
      cameras: request.cameras.map((camera) => dm0Camera(camera, vision)),
      prompt: dm0Prompt,
      steps: {
        state: [],
        action: dm0ActionSteps({ statistics: action, dim, absolute, periodic: null, reference, normalisation }),
      },
      horizon: expert.maxHorizon,
    };
  },
};
