/** @file Two robots of tests: joints that are told where to be, with a chain to their tip, and a hand on a base that is told its steps. */

import type { Embodiment } from '../../src/interfaces/embodiment.ts';
import type { MotionLimits } from '../../src/interfaces/motion-limits.ts';

/** A robot and its limits. */
export interface LimitedRobot {
  readonly embodiment: Embodiment;
  readonly limits: MotionLimits;
}

const cameras = [{ name: 'front', width: 4, height: 4 }];

/** Three joints and a gripper at 50 Hz. The arm of 0.4 + 0.3 m lies in a plane that the first joint turns. */
export const joints: LimitedRobot = {
  embodiment: {
    name: 'joints',
    cameras,
    state: {
      names: ['pan', 'lift', 'elbow', 'grip'],
      convention: {
        rotation: 'none',
        frame: 'joint',
        gripper: 'close-zero-open-one',
        reference: 'absolute',
        unit: 'si',
      },
    },
    action: {
      names: ['pan', 'lift', 'elbow', 'grip'],
      convention: {
        rotation: 'none',
        frame: 'joint',
        gripper: 'close-zero-open-one',
        reference: 'absolute',
        unit: 'si',
      },
      low: [-3, -1.5, -2.5, 0],
      high: [3, 1.5, 2.5, 1],
    },
    controlHz: 50,
    holdAction: null,
  },
  limits: {
    embodiment: 'joints',
    axes: [
      {
        name: 'pan',
        kind: 'motion',
        scale: 1,
        position: [-3, 3],
        state: 'pan',
        velocity: 2,
        acceleration: 6,
        jerk: 60,
      },
      {
        name: 'lift',
        kind: 'motion',
        scale: 1,
        position: [-1.5, 1.5],
        state: 'lift',
        velocity: 2,
        acceleration: 8,
        jerk: 120,
      },
      {
        name: 'elbow',
        kind: 'motion',
        scale: 1,
        position: [-2.5, 2.5],
        state: 'elbow',
        velocity: 3,
        acceleration: 12,
        jerk: 300,
      },
      { name: 'grip', kind: 'gripper', position: [0, 1], velocity: null },
    ],
    workspaces: [
      {
        kind: 'chain',
        name: 'tip',
        low: [-0.65, -0.65, -0.1],
        high: [0.65, 0.65, 0.6],
        links: [
          { action: 'pan', joint: 'revolute', position: [0, 0, 0.2], rotation: [0, 0, 0], axis: [0, 0, 1] },
          { action: 'lift', joint: 'revolute', position: [0, 0, 0], rotation: [0, 0, 0], axis: [0, -1, 0] },
          { action: 'elbow', joint: 'revolute', position: [0.4, 0, 0], rotation: [0, 0, 0], axis: [0, -1, 0] },
          { action: null, joint: 'revolute', position: [0.3, 0, 0], rotation: [0, 0, 0], axis: [1, 0, 0] },
        ],
      },
    ],
    hold: 'last-target',
    derived: [],
  },
};

/** A base that is told its steps and a lift on it that is told normalised ones, with a gripper, at 20 Hz. */
export const steps: LimitedRobot = {
  embodiment: {
    name: 'steps',
    cameras,
    state: {
      names: ['x', 'y', 'cosine', 'sine', 'height'],
      convention: { rotation: 'none', frame: 'world', gripper: 'none', reference: 'absolute', unit: 'si' },
    },
    action: {
      names: ['ahead', 'aside', 'around', 'lift', 'grip'],
      convention: {
        rotation: 'none',
        frame: 'base',
        gripper: 'close-positive',
        reference: 'delta',
        unit: 'normalised',
      },
      low: [-1, -1, -1, -1, -1],
      high: [1, 1, 1, 1, 1],
    },
    controlHz: 20,
    holdAction: [0, 0, 0, 0, 0],
  },
  limits: {
    embodiment: 'steps',
    axes: [
      {
        name: 'ahead',
        kind: 'motion',
        scale: 0.05,
        position: null,
        state: null,
        velocity: 0.8,
        acceleration: 2,
        jerk: 30,
      },
      {
        name: 'aside',
        kind: 'motion',
        scale: 0.05,
        position: null,
        state: null,
        velocity: 0.5,
        acceleration: 2,
        jerk: 30,
      },
      {
        name: 'around',
        kind: 'motion',
        scale: 0.1,
        position: null,
        state: null,
        velocity: 1.5,
        acceleration: 4,
        jerk: 60,
      },
      {
        name: 'lift',
        kind: 'motion',
        scale: 0.02,
        position: [0.1, 0.9],
        state: 'height',
        velocity: 0.3,
        acceleration: 1,
        jerk: 10,
      },
      { name: 'grip', kind: 'gripper', position: [-1, 1], velocity: null },
    ],
    workspaces: [
      {
        kind: 'planar',
        name: 'floor',
        low: [-1, -0.8],
        high: [1.2, 0.8],
        action: ['ahead', 'aside', 'around'],
        state: ['x', 'y', 'cosine', 'sine'],
      },
    ],
    hold: 'hold-action',
    derived: [],
  },
};

/** Where the axes of each begin, limits' units: in the middle, away from every limit. */
export const STARTS: Readonly<Record<string, readonly number[]>> = {
  joints: [0, 0.5, -1, 1],
  steps: [0, 0, 0, 0.5, 0],
};
