/** @file A robot as a policy sees it: cameras, state and action layout, rate, and the action that holds still. */

import type { Convention } from './convention.ts';

/** One camera of a robot. */
export interface CameraSpec {
  readonly name: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** What prompts call the view, for example `ego` or `cam_left_wrist`; without one, its name. */
  readonly label?: string;
}

/** The layout of a state or action vector. */
export interface VectorSpec {
  /** One name per dimension. */
  readonly names: readonly string[];
  readonly convention: Convention;
  /** Inclusive limits per dimension, when there are any. */
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}

/** What a robot is, in the words of prompts that describe it to a policy. */
export interface BodyDescription {
  /** What people call the robot, for example `Franka Panda`. */
  readonly tag: string;
  /** 0: it moves itself only. */
  readonly arms: 0 | 1 | 2;
  readonly waist: boolean;
  readonly mobileBase: boolean;
}

/** A robot body. Values are compared with what a policy was made for before anything moves. */
export interface Embodiment {
  readonly name: string;
  readonly cameras: readonly CameraSpec[];
  readonly state: VectorSpec;
  readonly action: VectorSpec;
  /** Control rate in hertz. */
  readonly controlHz: number;
  /** The action that keeps the robot still, or null when there is none; a real-time run refuses null by name. */
  readonly holdAction: readonly number[] | null;
  /** For prompts that speak of the body; such a prompt refuses an embodiment without it. */
  readonly body?: BodyDescription;
}
