/** @file From what a human holds down to an action: hands that are told steps, and joints that are told where to be. */

import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { HumanInput } from './human-input.ts';

/** Turns input into actions for one robot. */
export interface Controls {
  /** What the keys do, for people. */
  readonly help: readonly string[];
  /** A new episode begins where `state` says. */
  begin(state: Float32Array): void;
  /** The action wanted now; null: nothing is wanted, the robot may hold. */
  action(input: HumanInput, now: number): Float32Array | null;
}

/** How fast a human drives. */
export interface ControlSettings {
  /** 0 to 1 of the largest step of a hand. */
  readonly speed: number;
  /** Of joints: the part of their whole range per second. */
  readonly jointSpeed?: number;
}

/** A number of an action that keys and sticks drive. */
interface Drive {
  readonly name: string;
  /** Keys that lower and raise it. */
  readonly keys: readonly [down: string, up: string];
  /** The stick that drives it, and its sign. */
  readonly axis?: readonly [index: number, sign: number];
  /** Buttons that lower and raise it. */
  readonly buttons?: readonly [down: number, up: number];
  readonly words: readonly [down: string, up: string];
}

/** A hand in the base frame: x forward, y to the left, z up. */
const HAND: readonly Drive[] = [
  { name: 'dx', keys: ['s', 'w'], axis: [1, -1], words: ['back', 'forward'] },
  { name: 'dy', keys: ['d', 'a'], axis: [0, -1], words: ['right', 'left'] },
  { name: 'dz', keys: ['f', 'r'], axis: [3, -1], words: ['down', 'up'] },
  { name: 'rx', keys: ['l', 'j'], buttons: [15, 14], words: ['roll right', 'roll left'] },
  { name: 'ry', keys: ['i', 'k'], buttons: [12, 13], words: ['pitch up', 'pitch down'] },
  { name: 'rz', keys: ['e', 'q'], axis: [2, -1], words: ['turn right', 'turn left'] },
];
/** For joints, from the base to the hand: keys below each other. */
const JOINT_KEYS = ['q1', 'w2', 'e3', 'r4', 't5', 'y6', 'u7', 'i8'];
/** A stick that is let go is not quite at 0. */
const DEAD_ZONE = 0.12;
const JOINT_SPEED = 0.25;

/** The controls of a robot; throws `unsupported` for one whose action has other numbers than these know. */
export function controlsFor(embodiment: Embodiment, settings: ControlSettings): Controls {
  const { action } = embodiment;
  const { reference, frame } = action.convention;
  const hand = [...HAND.map(({ name }) => name), 'gripper'].join();
  if (reference === 'delta' && action.names.join() === hand) return handControls(settings);
  if (reference === 'absolute' && frame === 'joint' && action.names.join() === embodiment.state.names.join()) {
    return jointControls(embodiment, settings);
  }
  throw new VlaError('unsupported', `teleoperate: expected a hand told steps, or joints, got ${embodiment.name}.`, {
    hint: 'The worlds tabletop and six-joint can be driven.',
  });
}

/** Nothing is wanted before the first key; from then on, steps of 0 with the gripper as it is, so that recordings never waver. */
function handControls({ speed }: ControlSettings): Controls {
  let [gripper, begun] = [-1, false];
  return {
    help: [
      ...HAND.map(({ keys, words }) => `${keys[1]} ${words[1]}, ${keys[0]} ${words[0]}`),
      'space opens and closes the gripper',
    ],
    begin: () => void ([gripper, begun] = [-1, false]),
    action(input, now) {
      const toggled = input.takeToggles() % 2 === 1;
      if (toggled) gripper = -gripper;
      const steps = HAND.map((drive) => speed * driven(drive, input, now));
      begun ||= toggled || steps.some((step) => step !== 0);
      return begun ? Float32Array.of(...steps, gripper) : null;
    },
  };
}

function jointControls({ action, controlHz }: Embodiment, { jointSpeed = JOINT_SPEED }: ControlSettings): Controls {
  const { low, high, names } = action;
  if (low === undefined || high === undefined || names.length > JOINT_KEYS.length) {
    throw new VlaError('unsupported', `teleoperate: expected at most ${JOINT_KEYS.length} joints with limits.`);
  }
  const step = names.map((_, i) => ((high[i]! - low[i]!) * jointSpeed) / controlHz);
  const drives = names.map((name, i): Drive => {
    const [down, up] = [JOINT_KEYS[i]![0]!, JOINT_KEYS[i]![1]!];
    return { name, keys: [down, up], words: ['less', 'more'] };
  });
  const sticks = HAND.flatMap(({ axis }) => (axis === undefined ? [] : [axis]));
  let targets: number[] = [];
  return {
    help: drives.map(({ name, keys }) => `${keys[1]} raises ${name}, ${keys[0]} lowers it`),
    begin: (state) => void (targets = [...state]),
    action(input, now) {
      input.takeToggles();
      const moves = drives.map((drive, i) =>
        driven(sticks[i] === undefined ? drive : { ...drive, axis: sticks[i] }, input, now),
      );
      if (moves.every((move) => move === 0)) return null;
      targets = targets.map((at, i) => Math.min(high[i]!, Math.max(low[i]!, at + step[i]! * moves[i]!)));
      return Float32Array.from(targets);
    },
  };
}

/** −1 to 1. */
function driven({ keys, axis, buttons }: Drive, input: HumanInput, now: number): number {
  const held = input.keys(now);
  const key = Number(held.has(keys[1])) - Number(held.has(keys[0]));
  const button =
    buttons === undefined ? 0 : Number(input.button(buttons[1], now)) - Number(input.button(buttons[0], now));
  const stick = axis === undefined ? 0 : input.axis(axis[0], now) * axis[1];
  const beyond = Math.max(0, Math.abs(stick) - DEAD_ZONE) / (1 - DEAD_ZONE);
  return Math.min(1, Math.max(-1, key + button + Math.sign(stick) * beyond));
}
