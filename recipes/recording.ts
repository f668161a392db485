/** @file What to record of scripted demonstrations in a built-in world, as plain data. */

/** A recording of scripted demonstrations. */
export interface RecordConfig {
  /** The built-in world (src/simulation/worlds.ts); default: the tabletop. */
  readonly world?: string;
  readonly episodes: number;
  /** Episode i is of task i modulo their number. */
  readonly tasks: readonly string[];
  readonly seed: number;
  /** Width and height of all cameras, pixels. */
  readonly imageSize: number;
  readonly noise: ActionNoise;
  /** How often an episode is tried again, with another seed, when the expert fails. */
  readonly attempts: number;
  /** Whether meta/annotations tells what happens in words; default no. */
  readonly annotations?: boolean;
}

/**
 * Noise on the executed action, so that the dataset shows how to recover; the clean action is what is recorded. First-
 * order autoregressive: n ← correlation · n + sqrt(1 − correlation²) · sigma · N(0, 1), per dimension.
 */
export interface ActionNoise {
  /** The share of episodes without noise. */
  readonly cleanShare: number;
  /** The other episodes draw their sigma uniformly from this range; in units of the action. */
  readonly sigma: readonly [low: number, high: number];
  readonly correlation: number;
  /** Factor of sigma per action dimension; 0 leaves a dimension (the gripper) clean. */
  readonly scale: readonly number[];
  /**
   * The gripper slips: its command is executed the other way round for a while, so that the dataset shows how to recover. Null where
   * there is no gripper, or one whose command has no opposite.
   */
  readonly slips: GripperSlips | null;
}

/** When the gripper does the opposite of what it is told, in the episodes with noise. */
export interface GripperSlips {
  /** The action's dimension. */
  readonly dimension: number;
  /** The probability, per control step, that a slip begins. */
  readonly rate: number;
  /** How long it lasts, control steps. */
  readonly steps: readonly [shortest: number, longest: number];
}
