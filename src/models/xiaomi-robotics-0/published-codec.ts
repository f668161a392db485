/**
 * @file A published Xiaomi-Robotics-0 as a policy: views under headings, the state as it is, actions normalised for every step of
 * the chunk by the statistics of one robot type, in the places that this type moves.
 */

import { z } from 'zod';
import { VlaError, lookUp } from '../../base/errors.ts';
import { xiaomiPrompt } from '../../codec/prompts/xiaomi-robotics-0.ts';
import { XR0_LIMITS, xr0Images } from '../../codec/published-images.ts';
import type { PoseChange } from '../../codec/relative-pose.ts';
import type { SmartResizeLimits } from '../../codec/smart-resize.ts';
import type { VectorStep } from '../../codec/vector-steps.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import { readPublishedConfig } from '../published-layout.ts';
import { publishedCamera, requireStatistics, viewLabels, type PublishedPolicy } from '../published-policy.ts';
import type { XiaomiConfig } from './config.ts';
import { ARMS } from './slots.ts';

const VIEWS = { base: 'Base View', ego: 'Ego View', left_wrist: 'Left-Wrist View', right_wrist: 'Right-Wrist View' };
const whole = z.number().int().positive();
/** [steps][places]; one row, or none of rows, stands for every step. */
const table = z.union([z.array(z.array(z.number())).min(1), z.array(z.number()).transform((row) => [row])]);

/** What of preprocessor_config.json is read; limits are written in one of two ways. */
const processor = z.object({
  action_config: z.record(z.string(), z.object({ mean: table, std: table })),
  min_pixels: whole.nullish(),
  max_pixels: whole.nullish(),
  size: z.object({ shortest_edge: whole.nullish(), longest_edge: whole.nullish() }).nullish(),
});
const chunk = z.object({ action_length: whole });

/** A place whose deviation is not above this does not move: the published code masks it. */
const STILL = 1e-5;

/** Types of robot whose clients zoom in by 5 % before they send an image. */
const ZOOMED = /^(calvin|bridge|fractal)/;
/** Types of robot whose one camera is called the ego view. */
const EGO = /^fractal/;

function limitsOf({ min_pixels, max_pixels, size }: z.infer<typeof processor>, factor: number): SmartResizeLimits {
  return {
    factor,
    minPixels: min_pixels ?? size?.shortest_edge ?? XR0_LIMITS.minPixels,
    maxPixels: max_pixels ?? size?.longest_edge ?? XR0_LIMITS.maxPixels,
  };
}

/** Statistics of every step and of the places that move, and which these are. */
interface RobotStatistics {
  readonly slots: readonly number[];
  readonly mean: readonly (readonly number[])[];
  readonly std: readonly (readonly number[])[];
}

function statisticsOf(
  { mean, std }: { readonly mean: readonly number[][]; readonly std: readonly number[][] },
  places: number,
  steps: number,
  where: string,
): RobotStatistics {
  for (const row of [...mean, ...std]) requireStatistics(where, 'a step', row.length, places);
  const slots = std[0]!.flatMap((_, place) => (std.some((row) => row[place]! > STILL) ? [place] : []));
  const every = (rows: readonly number[][]): number[][] => (rows.length === 1 ? Array(steps).fill(rows[0]) : [...rows]);
  const pick = (rows: readonly number[][]): number[][] => every(rows).map((row) => slots.map((slot) => row[slot]!));
  return { slots, mean: pick(mean), std: pick(std) };
}

/**
 * Absolute actions as the model sees them: poses in the frame of the chunk's first, other numbers as differences. An action in
 * a place refers to the state's number in that place.
 */
function relativeSteps({ name, state, action }: Embodiment, slots: readonly number[]): VectorStep[] {
  if (action.convention.reference !== 'absolute') return [];
  const { rotation: format } = action.convention;
  if (format !== 'axis-angle' && format !== 'euler-xyz' && format !== 'none') {
    throw new VlaError('mismatch', `${name}: action rotation: expected axis-angle, euler-xyz or none, got ${format}.`, {
      hint: 'Rotations of actions have three numbers here: command the robot that way.',
    });
  }
  const at = (places: readonly number[]): number[] => places.map((place) => slots.indexOf(place));
  const poses = Object.values(ARMS).flatMap(({ position, rotation }): PoseChange[] => {
    if ([...position, ...rotation].some((place) => !slots.includes(place))) return [];
    const own = { position: at(position), rotation: at(rotation), format: orAxisAngle(format) };
    const stateFormat = orAxisAngle(state.convention.rotation);
    return [{ ...own, statePosition: position, stateRotation: rotation, stateFormat }];
  });
  const posed = new Set(poses.flatMap(({ position, rotation }) => [...position, ...rotation]));
  const stateIndex = slots.map((slot, i) => (posed.has(i) ? null : slot));
  return [
    ...(poses.length === 0 ? [] : [{ kind: 'relative-pose', poses } as const]),
    { kind: 'reference', change: { from: 'absolute', to: 'relative-to-chunk-start', stateIndex, period: null } },
  ];
}

const orAxisAngle = <T extends string>(format: T): Exclude<T, 'none'> | 'axis-angle' =>
  format === 'none' ? 'axis-angle' : (format as Exclude<T, 'none'>);

/** Xiaomi-Robotics-0's part in making a policy. */
export const xiaomiPolicy: PublishedPolicy = {
  choices: ['robotType'],
  settings: { eulerSteps: 5, noiseScale: 1 },
  design({ config, embodiment, cameras, statistics, read, choices }) {
    const { vision, expert } = config as XiaomiConfig;
    const { where } = statistics;
    const file = readPublishedConfig(processor, statistics.json, where);
    const types = Object.keys(file.action_config);
    const { robotType } = choices;
    if (robotType === undefined) {
      throw new VlaError('bad-argument', `--robot-type: expected one of ${types.join(', ')}, got none.`, {
        hint: `${where} has statistics of these robots: choose the one that yours is like.`,
      });
    }
    const found = lookUp(`--robot-type: statistics in ${where}`, robotType, file.action_config);
    const { json, where: configFile } = read('config.json');
    const horizon = readPublishedConfig(chunk, json, configFile).action_length;
    const { slots, mean, std } = statisticsOf(found, expert.actionDim, horizon, `${where}: ${robotType}`);
    const dim = embodiment.action.names.length;
    if (slots.length !== dim) {
      throw new VlaError(
        'mismatch',
        `${where}: ${robotType}: expected statistics of ${dim} moving places (actions of ${embodiment.name}), got ` +
          `${slots.length} (places ${slots.join(', ')}).`,
        { hint: `They are of another robot. Robot types: ${types.join(', ')}.` },
      );
    }
    const order = EGO.test(robotType) ? ['ego', 'left_wrist', 'right_wrist'] : ['base', 'left_wrist', 'right_wrist'];
    const labels = viewLabels(cameras, VIEWS, order);
    const images = xr0Images(ZOOMED.test(robotType), limitsOf(file, vision.patch * vision.merge));
    return {
      cameras: cameras.map((camera, i) => publishedCamera(camera, images, vision, labels[i]!)),
      prompt: xiaomiPrompt,
      steps: {
        state: [{ kind: 'pad', size: expert.stateDim, slots: null }],
        action: [
          ...relativeSteps(embodiment, slots),
          { kind: 'normalise', normalisation: { kind: 'mean-std-by-step', epsilon: 1e-6, mean, std } },
          { kind: 'pad', size: expert.actionDim, slots },
        ],
      },
      horizon,
    };
  },
};
