/**
 * @file What allenai's vla-evaluation-harness (protocol 1) and model servers say to each other: maps of a type, a payload, a sequence number and a time, in
 * MessagePack. The client begins with `hello`; every observation is answered by one action, or by an error.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { Convention } from '../../interfaces/convention.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import { isMap, type ObservationMapping } from '../observation-mapping.ts';
import { contractMessage } from '../contract-message.ts';
import type { PolicyContract } from '../policy-service.ts';
import { isWristCamera } from '../wrist-camera.ts';
import { Float, type WireMap } from '../wire/message-pack.ts';

/** The version that `hello` names. */
export const HARNESS_PROTOCOL = 1;

const envelope = z.object({
  type: z.enum(['hello', 'observation', 'action', 'episode_start', 'episode_end', 'error']),
  payload: z.custom<WireMap>(isMap, 'expected a map'),
  seq: z.int(),
  timestamp: z.number(),
});

/** A message as it comes. */
export type HarnessMessage = z.infer<typeof envelope>;

/** A message from what was decoded; `bad-data` for what is none. */
export function harnessMessage(content: unknown): HarnessMessage {
  const parsed = envelope.safeParse(content);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `message: ${path.join('.') || 'the whole'}: ${message}.`, {
    hint: 'Use vla-evaluation-harness 0.4, or one that speaks protocol 1.',
  });
}

/** A message to send. The time is that of this machine, in seconds. */
export function harnessAnswer(type: HarnessMessage['type'], payload: object, seq: number): WireMap {
  return { type, payload, seq, timestamp: new Float(Date.now() / 1000) };
}

/**
 * The fields of the harness's benchmarks: `images/NAME` is camera NAME; what they call `agentview`, `primary` or `image` is the first camera
 * that is no wrist camera, `wrist` the only wrist camera.
 */
export function harnessMapping({ cameras }: Embodiment): ObservationMapping {
  const names = cameras.map(({ name }) => name);
  const wrists = names.filter(isWristCamera);
  const scene = names.find((name) => !wrists.includes(name));
  const images = Object.fromEntries(
    names.map((name) => [
      name,
      [
        `images/${name}`,
        ...(name === scene ? ['images/agentview', 'images/primary', 'images/image'] : []),
        ...(wrists.length === 1 && name === wrists[0] ? ['images/wrist', 'images/wrist_image'] : []),
      ],
    ]),
  );
  return { images, state: [['states'], ['state']], instruction: ['task_description', 'instruction'] };
}

/** One component of actions or observations, as the harness compares it with its benchmark's. `dims` 0: no vector. */
interface DimSpec {
  readonly name: string;
  readonly dims: number;
  readonly format: string;
}

const ROTATIONS: Readonly<Record<Convention['rotation'], readonly [number, string] | null>> = {
  'axis-angle': [3, 'axis_angle'],
  'euler-xyz': [3, 'euler_xyz'],
  'quaternion-xyzw': [4, 'quaternion_xyzw'],
  'quaternion-wxyz': null,
  'rotation-6d': null,
  none: null,
};
const GRIPPERS: Readonly<Record<Convention['gripper'], string | null>> = {
  'close-positive': 'binary_close_positive',
  'close-negative': 'binary_close_negative',
  'close-zero-open-one': 'continuous_01',
  'close-zero-open-hundred': null,
  'finger-positions': null,
  none: null,
};

/** What the policy's actions are, in the harness's words: position, rotation and gripper of one arm where they are that, else `raw`. */
function actionSpec({ action }: Embodiment): Readonly<Record<string, DimSpec>> {
  const { convention, names } = action;
  const rotation = ROTATIONS[convention.rotation];
  const gripper = GRIPPERS[convention.gripper];
  if (rotation === null || gripper === null || names.length !== 3 + rotation[0] + 1 || convention.frame === 'joint') {
    return { raw: { name: 'raw', dims: names.length, format: 'raw' } };
  }
  const position = convention.reference === 'absolute' ? 'absolute_xyz' : 'delta_xyz';
  return {
    position: { name: 'position', dims: 3, format: position },
    rotation: { name: 'rotation', dims: rotation[0], format: rotation[1] },
    gripper: { name: 'gripper', dims: 1, format: gripper },
  };
}

/** What the policy looks at beside images, where the harness has a word for it. */
function observationSpec({ state }: Embodiment): Readonly<Record<string, DimSpec>> {
  const language = { language: { name: 'language', dims: 0, format: 'language' } };
  const { rotation, gripper } = state.convention;
  const pose = rotation === 'axis-angle' && gripper === 'finger-positions' && state.names.length === 8;
  return pose ? { ...language, state: { name: 'state', dims: 8, format: 'eef_pos3_axisangle3_gripper2' } } : language;
}

/** The answer to `hello`. Benchmarks that know the parameters send state and wrist images. `vlakit` is for our own clients. */
export function helloPayload(contract: PolicyContract): WireMap {
  const { policy, embodiment } = contract;
  const wrist = embodiment.cameras.some(({ name }) => isWristCamera(name));
  return {
    harness_version: 'vlakit',
    protocol_version: HARNESS_PROTOCOL,
    model_server: policy,
    capabilities: {},
    observation_params: { send_state: true, send_wrist_image: wrist },
    action_spec: actionSpec(embodiment),
    observation_spec: observationSpec(embodiment),
    vlakit: contractMessage(contract),
  };
}

/** What a server asks benchmarks for (`observation_params`); the harness’s benchmarks send the scene's image and the task alone otherwise. */
export interface ServerWants {
  readonly state: boolean;
  readonly wrist: boolean;
  /** Its actions say where to be, not how to move. */
  readonly absolute: boolean;
}

const wanted = z.object({
  send_state: z.boolean().default(false),
  send_wrist_image: z.boolean().default(false),
  absolute_action: z.boolean().default(false),
});

/** What the answer to `hello` asks for. */
export function serverWants(hello: WireMap, where: string): ServerWants {
  const parsed = wanted.safeParse(hello['observation_params'] ?? {});
  if (parsed.success) {
    const { send_state: state, send_wrist_image: wrist, absolute_action: absolute } = parsed.data;
    return { state, wrist, absolute };
  }
  const { path, message } = parsed.error.issues[0]!;
  throw new VlaError('bad-data', `${where}: observation_params.${path.join('.')}: ${message}.`, {
    hint: 'Check the server’s get_observation_params.',
  });
}

const foreignSpecs = z.record(z.string(), z.object({ dims: z.number(), format: z.string() }));

/** Where the server's actions and the robot's differ, in the harness's words. Servers leave out what they do not know, or call it `raw`. */
export function serverSpecProblems(hello: WireMap, robot: Embodiment): string[] {
  const theirs = foreignSpecs.safeParse(hello['action_spec'] ?? {});
  if (!theirs.success) return ['its action_spec cannot be read'];
  const ours = actionSpec(robot);
  return Object.entries(ours).flatMap(([name, { dims, format }]) => {
    const their = Object.hasOwn(theirs.data, name) ? theirs.data[name]! : null;
    if (their === null || format === 'raw' || their.format === 'raw') return [];
    if (their.format !== format) return [`${name}: the robot takes ${format}, the server sends ${their.format}`];
    const sized = dims > 0 && their.dims > 0;
    return sized && their.dims !== dims
      ? [`${name}: the robot takes ${dims} numbers, the server sends ${their.dims}`]
      : [];
  });
}
