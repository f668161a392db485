/** @file What a dataset of demonstrations holds of each frame, whoever drives: what was seen and done, and what the simulator knows beside. */

import type { EpisodeFrames } from '../../data/lerobot/prepare.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { ExpertEnvironment, Privileged } from '../../interfaces/environment.ts';
import type { Feature } from '../../interfaces/episode.ts';
import type { Observation } from '../../interfaces/observation.ts';

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

/** Collects the frames of one demonstration. */
export class DemonstrationFrames {
  length = 0;
  private readonly environment: ExpertEnvironment;
  private readonly columns: Record<string, number[]> = {};
  private readonly pixels: Record<string, Uint8Array[]> = {};
  private readonly path: (readonly number[])[] = [];
  private instruction = '';

  constructor(environment: ExpertEnvironment) {
    this.environment = environment;
  }

  /** One frame: what is seen now, and the action that answers it; to be called before the environment steps. */
  add(observation: Observation, action: ArrayLike<number>): void {
    this.see(observation)(action);
  }

  /** The same where the action is known only once the environment has stepped: takes it then. */
  see(observation: Observation): (action: ArrayLike<number>) => void {
    const known = this.environment.privileged();
    return (action) => this.put(observation, known, action);
  }

  private put(observation: Observation, known: Privileged, action: ArrayLike<number>): void {
    const { embodiment, subtasks } = this.environment;
    const put = (name: string, values: ArrayLike<number>): void => {
      (this.columns[name] ??= []).push(...Array.from(values));
    };
    this.instruction = observation.instruction;
    for (const { name } of embodiment.cameras) {
      (this.pixels[`observation.images.${name}`] ??= []).push(observation.images[name]!.data);
      put(`supervision.target_box.${name}`, known.targetBox[name] ?? [0, 0, 0, 0]);
      put(`supervision.goal_box.${name}`, known.goalBox[name] ?? [0, 0, 0, 0]);
    }
    this.path.push(known.handPosition);
    put('observation.state', observation.state);
    put('action', action);
    put('supervision.target_position', known.targetPosition);
    put('supervision.target_heading', known.targetHeading ?? [0, 0]);
    put('supervision.has_heading', [known.targetHeading === null ? 0 : 1]);
    put('supervision.goal_position', known.goalPosition ?? [0, 0, 0]);
    put('supervision.has_goal', [known.goalPosition === null ? 0 : 1]);
    put('supervision.subtask', [subtasks.indexOf(known.subtask)]);
    this.length++;
  }

  /** The whole episode, at its end: only then is the future of each frame known. */
  finish(): EpisodeFrames {
    const { length, path, pixels, columns, instruction } = this;
    columns['supervision.hand_trace'] = path.flatMap((_, i) => handTrace(path, i));
    const images = Object.fromEntries(Object.entries(pixels).map(([name, frames]) => [name, { rgb: joined(frames) }]));
    return { length, task: instruction, columns, images };
  }
}

/** From the hand's place at `now` to its places after `TRACE_STEPS`, metres; after the end it stays where it was. */
function handTrace(path: readonly (readonly number[])[], now: number): number[] {
  const from = path[now]!;
  return TRACE_STEPS.flatMap((steps) => path[Math.min(now + steps, path.length - 1)]!.map((to, k) => to - from[k]!));
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
