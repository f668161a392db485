/** @file Made-up human hands as a LeRobot dataset: wrists and eigengrasps as state and action, one camera, the subtask in words. */

import { Random } from '../../base/random.ts';
import { quaternionToShortestAxisAngle } from '../../base/rotation.ts';
import { EIGENGRASPS, fitEigengrasps, mirrorJoints, type Eigengrasps } from '../../codec/human-hands/eigengrasps.ts';
import { graspWeights } from '../../codec/human-hands/hand-actions.ts';
import type { EpisodeFrames } from '../../data/lerobot/prepare.ts';
import type { WriterOptions } from '../../data/lerobot/writer.ts';
import type { Annotation } from '../../interfaces/annotation.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Feature } from '../../interfaces/episode.ts';
import { drawHandEpisode, HAND_HZ, HAND_SUBTASKS } from '../../simulation/human-hands/episode.ts';
import type { HandEpisode, HandFrame, HandSubtask } from '../../simulation/human-hands/episode.ts';
import type { Side } from '../../simulation/human-hands/skeleton.ts';
import { EGO_CAMERA, HandsView } from '../../simulation/human-hands/view.ts';
import { writeGenerated } from './generated-dataset.ts';

/** What to make, and where. */
export interface HumanHandsOptions {
  readonly episodes: number;
  readonly seed: number;
  /** Side of the camera's square image, pixels. */
  readonly imageSize: number;
  readonly root: string;
  readonly existing: WriterOptions['existing'];
  /** The exact command, for info.json. */
  readonly command: string;
  readonly signal: AbortSignal;
}

const SIDES: readonly Side[] = ['left', 'right'];
const WRIST = ['x', 'y', 'z', 'axis_angle_x', 'axis_angle_y', 'axis_angle_z'];
/** Streams of an episode's seed: what happens, and how it looks. */
const [EVENTS, LOOK] = [0, 1];
/** All datasets share the eigengrasps of these episodes, whatever their own seed: a weight means the same in each. */
const FITTED = { seed: 0x68616e64, episodes: 60, everyFrame: 4 } as const;

/** Two hands as policies see them: absolute wrist poses (metres, axis-angle) and eigengrasp weights; the action is the next frame's. */
export function humanHandsEmbodiment(imageSize: number): Embodiment {
  const grasps = Array.from({ length: EIGENGRASPS }, (_, i) => `eigengrasp_${i}`);
  const names = SIDES.flatMap((side) => [...WRIST, ...grasps].map((name) => `${side}_${name}`));
  const convention = {
    rotation: 'axis-angle',
    frame: 'world',
    gripper: 'none',
    reference: 'absolute',
    unit: 'si',
  } as const;
  return {
    name: 'vlakit-human-hands',
    cameras: [{ name: EGO_CAMERA, width: imageSize, height: imageSize, label: 'ego' }],
    state: { names, convention },
    action: { names, convention },
    controlHz: HAND_HZ,
    holdAction: null,
    body: { tag: 'human hands', arms: 2, waist: false, mobileBase: false },
  };
}

/** Makes the episodes that are missing and finishes the dataset. */
export function generateHumanHands(
  options: HumanHandsOptions,
): Promise<{ readonly episodes: number; readonly frames: number }> {
  const { episodes, seed, imageSize, root, existing, command, signal } = options;
  const embodiment = humanHandsEmbodiment(imageSize);
  const eigengrasps = sharedEigengrasps();
  return writeGenerated({
    label: 'human-hands',
    episodes,
    writer: {
      root,
      fps: HAND_HZ,
      robotType: embodiment.name,
      features: features(embodiment),
      existing,
      settings: { seed, imageSize },
      extra: {
        vlakit: {
          subtasks: HAND_SUBTASKS,
          embodiment,
          eigengrasps,
          humanHands: { seed, episodes, imageSize },
          command,
        },
      },
    },
    make: (episode) => handEpisodeFrames(seed, episode, imageSize, eigengrasps),
    signal,
  });
}

