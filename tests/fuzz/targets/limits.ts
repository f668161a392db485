/** @file Files that say how a robot may move: limits.json, URDF and MJCF, up to the gate's own check. */

import { VlaError } from '../../../src/base/errors.ts';
import type { MotionLimits } from '../../../src/interfaces/motion-limits.ts';
import { checkLimits } from '../../../src/runtime/safety/check-limits.ts';
import { limitsFromMjcf } from '../../../src/runtime/safety/describe/mjcf.ts';
import { limitsFromUrdf } from '../../../src/runtime/safety/describe/urdf.ts';
import { parseLimits } from '../../../src/runtime/safety/limits-file.ts';
import { joints, steps } from '../../safety/robots.ts';
import type { FuzzTarget } from '../fuzz.ts';

const { embodiment } = joints;
const options = { embodiment, ramp: { toVelocity: 0.5, toAcceleration: 0.25 }, grippers: ['grip'] };

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
/** One a line: pieces hold spaces. */
const pieces = (lines: string): Uint8Array[] => lines.trim().split('\n').map(bytesOf);

function checked(limits: MotionLimits): MotionLimits {
  checkLimits(embodiment, limits);
  return limits;
}

/** limits.json. */
export const limitsTarget: FuzzTarget = {
  seeds: [JSON.stringify(joints.limits), JSON.stringify(joints.limits, null, 2)].map(bytesOf),
  pieces: pieces(`
null
[]
{}
[[[[
{"a":
1e999
-1e-320
"__proto__":
"constructor":
"kind":"gripper"
"kind":"planar"
${JSON.stringify(steps.limits.workspaces[0])},
"position":[3,-3],`),
  decode(bytes) {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(bytes).toString('utf8'));
    } catch (cause) {
      throw new VlaError('bad-data', 'limits: expected JSON.', { cause });
    }
    return checked(parseLimits(value, 'limits'));
  },
};

const ORIGIN = '<origin xyz="0.4 0 0" rpy="0 0 -1.57"/>';
const URDF = `<robot name="arm"><link name="base"/><link name="a"/><link name="b"/><link name="c"/><link name="tip"/>
<joint name="pan" type="revolute"><origin xyz="0 0 0.2"/><parent link="base"/><child link="a"/><axis xyz="0 0 1"/>
<limit lower="-2.8" upper="2.9" velocity="2"/></joint>
<joint name="lift" type="revolute"><parent link="a"/><child link="b"/><axis xyz="0 -2 0"/>
<limit lower="-1.5" upper="1.5" velocity="1.5"/><safety_controller soft_upper_limit="1.2" k_velocity="1"/></joint>
<joint name="elbow" type="revolute">${ORIGIN}<parent link="b"/><child link="c"/><limit lower="-2.5" upper="2.5" velocity="3"/></joint>
<joint name="end" type="fixed"><origin xyz="0 0.3 0"/><parent link="c"/><child link="tip"/></joint></robot>`;
const XML = `
<robot>
</robot>
<!-- -->
<![CDATA[
<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>
&c;
&#0;
<a><a><a><a>
name="__proto__"`;

/** A URDF with a chain to a tip that has a box. */
export const urdfTarget: FuzzTarget = {
  seeds: [bytesOf(URDF)],
  pieces: pieces(`${XML}
<parent link="tip"/>
<child link="base"/>
type="continuous"
lower="NaN"
upper="1e999"
xyz="0 0 0"`),
  decode(bytes) {
    const box = { tip: 'tip', low: [-1, -1, 0], high: [1, 1, 1] } as const;
    return checked(limitsFromUrdf(Buffer.from(bytes).toString('utf8'), { ...options, box }, 'urdf'));
  },
};

const MJCF = `<mujoco><compiler angle="radian"/>
<default><joint range="-1 1"/><default class="arm"><joint range="-2 2"/></default></default>
<worldbody><body name="a"><joint name="pan"/><body name="b" childclass="arm"><joint name="lift"/>
<body name="c"><joint name="elbow" range="-0.7 0.5"/></body></body></body></worldbody>
<actuator><position name="pan" joint="pan" ctrlrange="-0.8 0.9"/></actuator></mujoco>`;

/** An MJCF file. */
export const mjcfTarget: FuzzTarget = {
  seeds: [bytesOf(MJCF)],
  pieces: pieces(`${XML}
<include file="/etc/passwd"/>
<default class="arm">
class="arm"
childclass="main"
range="1 -1"
limited="true"
angle="degree"
<compiler eulerseq="zyx"/>`),
  decode(bytes) {
    const velocities = { pan: 1, lift: 1, elbow: 1 };
    return checked(limitsFromMjcf(Buffer.from(bytes).toString('utf8'), { ...options, velocities }, 'mjcf'));
  },
};
