/** @file Sessions in simulated time: synthetic key presses solve tasks, what succeeds is recorded, and hands that let go move nothing. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { WORLD_LIMITS } from '../../../recipes/motion-limits.ts';
import { inSimulatedTime } from '../../../tests/simulated-time.ts';
import { SimulatedClock } from '../../base/clock.ts';
import { openLeRobot } from '../../data/lerobot/reader.ts';
import { createLeRobotWriter } from '../../data/lerobot/writer.ts';
import { openWorld } from '../../simulation/worlds.ts';
import { recordingFeatures } from '../recording/demonstration-frames.ts';
import { controlsFor } from './controls.ts';
import { HumanInput, NOTHING, type InputState } from './human-input.ts';
import { teleoperate, type SessionOptions, type SessionSummary, type ShownTick } from './session.ts';

const world = await openWorld({ imageSize: 32 });
const joints = await openWorld({ world: 'six-joint', imageSize: 32 });
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-teleoperation-'));
after(async () => {
  await Promise.all([world.close(), joints.close()]);
  fs.rmSync(folder, { recursive: true });
});

/** A session in which `human` says at every tick what is held down; `quit` ends it. */
async function session(
  human: (shown: ShownTick) => InputState | 'quit',
  options: Partial<SessionOptions> & { speed?: number } = {},
): Promise<SessionSummary & { shown: ShownTick[] }> {
  const [clock, input] = [new SimulatedClock(), new HumanInput()];
  const environment = options.environment ?? world;
  const shown: ShownTick[] = [];
  const running = teleoperate({
    environment,
    limits: WORLD_LIMITS[environment === joints ? 'six-joint' : 'tabletop']!,
    controls: controlsFor(environment.embodiment, { speed: options.speed ?? 0.35 }),
    input,
    clock,
    tasks: ['lift'],
    seed: (episode) => 11 + episode,
    writer: null,
    successes: 1,
    signal: new AbortController().signal,
    ...options,
    show(tick) {
      shown.push(tick);
      const held = human(tick);
      input.set(held === 'quit' ? { ...NOTHING, keys: ['Escape'] } : held, clock.now());
    },
  });
  return { ...(await inSimulatedTime(clock, running, 600)), shown };
}

/** Keys for each number of a hand's action, raising and lowering it. */
const KEYS = [
  ['w', 's'],
  ['a', 'd'],
  ['r', 'f'],
  ['j', 'l'],
  ['k', 'i'],
  ['q', 'e'],
] as const;

/** A human who does what the expert would do, but has only keys for it. */
function keyPlayer(): (shown: ShownTick) => InputState {
  let [gripper, pressed] = [-1, false];
  return ({ tick, outcome }) => {
    if (tick === 0) [gripper, pressed] = [-1, false];
    if (outcome !== 'running') return NOTHING;
    const action = world.expert();
    const keys = KEYS.flatMap(([up, down], i) => (Math.abs(action[i]!) < 0.2 ? [] : [action[i]! > 0 ? up : down]));
    // A press is a key that was not down before.
    pressed = !pressed && Math.sign(action[6]!) !== gripper;
    if (pressed) gripper = -gripper;
    return { ...NOTHING, keys: pressed ? [...keys, ' '] : keys };
  };
}

test('synthetic key presses lift things, and demonstrations of it are a dataset', async () => {
  const root = path.join(folder, 'driven');
  const writer = createLeRobotWriter({
    root,
    fps: world.embodiment.controlHz,
    robotType: world.embodiment.name,
    features: recordingFeatures(world.embodiment),
    existing: 'refuse',
  });
  const { episodes, successes, frames } = await session(keyPlayer(), { writer, successes: 2 });
  await writer.finish();
  assert.equal(successes, 2);
  assert.ok(episodes <= 4, `${episodes} episodes for two successes`);
  const dataset = await openLeRobot(root, { episodes: 'all' });
  assert.deepEqual([dataset.info.totalEpisodes, dataset.info.totalFrames], [2, frames]);
  assert.ok(frames > 40);
});