/** The eigengrasps of all generated datasets. */
export function sharedEigengrasps(): Eigengrasps {
  const poses: number[] = [];
  for (let episode = 0; episode < FITTED.episodes; episode++) {
    const { frames } = drawHandEpisode(new Random(FITTED.seed, episode, EVENTS));
    for (let i = 0; i < frames.length; i += FITTED.everyFrame) {
      const { left, right } = frames[i]!.hands;
      poses.push(...mirrorJoints(left.joints), ...right.joints);
    }
  }
  return fitEigengrasps(poses);
}

function features({ cameras, state, action }: Embodiment): Record<string, Feature> {
  const float = (names: readonly string[]): Feature => ({ dtype: 'float32', shape: [names.length], names });
  const [{ name, width, height }] = cameras as [Embodiment['cameras'][number]];
  return {
    [`observation.images.${name}`]: {
      dtype: 'image',
      shape: [height, width, 3],
      names: ['height', 'width', 'channels'],
    },
    'observation.state': float(state.names),
    action: float(action.names),
    [`supervision.target_box.${name}`]: float(['x0', 'y0', 'x1', 'y1']),
    'supervision.subtask': { dtype: 'int64', shape: [1], names: ['subtask'] },
  };
}

function handEpisodeFrames(seed: number, index: number, imageSize: number, grasps: Eigengrasps): EpisodeFrames {
  const episode = drawHandEpisode(new Random(seed, index, EVENTS));
  const view = new HandsView(imageSize, episode, new Random(seed, index, LOOK));
  const rows = episode.frames.map((frame) => handNumbers(frame, grasps));
  const seen = episode.frames.map((frame) => ({ image: view.render(frame), box: view.box(episode.target) }));
  const rgb = new Uint8Array(seen.length * imageSize * imageSize * 3);
  for (const [i, { image }] of seen.entries()) rgb.set(image.data, i * image.data.length);
  return {
    length: rows.length,
    task: episode.instruction,
    columns: {
      'observation.state': rows.flat(),
      // What the hands did next; at the end they stay.
      action: rows.flatMap((_, i) => rows[Math.min(i + 1, rows.length - 1)]!),
      [`supervision.target_box.${EGO_CAMERA}`]: seen.flatMap(({ box }) => box ?? [0, 0, 0, 0]),
      'supervision.subtask': episode.frames.map(({ subtask }) => HAND_SUBTASKS.indexOf(subtask)),
    },
    images: { [`observation.images.${EGO_CAMERA}`]: { rgb } },
    annotations: episode.frames.map((_, i) => annotationOf(episode, i, seen[i]!.box)),
  };
}

/** Both hands of a frame: wrist position, axis times angle, eigengrasp weights. */
export function handNumbers({ hands }: HandFrame, grasps: Eigengrasps): number[] {
  return SIDES.flatMap((side) => {
    const { position, rotation, joints } = hands[side];
    return [...position, ...quaternionToShortestAxisAngle(rotation), ...graspWeights(grasps, side, joints)];
  });
}

/** Words for a subtask; `goal` is the pad. */
const WORDS: Readonly<Record<HandSubtask, (object: string, goal: string) => string>> = {
  reach: (object) => `reach for the ${object}`,
  grasp: (object) => `close the hand on the ${object}`,
  lift: (object) => `lift the ${object}`,
  carry: (object, goal) => `carry the ${object} to the ${goal}`,
  release: (object, goal) => `let go of the ${object} on the ${goal}`,
  withdraw: () => 'take the hand back',
};

function annotationOf(
  { things, pads, target, goal, frames }: HandEpisode,
  frame: number,
  box: readonly [number, number, number, number] | null,
): Annotation {
  const object = `${things[target]!.colour} ${things[target]!.shape}`;
  const place = goal === null ? '' : `${pads[goal]!.colour} pad`;
  const steps = [...new Set(frames.map(({ subtask }) => subtask))];
  const present = steps.indexOf(frames[frame]!.subtask);
  const words = steps.map((subtask) => WORDS[subtask](object, place));
  return {
    subtask: words[present]!,
    finished: words.slice(0, present),
    todo: words.slice(present),
    progress: frame / frames.length,
    targets: [{ name: object, boxes: box === null ? {} : { [EGO_CAMERA]: box } }],
  };
}
