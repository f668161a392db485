/** @file Two 7-joint arms side by side: each the arm of the tabletop, both told in one action. */

import type { Random } from '../../../base/random.ts';
import type { Vector3 } from '../../../base/rotation.ts';
import type { Embodiment } from '../../../interfaces/embodiment.ts';
import type { Sim } from '../../mujoco/sim.ts';
import { armActuators, armBodies, armExclusions, HAND_GEOMS } from '../arm.ts';
import { tabletopEmbodiment } from '../embodiment.ts';
import type { Aim, Hand, HandPose, RobotModel, RobotState, TableRobot } from '../robot-model.ts';
import { Robot, SUBSTEPS } from '../robot.ts';

/** What the two hands do. */
export interface Aims {
  readonly left: Aim;
  readonly right: Aim;
}

const SIDES = ['left', 'right'] as const;
/** Numbers of one arm's action, state and snapshot. */
const ACTIONS = 7;
/** From the middle to each base, metres; the left one at positive y. */
const SHOULDER = 0.3;

/** Both arms in a simulation; their names begin with `left_` and `right_`. */
export class TwoArms implements TableRobot<Aims> {
  readonly left: Robot;
  readonly right: Robot;
  private readonly sim: Sim;

  constructor(sim: Sim) {
    this.sim = sim;
    this.left = new Robot(sim, 'left_');
    this.right = new Robot(sim, 'right_');
  }

  place([left, right]: readonly HandPose[]): void {
    this.left.place([left!]);
    this.right.place([right!]);
  }

  /** One control period (50 ms): the left arm's seven numbers, then the right one's; see `Robot.step`. */
  step(action: ArrayLike<number>): void {
    const { sim, left, right } = this;
    left.accept(action, 0);
    right.accept(action, ACTIONS);
    for (let substep = 0; substep < SUBSTEPS; substep++) {
      left.drive();
      right.drive();
      sim.actAndIntegrate();
      sim.computePose();
    }
    sim.check();
  }

  state(): Float32Array {
    return Float32Array.of(...this.left.state(), ...this.right.state());
  }

  handAt([x, y, z]: Vector3): Hand {
    const away = (hand: Hand): number => {
      const at = hand.position();
      return Math.hypot(at[0] - x, at[1] - y, at[2] - z);
    };
    return away(this.left) <= away(this.right) ? this.left : this.right;
  }

  towards({ left, right }: Aims): Float32Array {
    return Float32Array.of(...this.left.towards(left), ...this.right.towards(right));
  }

  save(): RobotState {
    return { values: Float64Array.of(...this.left.save().values, ...this.right.save().values) };
  }

  restore({ values }: RobotState): void {
    this.left.restore({ values: values.slice(0, values.length / 2) });
    this.right.restore({ values: values.slice(values.length / 2) });
  }
}

/** Between the arms, looking ahead and down. */
const EGO_CAMERA = '<camera name="ego" pos="-.1 0 .95" xyaxes="0 -1 0 .837 0 .547" fovy="40"/>';

/** The single arm's conventions twice, and three cameras. */
export function twoArmsEmbodiment(imageSize: number): Embodiment {
  const { state, action, holdAction, controlHz } = tabletopEmbodiment(imageSize);
  const both = (names: readonly string[]): string[] => SIDES.flatMap((side) => names.map((name) => `${side}_${name}`));
  const camera = (name: string, label: string) => ({ name, width: imageSize, height: imageSize, label });
  return {
    name: 'vlakit-two-arms',
    cameras: [camera('ego', 'ego'), camera('left_wrist', 'cam_left_wrist'), camera('right_wrist', 'cam_right_wrist')],
    state: { names: both(state.names), convention: state.convention },
    action: {
      names: both(action.names),
      convention: action.convention,
      low: [...action.low!, ...action.low!],
      high: [...action.high!, ...action.high!],
    },
    controlHz,
    holdAction: [...holdAction!, ...holdAction!],
    body: { tag: 'vlakit two arms', arms: 2, waist: false, mobileBase: false },
  };
}

function drawHand(random: Random, side: 1 | -1): HandPose {
  return {
    position: [random.range(0.44, 0.52), side * random.range(0.15, 0.28), random.range(0.13, 0.18)],
    yaw: random.range(-0.3, 0.3),
  };
}

/** The two arms as a robot of the tabletop. */
export const twoArms: RobotModel<TwoArms> = {
  embodiment: twoArmsEmbodiment,
  cameras: [
    { name: 'ego', mount: 'stand' },
    { name: 'left_wrist', mount: 'hand' },
    { name: 'right_wrist', mount: 'hand' },
  ],
  clutter: [
    { x: [0.3, 0.36], y: [-0.2, 0.2] },
    { x: [0.74, 0.82], y: [-0.25, 0.25] },
  ],
  bodies: `${EGO_CAMERA}${armBodies('left_', `0 ${SHOULDER} 0`)}${armBodies('right_', `0 ${-SHOULDER} 0`)}`,
  actuators: SIDES.map((side) => armActuators(`${side}_`)).join(''),
  exclusions: SIDES.map((side) => armExclusions(`${side}_`)).join(''),
  handGeoms: SIDES.flatMap((side) => HAND_GEOMS.map((name) => `${side}_${name}`)),
  create: (sim) => new TwoArms(sim),
  start: (random) => [drawHand(random, 1), drawHand(random, -1)],
};
