/** @file Which ROS topics a robot's numbers come from and go to: a JSON file, checked against the embodiment before anything is opened. */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import { TWIST_PARTS } from './messages.ts';

const topic = z.string().regex(/^\/[\w/]*\w$/, 'expected a topic such as /joint_states');
const name = z.string().min(1);
/** What the messages' numbers are multiplied by (state), or the action's (action). */
const factor = z
  .number()
  .refine((value) => value !== 0, 'expected a number other than 0')
  .default(1);

const stateSource = z.discriminatedUnion('type', [
  z.strictObject({
    topic,
    type: z.literal('sensor_msgs/msg/JointState'),
    field: z.enum(['position', 'velocity', 'effort']),
    /** The state's name → the joint's name in ROS. */
    values: z.record(name, name),
    factor,
  }),
  z.strictObject({ topic, type: z.literal('std_msgs/msg/Float64MultiArray'), values: z.array(name).min(1), factor }),
]);

const camera = z.strictObject({
  topic,
  type: z.enum(['sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage']),
});

const actionTarget = z.discriminatedUnion('type', [
  z.strictObject({
    topic,
    type: z.literal('trajectory_msgs/msg/JointTrajectory'),
    /** The action's name → the joint's name in ROS. */
    values: z.record(name, name),
    /** When the controller is to be there. */
    seconds: z.number().positive().max(10),
    factor,
    /** How it stands still: where it was measured last. */
    stop: z.literal('measured'),
  }),
  z.strictObject({
    topic,
    type: z.literal('std_msgs/msg/Float64MultiArray'),
    values: z.array(name).min(1),
    factor,
    /** `zero` for velocities and efforts. */
    stop: z.enum(['measured', 'zero']),
  }),
  z.strictObject({
    topic,
    type: z.literal('geometry_msgs/msg/Twist'),
    /** The action's name → the part of the twist. */
    values: z.record(name, z.enum(TWIST_PARTS)),
    factor,
    stop: z.literal('zero'),
  }),
]);

const schema = z.strictObject({
  state: z.array(stateSource).min(1),
  cameras: z.record(name, camera).default({}),
  action: z.array(actionTarget).min(1),
});

/** The mapping of a robot. */
export type RosMapping = z.output<typeof schema>;
/** Where numbers of the state come from. */
export type StateSource = RosMapping['state'][number];
/** Where numbers of the action go. */
export type ActionTarget = RosMapping['action'][number];

/** The names that a source or target has a part of the vector for, in the order of its messages. */
export function mappedNames({ values }: Pick<StateSource | ActionTarget, 'values'>): string[] {
  return Array.isArray(values) ? values : Object.keys(values);
}

/** Reads a mapping for an embodiment; throws `bad-data` naming the field, or `mismatch` naming what is missing, twice there or unknown. */
export function parseMapping(value: unknown, embodiment: Embodiment, where: string): RosMapping {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new VlaError('bad-data', `${where}: ${path.join('.') || 'file'}: ${message}.`, {
      hint: 'docs/guides/robots.md shows a mapping.',
    });
  }
  const { state, cameras, action } = parsed.data;
  const problems = [
    ...coverage('state', embodiment.state.names, state.flatMap(mappedNames)),
    ...coverage('action', embodiment.action.names, action.flatMap(mappedNames)),
    ...coverage(
      'cameras',
      embodiment.cameras.map((one) => one.name),
      Object.keys(cameras),
    ),
    ...action.flatMap((target) => (target.stop === 'zero' ? [] : unseen(target, embodiment.state.names))),
    ...repeated([...state, ...Object.values(cameras)].map((one) => one.topic)),
  ];
  if (problems.length === 0) return parsed.data;
  throw new VlaError('mismatch', `${where}: ${problems.join('; ')}.`, {
    hint: `Every number and camera of ${embodiment.name} needs exactly one place.`,
  });
}

function coverage(what: string, wanted: readonly string[], got: readonly string[]): string[] {
  const missing = wanted.filter((one) => !got.includes(one));
  const unknown = got.filter((one) => !wanted.includes(one));
  const twice = got.filter((one, i) => got.indexOf(one) !== i);
  return [
    ...(missing.length > 0 ? [`${what}: expected ${missing.join(', ')} as well`] : []),
    ...(unknown.length > 0 ? [`${what}: expected names of the embodiment, got ${unknown.join(', ')}`] : []),
    ...(twice.length > 0 ? [`${what}: expected once, got twice: ${twice.join(', ')}`] : []),
  ];
}

function unseen(target: ActionTarget, state: readonly string[]): string[] {
  const names = mappedNames(target).filter((one) => !state.includes(one));
  return names.length === 0
    ? []
    : [`${target.topic}: "stop": "measured" expects these in the state, too: ${names.join(', ')}`];
}

function repeated(topics: readonly string[]): string[] {
  const twice = topics.filter((topic, i) => topics.indexOf(topic) !== i);
  return twice.length === 0 ? [] : [`expected every topic to be read once, got twice: ${twice.join(', ')}`];
}
