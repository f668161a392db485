/** @file The contract of every Environment: repeatable episodes, images that are copies, refusal of bad actions and of use at the wrong time. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../../src/base/errors.ts';
import type { Environment, EpisodeSpec, ExpertEnvironment, Outcome } from '../../src/interfaces/environment.ts';
import type { Observation } from '../../src/interfaces/observation.ts';

/** What the suite needs to know of an implementation. */
export interface EnvironmentSubject {
  /** Opens a fresh environment. */
  open(): Promise<Environment>;
  /** The perturbations that change nothing that is seen at the start. */
  readonly unseenPerturbations: readonly string[];
  /** For a robot without a hold action: the action that keeps it where this state says it is. */
  readonly still?: (state: Float32Array) => ArrayLike<number>;
  /** What an instruction names cannot be exchanged: that is refused as `unsupported`. */
  readonly oneTarget?: boolean;
  /** The perturbations that change the instruction. */
  readonly rewordings?: readonly string[];
}

/** Registers the tests of the contract for one implementation. */
export function environmentContract(name: string, subject: EnvironmentSubject): void {
  const withEnvironment = async <E extends Environment>(
    play: (environment: E) => Promise<void>,
    open: () => Promise<Environment> = () => subject.open(),
  ): Promise<void> => {
    const environment = await open();
    try {
      await play(environment as E);
    } finally {
      await environment.close();
    }
  };

  test(`${name}: describes itself without contradiction`, () =>
    withEnvironment(async (environment) => {
      const { embodiment, tasks } = environment;
      assert.ok(environment.name.length > 0 && tasks.length > 0);
      assert.equal(new Set(tasks).size, tasks.length);
      for (const task of tasks)
        assert.ok(Number.isInteger(environment.maxSteps(task)) && environment.maxSteps(task) > 0);
      for (const { low, high, names } of [embodiment.state, embodiment.action]) {
        if (low !== undefined) assert.equal(low.length, names.length);
        if (high !== undefined) assert.equal(high.length, names.length);
      }
      if (embodiment.holdAction !== null) assert.equal(embodiment.holdAction.length, embodiment.action.names.length);
    }));

  test(`${name}: observations are what the embodiment says, and copies`, () =>
    withEnvironment(async (environment) => {
      const { embodiment, tasks } = environment;
      await environment.reset({ task: tasks[0]!, seed: 3 });
      const first = await environment.observe();
      assert.deepEqual(
        Object.keys(first.images),
        embodiment.cameras.map((camera) => camera.name),
      );
      for (const { name: camera, width, height } of embodiment.cameras) {
        const image = first.images[camera]!;
        assert.deepEqual([image.width, image.height, image.data.length], [width, height, 3 * width * height]);
        assert.ok(new Set(image.data).size > 1, `${camera} is one flat colour`);
      }
      assert.equal(first.state.length, embodiment.state.names.length);
      assert.ok(first.state.every((value) => Number.isFinite(value)));
      assert.ok(first.instruction.length > 0);
      const kept = structuredClone(first);
      assert.deepEqual(await environment.observe(), kept);
      await environment.step(action(environment, 0));
      assert.deepEqual(first, kept, 'a step changed an observation handed out before');
      await environment.reset({ task: tasks[0]!, seed: 3 });
      const again = await environment.observe();
      for (const { data } of Object.values(again.images)) data.fill(0);
      again.state.fill(0);
      assert.deepEqual(await environment.observe(), kept, 'the environment keeps what it hands out');
    }));

  test(`${name}: the same specification gives the same episode, after others and in another instance`, () =>
    withEnvironment(async (environment) => {
      const specs = environment.tasks.map((task, i) => ({ task, seed: 40 + i }));
      const traces: Trace[] = [];
      for (const spec of specs) traces.push(await play(environment, spec));
      for (const [i, spec] of [...specs.entries()].reverse())
        assert.deepEqual(await play(environment, spec), traces[i]);
      await withEnvironment(async (twin) => {
        for (const [i, spec] of specs.entries()) assert.deepEqual(await play(twin, spec), traces[i], spec.task);
      });
    }));

  test(`${name}: another seed gives another episode`, () =>
    withEnvironment(async (environment) => {
      for (const task of environment.tasks) {
        const seen = [];
        for (let seed = 0; seed < 4; seed++) seen.push(JSON.stringify(await start(environment, { task, seed })));
        assert.equal(new Set(seen).size, 4, task);
      }
    }));

  test(`${name}: actions beyond the limits are clipped`, () =>
    withEnvironment(async (environment) => {
      const { low, high } = environment.embodiment.action;
      if (low === undefined || high === undefined) return;
      const end = async (chosen: ArrayLike<number>): Promise<Observation> => {
        await environment.reset({ task: environment.tasks[0]!, seed: 5 });
        for (let i = 0; i < 3; i++) await environment.step(chosen);
        return environment.observe();
      };
      const edge = high.map((value, i) => (i % 2 === 0 ? value : low[i]!));
      const beyond = edge.map((value, i) => value + (i % 2 === 0 ? 7 : -7));
      assert.deepEqual(await end(beyond), await end(edge));
    }));

  test(`${name}: a bad action is refused and the episode goes on as if it had not come`, () =>
    withEnvironment(async (environment) => {
      const spec = { task: environment.tasks[0]!, seed: 6 };
      const good = await play(environment, spec);
      await environment.reset(spec);
      const size = environment.embodiment.action.names.length;
      for (const bad of [NaN, Infinity, -Infinity]) {
        for (const at of [0, size - 1]) {
          const spoilt = Array.from({ length: size }, (_, i) => (i === at ? bad : 0));
          await assert.rejects(() => environment.step(spoilt), code('not-finite'));
        }
      }
      for (const length of [0, size - 1, size + 1]) {
        await assert.rejects(() => environment.step(Array.from({ length }, () => 0)), code('bad-shape'));
      }
      assert.deepEqual(await follow(environment), good);
    }));

  test(`${name}: an episode ends, at the latest by time-out, and is over then`, () =>
    withEnvironment(async (environment) => {
      const task = environment.tasks[0]!;
      await environment.reset({ task, seed: 7 });
      const { state } = await environment.observe();
      const still = environment.embodiment.holdAction ?? subject.still?.(state) ?? action(environment, 0).map(() => 0);
      let outcome: Outcome = 'running';
      let steps = 0;
      while (outcome === 'running') {
        outcome = await environment.step(still);
        assert.ok(++steps <= environment.maxSteps(task), 'the episode goes on after maxSteps');
      }
      assert.equal(outcome, 'timeout');
      assert.equal(steps, environment.maxSteps(task));
      await assert.rejects(() => environment.step(still), code('bad-argument'));
      assert.ok((await environment.observe()).instruction.length > 0, 'the last state can still be looked at');
    }));

  test(`${name}: the hold action holds`, () =>
    withEnvironment(async (environment) => {
      const { holdAction } = environment.embodiment;
      if (holdAction === null) return;
      await environment.reset({ task: environment.tasks[0]!, seed: 8 });
      // One step may still settle the start.
      await environment.step(holdAction);
      const { state } = await environment.observe();
      for (let i = 0; i < 20; i++) await environment.step(holdAction);
      const later = (await environment.observe()).state;
      for (let i = 0; i < state.length; i++) {
        assert.ok(Math.abs(later[i]! - state[i]!) < 5e-3, `${environment.embodiment.state.names[i]} moved`);
      }
    }));

  test(`${name}: unknown tasks and perturbations are refused`, () =>
    withEnvironment(async (environment) => {
      await assert.rejects(() => environment.reset({ task: 'juggle', seed: 1 }), code('not-found'));
      assert.throws(() => environment.maxSteps('juggle'), code('not-found'));
      const spec = { task: environment.tasks[0]!, seed: 1, perturbation: 'earthquake' };
      await assert.rejects(() => environment.reset(spec), code('not-found'));
    }));

  test(`${name}: a perturbation leaves the instruction, and shows where it should`, () =>
    withEnvironment(async (environment) => {
      for (const task of environment.tasks) {
        const base = await start(environment, { task, seed: 9 });
        for (const perturbation of environment.perturbations) {
          const changed = await start(environment, { task, seed: 9, perturbation });
          const reworded = subject.rewordings?.includes(perturbation) ?? false;
          assert.equal(changed.instruction !== base.instruction, reworded, `${task}, ${perturbation}`);
          const same = JSON.stringify(changed.images) === JSON.stringify(base.images);
          assert.equal(same, subject.unseenPerturbations.includes(perturbation), `${task}, ${perturbation}`);
        }
      }
    }));

  test(`${name}: other words and another named object leave the scene as it is`, () =>
    withEnvironment(async (environment) => {
      for (const task of environment.tasks) {
        for (let seed = 0; seed < 3; seed++) {
          const base = await start(environment, { task, seed });
          for (const change of [{ phrasing: 'held-out' }, { instructionTarget: 'other' }] as const) {
            const spec = { task, seed, ...change };
            if (subject.oneTarget === true && 'instructionTarget' in change) {
              await assert.rejects(() => environment.reset(spec), code('unsupported'));
              continue;
            }
            const changed = await start(environment, spec);
            assert.notEqual(changed.instruction, base.instruction);
            assert.deepEqual(changed.images, base.images);
            assert.deepEqual(changed.state, base.state);
          }
        }
      }
    }));

  test(`${name}: used at the wrong time it says so`, async () => {
    const environment = await subject.open();
    const still = action(environment, 0);
    await assert.rejects(() => environment.step(still), code('bad-argument'));
    await assert.rejects(() => environment.observe(), code('bad-argument'));
    const spec = { task: environment.tasks[0]!, seed: 1 };
    await environment.reset(spec);
    await environment.close();
    await environment.close();
    await assert.rejects(() => environment.step(still), code('bad-argument'));
    await assert.rejects(() => environment.observe(), code('bad-argument'));
    await assert.rejects(() => environment.reset(spec), code('bad-argument'));
  });
}