test('a gamepad’s sticks move the hand as keys do', async () => {
  const moved = async (state: InputState): Promise<number[]> => {
    const { shown } = await session(({ tick }) => (tick === 15 ? 'quit' : state), { speed: 1 });
    const [first, last] = [shown[0]!, shown.at(-1)!].map(({ observation }) => observation.state);
    return [0, 1, 2].map((axis) => last![axis]! - first![axis]!);
  };
  const [forward] = await moved({ ...NOTHING, axes: [0, -1, 0, 0] });
  assert.ok(forward! > 0.05, `${forward} m forward`);
  const keys = await moved({ ...NOTHING, keys: ['w'] });
  assert.ok(Math.abs(keys[0]! - forward!) < 1e-6);
  const [, left, up] = await moved({ ...NOTHING, axes: [-1, 0, 0, -1] });
  assert.ok(left! > 0.05 && up! > 0.03, `${left} m to the left, ${up} m up`);
  const still = await moved({ ...NOTHING, axes: [0.1, -0.1, 0.05, 0.11] });
  assert.ok(
    still.every((way) => Math.abs(way) < 1e-3),
    'sticks that are let go are not quite at 0',
  );
});

test('hands that let go, and pages that fall silent, move nothing', async () => {
  const input = new HumanInput();
  const controls = controlsFor(world.embodiment, { speed: 1 });
  controls.begin(new Float32Array(8));
  assert.equal(controls.action(input, 0), null, 'nothing was wanted yet');
  input.set({ ...NOTHING, keys: ['w'], axes: [1, 0, 0, 0] }, 1);
  assert.deepEqual([...controls.action(input, 1.1)!], [1, -1, 0, 0, 0, 0, -1]);
  assert.deepEqual([...controls.action(input, 1.31)!], [0, 0, 0, 0, 0, 0, -1]);
  input.press('w', 2);
  assert.equal(controls.action(input, 2.5)![0], 1);
  assert.equal(controls.action(input, 2.6)![0], 0);
  input.set({ ...NOTHING, axes: [NaN, Infinity, -Infinity, 9] }, 3);
  assert.ok(controls.action(input, 3)!.every((value) => Math.abs(value) <= 1));
});

test('beginning anew keeps nothing, and quitting ends', async () => {
  const seen: number[] = [];
  const { episodes, successes } = await session(
    ({ tick }) => {
      seen.push(tick);
      if (seen.length === 12) return 'quit';
      return tick === 4 ? { ...NOTHING, keys: ['Backspace'] } : { ...NOTHING, keys: ['w'] };
    },
    { successes: null },
  );
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
  assert.deepEqual([episodes, successes], [3, 0]);
});

test('a person has more time than an expert', async () => {
  const most = world.maxSteps('lift');
  const { shown } = await session(({ tick }) => (tick === most + 20 ? 'quit' : NOTHING), { successes: null });
  assert.ok(shown.every(({ outcome }) => outcome === 'running'));
  assert.equal(shown.at(-1)!.tick, most + 20);
});

test('joints are driven by keys, and hold their last target', async () => {
  const { shown } = await session(({ tick }) => (tick === 30 ? 'quit' : { ...NOTHING, keys: tick < 8 ? ['1'] : [] }), {
    environment: joints,
    successes: null,
  });
  const [first, last] = [shown[0]!, shown.at(-1)!].map(({ observation }) => observation.state[0]!);
  assert.ok(last! > first! + 0.1, `${first} to ${last} rad`);
  assert.equal(shown[25]!.action![0], shown[9]!.action![0]);
});

test('what a human wants is held to the limits of the robot', async () => {
  const limits = WORLD_LIMITS['six-joint']!;
  const slow = {
    ...limits,
    axes: limits.axes.map((axis) => (axis.kind === 'motion' ? { ...axis, velocity: 0.2 } : axis)),
  };
  const { shown } = await session(({ tick }) => (tick === 12 ? 'quit' : { ...NOTHING, keys: ['1'] }), {
    environment: joints,
    limits: slow,
    speed: 1,
    successes: null,
  });
  assert.ok(shown.some(({ interventions }) => /clipped: \w+ velocity/.test(interventions.join())));
  const angles = shown.flatMap(({ action }) => (action === null ? [] : [action[0]!]));
  const step = 0.2 / joints.embodiment.controlHz;
  assert.ok(angles.slice(1).every((angle, i) => Math.abs(angle - angles[i]!) < step + 1e-6));
});
