/** @file One demonstration: the scripted expert drives an environment, and every frame is kept with what it knew. */

import type { EpisodeFrames } from '../../data/lerobot/prepare.ts';
import type { Feature } from '../../interfaces/episode.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { EpisodeSpec, ExpertEnvironment, Outcome } from '../../interfaces/environment.ts';

const BOX = ['x0', 'y0', 'x1', 'y1'];
/** The end-effector trace: where the hand will be after so many control steps. */
const TRACE_STEPS = [4, 8, 12, 16];

/** The dataset's features for an embodiment, supervision included. */
export function recordingFeatures(embodiment: Embodiment): Record<string, Feature> {
  const float = (names: readonly string[]): Feature => ({ dtype: 'float32', shape: [names.length], names });
  const features: Record<string, Feature> = {};
  for (const { name, width, height } of embodiment.cameras) {
    const feature: Feature = { dtype: 'image', shape: [height, width, 3], names: ['height', 'width', 'channels'] };
    features[`observation.images.${name}`] = feature;
  }
  features['observation.state'] = float(embodiment.state.names);
  features['action'] = float(embodiment.action.names);
  features['supervision.target_position'] = float(['x', 'y', 'z']);
  features['supervision.target_heading'] = float(['cosine', 'sine']);
  features['supervision.has_heading'] = float(['has_heading']);
  features['supervision.goal_position'] = float(['x', 'y', 'z']);
  features['supervision.has_goal'] = float(['has_goal']);
  for (const { name } of embodiment.cameras) {
    features[`supervision.target_box.${name}`] = float(BOX);
    features[`supervision.goal_box.${name}`] = float(BOX);
  }
  features['supervision.hand_trace'] = float(
    TRACE_STEPS.flatMap((step) => ['x', 'y', 'z'].map((axis) => `${axis}+${step}`)),
  );
  features['supervision.subtask'] = { dtype: 'int64', shape: [1], names: ['subtask'] };
  return features;
}

/** How a demonstration ended; `frames` only when it succeeded. */
export interface Demonstration {
  readonly outcome: Outcome;
  readonly frames: EpisodeFrames | null;
}

/**
 * Lets the expert act until the episode ends. Executed is `disturbed` of the expert's action; recorded is the expert's
 * action, clipped to the embodiment's limits. `watch` is called at every frame, before its action.
 */
export async function demonstrate(
  environment: ExpertEnvironment,
  episode: EpisodeSpec,
  disturbed: (action: Float32Array) => Float32Array,
  watch: () => void = () => undefined,
): Promise<Demonstration> {
  const { embodiment, subtasks } = environment;
  await environment.reset(episode);
  const columns: Record<string, number[]> = {};
  const pixels: Record<string, Uint8Array[]> = {};
  const put = (name: string, values: ArrayLike<number>): void => {
    (columns[name] ??= []).push(...Array.from(values));
  };
  const path: (readonly number[])[] = [];
  let instruction = '';
  let length = 0;
  let outcome: Outcome = 'running';
  while (outcome === 'running') {
    const observation = await environment.observe();
    const action = clipped(environment.expert(), embodiment);
    const known = environment.privileged();
    instruction = observation.instruction;
    for (const { name } of embodiment.cameras) {
      (pixels[`observation.images.${name}`] ??= []).push(observation.images[name]!.data);
      put(`supervision.target_box.${name}`, known.targetBox[name] ?? [0, 0, 0, 0]);
      put(`supervision.goal_box.${name}`, known.goalBox[name] ?? [0, 0, 0, 0]);
    }
    path.push(known.handPosition);
    put('observation.state', observation.state);
    put('action', action);
    put('supervision.target_position', known.targetPosition);
    put('supervision.target_heading', known.targetHeading ?? [0, 0]);
    put('supervision.has_heading', [known.targetHeading === null ? 0 : 1]);
    put('supervision.goal_position', known.goalPosition ?? [0, 0, 0]);
    put('supervision.has_goal', [known.goalPosition === null ? 0 : 1]);
    put('supervision.subtask', [subtasks.indexOf(known.subtask)]);
    watch();
    length++;
    outcome = await environment.step(clipped(disturbed(action), embodiment));
  }
  if (outcome !== 'success') return { outcome, frames: null };
  columns['supervision.hand_trace'] = path.flatMap((_, i) => handTrace(path, i));
  const images = Object.fromEntries(Object.entries(pixels).map(([name, frames]) => [name, { rgb: joined(frames) }]));
  return { outcome, frames: { length, task: instruction, columns, images } };
}

/** From the hand's place at `now` to its places after `TRACE_STEPS`, metres; after the end it stays where it was. */
function handTrace(path: readonly (readonly number[])[], now: number): number[] {
  const from = path[now]!;
  return TRACE_STEPS.flatMap((steps) => path[Math.min(now + steps, path.length - 1)]!.map((to, k) => to - from[k]!));
}

function clipped(action: Float32Array, { action: { low, high } }: Embodiment): Float32Array {
  return action.map((value, i) => Math.min(high?.[i] ?? Infinity, Math.max(low?.[i] ?? -Infinity, value)));
}

function joined(frames: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    out.set(frame, at);
    at += frame.length;
  }
  return out;
}