/** Registers the further tests for an environment with a scripted expert. */
export function expertContract(name: string, open: () => Promise<ExpertEnvironment>): void {
  test(`${name}: asking the expert or for privileged facts changes nothing`, async () => {
    const environment = await open();
    for (const task of environment.tasks) {
      await environment.reset({ task, seed: 11 });
      const quiet = await follow(environment);
      await environment.reset({ task, seed: 11 });
      const asked = await follow(environment, () => {
        assert.deepEqual(environment.expert(), environment.expert());
        environment.privileged();
      });
      assert.deepEqual(asked, quiet, task);
    }
    await environment.close();
  });

  test(`${name}: experts act within the limits, and privileged facts are well formed all along`, async () => {
    const environment = await open();
    const { low, high, names } = environment.embodiment.action;
    for (const task of environment.tasks) {
      await environment.reset({ task, seed: 12 });
      let outcome: Outcome = 'running';
      while (outcome === 'running') {
        const chosen = environment.expert();
        assert.equal(chosen.length, names.length);
        chosen.forEach((value, i) => assert.ok(value >= (low?.[i] ?? -Infinity) && value <= (high?.[i] ?? Infinity)));
        const { targetPosition, targetHeading, goalPosition, targetBox, goalBox, subtask } = environment.privileged();
        assert.ok(environment.subtasks.includes(subtask), subtask);
        for (const place of [targetPosition, goalPosition]) assert.ok(place === null || place.every(Number.isFinite));
        assert.ok(targetHeading === null || Math.abs(Math.hypot(...targetHeading) - 1) < 1e-9);
        for (const boxes of [targetBox, goalBox]) {
          assert.deepEqual(
            Object.keys(boxes),
            environment.embodiment.cameras.map((camera) => camera.name),
          );
          for (const box of Object.values(boxes)) {
            if (box === null) continue;
            const [x0, y0, x1, y1] = box;
            assert.ok(x0 >= 0 && y0 >= 0 && x1 <= 1 && y1 <= 1 && x0 < x1 && y0 < y1, box.join(' '));
          }
        }
        outcome = await environment.step(chosen);
      }
      assert.equal(outcome, 'success', task);
    }
    await environment.close();
  });
}

/** Everything that an episode shows over a few steps. */
type Trace = readonly (Observation | Outcome)[];

const TRACE_STEPS = 6;

async function play(environment: Environment, spec: EpisodeSpec): Promise<Trace> {
  await environment.reset(spec);
  return follow(environment);
}

async function follow(environment: Environment, aside: () => void = () => {}): Promise<Trace> {
  const trace: (Observation | Outcome)[] = [await environment.observe()];
  for (let i = 0; i < TRACE_STEPS; i++) {
    aside();
    const outcome = await environment.step(action(environment, i));
    trace.push(outcome, await environment.observe());
    if (outcome !== 'running') break;
  }
  return trace;
}

async function start(environment: Environment, spec: EpisodeSpec): Promise<Observation> {
  await environment.reset(spec);
  return environment.observe();
}

/** Some action, different for each `index`. */
function action(environment: Environment, index: number): number[] {
  return environment.embodiment.action.names.map((_, i) => 0.6 * Math.sin(1.7 * index + 2.3 * i + 0.4));
}

function code(expected: VlaError['code']): (error: unknown) => boolean {
  return (error) => {
    if (error instanceof VlaError && error.code === expected) return true;
    throw new Error(`expected a VlaError with code ${expected}`, { cause: error });
  };
}
