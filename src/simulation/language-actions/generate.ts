/**
 * @file Language-action data: trajectories of arms with instructions, without pictures and without physics (papers/qwen-vla, section
 * 3.2.3). Draw a task, plan it, keep it when every motion is free and within the limits. Runs anywhere, browsers included.
 *
 * Differs from the paper: our own planner on a processor instead of cuRobo on graphics cards; the instruction says every place and size, so
 * that the text alone determines the motion. Not stated in the paper: the wording, the scenes, the speeds.
 */

import { VlaError, lookUp } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import { makePlan, type Plan } from './plan.ts';
import { ArmPlanner, type HandPose } from './planner.ts';
import type { RobotArm } from './robot.ts';
import { ROBOTS } from './robots.ts';
import { samplePlan, type Samples } from './trajectory.ts';
import type { Draft, Template } from './template.ts';
import { TEMPLATES } from './templates.ts';

/** The paper's rate, hertz. */
export const TRAJECTORY_HZ = 50;

/** One trajectory: what is said and what is done. */
export interface LanguageTrajectory extends Draft {
  readonly robot: RobotArm;
  readonly template: string;
  readonly plan: Plan;
  /** Drafts that could not be planned before this one. */
  readonly rejected: number;
  /** The same motion at a rate, hertz; default 50. */
  sample(rate?: number): Samples;
}

/** Makes trajectories of one arm. */
export interface TrajectoryGenerator {
  readonly robot: RobotArm;
  /** The trajectory of this template (a name) and seed: always the same. */
  generate(template: string, seed: number, episode: number): LanguageTrajectory;
}

/** Drafts per trajectory before the generator gives up. */
const MOST_DRAFTS = 200;

/** Opens the generator of an arm, by its name. */
export function createTrajectoryGenerator(robotName: string): TrajectoryGenerator {
  const robot = lookUp('robot', robotName, ROBOTS);
  const planner = new ArmPlanner(robot);
  return {
    robot,
    generate(name, seed, episode) {
      const template = lookUp('template', name, TEMPLATES);
      for (let attempt = 0; attempt < MOST_DRAFTS; attempt++) {
        const found = draft(
          planner,
          template,
          new Random(seed, nameNumber(robot.name), nameNumber(name), episode, attempt),
        );
        if (found === null) continue;
        const sample = (rate = TRAJECTORY_HZ): Samples => samplePlan(found.plan, planner.kinematics, checkRate(rate));
        return { ...found, robot, template: name, rejected: attempt, sample };
      }
      throw new VlaError(
        'unsupported',
        `${name} on ${robot.name}: expected a plan within ${MOST_DRAFTS} drafts, got none.`,
        {
          hint: 'Another seed draws other scenes.',
        },
      );
    },
  };
}

/** A number of a name, so that robots and templates draw from streams of their own whatever their order. */
function nameNumber(name: string): number {
  let number = 0;
  for (let i = 0; i < name.length; i++) number = (number * 31 + name.charCodeAt(i)) % 0x7fffffff;
  return number;
}

function draft(planner: ArmPlanner, template: Template, random: Random): (Draft & { readonly plan: Plan }) | null {
  const task = template.draw(planner.robot, random);
  if (task === null) return null;
  const pose = startPose(planner.robot, random);
  const home = Float64Array.from(planner.robot.home);
  const start = planner.reach(home, pose, pose);
  if (start === null) return null;
  for (const motions of task.programs) {
    const plan = makePlan(planner, task.objects, motions, start, pose, task.pace.factor, random);
    if (plan !== null) return { ...task, plan };
  }
  return null;
}

/** The hand somewhere over the table, pointing down. The state tells where; the text need not. */
function startPose({ reach: { near, far, side } }: RobotArm, random: Random): HandPose {
  const x = (near + far) / 2 + random.range(-0.3, 0.1) * (far - near);
  const position = [x, random.range(-0.4, 0.4) * side, random.range(0.25, 0.4)] as const;
  return { position, yaw: random.range(-0.3, 0.3) };
}

function checkRate(rate: number): number {
  if (rate > 0 && Number.isFinite(rate)) return rate;
  throw new VlaError('bad-argument', `trajectory: expected a positive rate in hertz, got ${rate}.`, {
    hint: `The paper samples at ${TRAJECTORY_HZ}.`,
  });
}
