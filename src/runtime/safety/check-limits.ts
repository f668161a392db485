/** @file Refuses limits that do not fit the robot, and robots that cannot be held or held to limits; by name, before anything moves. */

import { VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { MotionAxis, MotionLimits } from '../../interfaces/motion-limits.ts';

/** Throws `mismatch`, with everything that is missing, unless a robot of this embodiment can be run within these limits. */
export function checkLimits(embodiment: Embodiment, limits: MotionLimits | null): asserts limits is MotionLimits {
  const where = `safety: ${embodiment.name}`;
  if (limits === null) {
    throw new VlaError('mismatch', `${where}: expected limits of its motion, got none.`, {
      hint: 'Give the robot a limits.json; docs/guides/safety.md says what is in it and how to begin with a URDF or MJCF.',
    });
  }
  const problems = [
    ...(limits.embodiment === embodiment.name
      ? []
      : [`expected limits of this robot, got those of ${limits.embodiment}`]),
    ...axisProblems(embodiment, limits),
    ...conventionProblems(embodiment),
    ...holdProblems(embodiment, limits),
    ...workspaceProblems(embodiment, limits),
  ];
  if (problems.length === 0) return;
  throw new VlaError('mismatch', `${where}: ${problems.join('; ')}.`, {
    hint: 'A robot that cannot be held still, or held to limits, is not started. See docs/guides/safety.md.',
  });
}

function axisProblems({ action, state }: Embodiment, { axes }: MotionLimits): string[] {
  const names = axes.map(({ name }) => name);
  if (names.join() !== action.names.join()) {
    return [`expected limits of ${action.names.join(', ')}, got ${names.join(', ') || 'none'}`];
  }
  return axes.flatMap((axis) => {
    const [low, high] = axis.position ?? [0, 1];
    const problems = low < high ? [] : [`${axis.name}: expected low below high, got ${low} and ${high}`];
    const positive =
      axis.kind === 'gripper' ? [axis.velocity ?? 1] : [axis.scale, axis.velocity, axis.acceleration, axis.jerk];
    if (!positive.every((value) => value > 0 && Number.isFinite(value))) {
      problems.push(`${axis.name}: expected numbers above zero, got ${positive.join(', ')}`);
    }
    return axis.kind === 'gripper' ? problems : [...problems, ...placeProblems(axis, action, state)];
  });
}

/** Whether it can be known where an axis is, as far as its limits need it. */
function placeProblems(axis: MotionAxis, action: Embodiment['action'], state: Embodiment['state']): string[] {
  if (axis.state !== null && !state.names.includes(axis.state)) {
    return [`${axis.name}: expected one of the state's names, got "${axis.state}"`];
  }
  if (action.convention.reference === 'absolute') {
    if (axis.position === null) return [`${axis.name}: expected position limits, as it is told positions`];
    if (axis.state === null) return [`${axis.name}: expected the state that says where it is, as it is told positions`];
  } else if (axis.position !== null && axis.state === null) {
    return [`${axis.name}: expected the state that says where it is, as its position is limited`];
  }
  return [];
}

function conventionProblems({ action }: Embodiment): string[] {
  const { reference, rotation } = action.convention;
  if (reference === 'relative-to-chunk-start') {
    return ['expected actions that are absolute or deltas, got relative-to-chunk-start; decode them first'];
  }
  return reference === 'absolute' && rotation !== 'none'
    ? [`expected no absolute rotations, whose numbers jump where the hand does not, got ${rotation}`]
    : [];
}

function holdProblems({ holdAction, action }: Embodiment, { hold, axes }: MotionLimits): string[] {
  const absolute = action.convention.reference === 'absolute';
  if (hold === 'last-target') return absolute ? [] : ['expected a hold action, as a repeated delta moves on'];
  if (holdAction === null) return ['expected a hold action, got none'];
  if (absolute) return ['expected "hold": "last-target", as a constant target is a place to go to'];
  const moving = axes.filter(({ kind }, i) => kind === 'motion' && holdAction[i] !== 0).map(({ name }) => name);
  return moving.length === 0
    ? []
    : [`expected a hold action that moves nothing, got one that moves ${moving.join(', ')}`];
}

function workspaceProblems({ action, state }: Embodiment, { axes, workspaces }: MotionLimits): string[] {
  const moving = new Set(axes.filter(({ kind }) => kind === 'motion').map(({ name }) => name));
  return workspaces.flatMap((workspace) => {
    const where = `workspace ${workspace.name}`;
    const absolute = action.convention.reference === 'absolute';
    const wanted = workspace.kind === 'chain';
    const problems = workspace.low.every((low, k) => low < workspace.high[k]!)
      ? []
      : [`${where}: expected low below high`];
    if (absolute !== wanted)
      problems.push(`${where}: expected ${wanted ? 'absolute joint targets' : 'steps of a base'}`);
    const names = workspace.kind === 'chain' ? workspace.links.flatMap(({ action }) => action ?? []) : workspace.action;
    const unknown = names.filter((name) => !moving.has(name));
    const unseen = workspace.kind === 'chain' ? [] : workspace.state.filter((name) => !state.names.includes(name));
    if (unknown.length > 0) problems.push(`${where}: expected moving axes, got ${unknown.join(', ')}`);
    if (unseen.length > 0) problems.push(`${where}: expected the state's names, got ${unseen.join(', ')}`);
    return problems;
  });
}
