/** @file The tabletop keeps the contract of environments, and its own promises: snapshots, boxes, words, looks. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import type { Outcome } from '../../interfaces/environment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import { environmentContract, expertContract } from '../../../tests/contracts/environment.ts';
import { loadMujoco } from '../mujoco/module.ts';
import { sevenJointArm } from './arm-model.ts';
import { dressWorld, USUAL } from './appearance.ts';
import { COLOURS } from './colours.ts';
import { instructionFor } from './instruction.ts';
import { apart, distance, SEPARATION } from './draw.ts';
import { createTabletop, TASKS } from './index.ts';
import type { Tabletop } from './index.ts';
import { blocksScene, grippable, pushable } from './scenes.ts';
import { World } from './world.ts';

const open = (): Promise<Tabletop> => createTabletop({ imageSize: 32 });

environmentContract('tabletop', { open, unseenPerturbations: [] });
expertContract('tabletop', open);

test('tabletop: a restored moment continues bit for bit, in the same and in another instance', async () => {
  const [environment, twin] = [await open(), await open()];
  for (const { name } of TASKS) {
    const random = new Random(1);
    const noisy = (tabletop: Tabletop): Float32Array =>
      tabletop.expert().map((value, i) => (i < 6 ? value + 0.2 * random.normal() : value));
    const run = async (tabletop: Tabletop): Promise<(Outcome | Observation)[]> => {
      const out: (Outcome | Observation)[] = [];
      for (let i = 0; i < 10; i++) {
        const outcome = await tabletop.step(tabletop.expert());
        out.push(outcome, await tabletop.observe());
        if (outcome !== 'running') break;
      }
      return out;
    };
    await environment.reset({ task: name, seed: 21, perturbation: 'moved-camera' });
    // Well into the episode: contacts, a closing gripper, an object in the hand.
    for (let i = 0; i < environment.maxSteps(name) / 8; i++)
      assert.equal(await environment.step(noisy(environment)), 'running', name);
    const saved = environment.save();
    const first = await run(environment);
    await environment.restore(saved);
    assert.deepEqual(await run(environment), first, name);
    await twin.restore(structuredClone(saved));
    assert.deepEqual(await run(twin), first, `${name} in another instance`);
  }
  await environment.close();
  await twin.close();
});

test('tabletop: instructions name colour and object, held-out ones use known words in new sentences', () => {
  const known = new Set<string>();
  const trained = new Set<string>();
  const heldOut = new Set<string>();
  for (const task of TASKS) {
    for (let seed = 0; seed < 200; seed++) {
      const layout = task.layout(new Random(seed));
      const say = (phrasing: 'train' | 'held-out'): string =>
        instructionFor(task, layout, layout.target, phrasing, new Random(seed, 1));
      trained.add(say('train'));
      for (const word of say('train').split(' ')) known.add(word);
      heldOut.add(say('held-out'));
    }
  }
  for (const sentence of trained) {
    assert.match(sentence, /\b(red|green|blue|yellow|purple|white) (cube|cylinder|box|ball|drawer|button)\b/);
  }
  for (const sentence of heldOut) {
    assert.ok(!trained.has(sentence), sentence);
    for (const word of sentence.split(' ')) assert.ok(known.has(word), `"${word}" of "${sentence}"`);
  }
});

test('tabletop: templates of the two sets do not overlap, and each task has several of its own', () => {
  const all = TASKS.flatMap(({ phrasings }) => [...phrasings.train, ...phrasings.heldOut]);
  assert.equal(new Set(all).size, all.length);
  for (const { name, phrasings } of TASKS) {
    assert.ok(phrasings.train.length >= 4 && phrasings.heldOut.length >= 2, name);
    for (const template of [...phrasings.train, ...phrasings.heldOut])
      assert.equal(template.split('{object}').length, 2);
  }
});

test('tabletop: with one seed, the tasks of a kind of scene start from the same pictures; only the instruction differs', async () => {
  const environment = await open();
  const start = async (task: string, seed: number): Promise<Observation> => {
    await environment.reset({ task, seed });
    return environment.observe();
  };
  let stacks = 0;
  for (let seed = 0; seed < 12; seed++) {
    const touch = await start('touch', seed);
    for (const task of ['push', 'lift', 'stack']) {
      const other = await start(task, seed);
      assert.notEqual(other.instruction, touch.instruction);
      const same = other.images['front']!.data.every((value, i) => value === touch.images['front']!.data[i]);
      if (task === 'stack') stacks += Number(same);
      else assert.ok(same, `${task}, seed ${seed}`);
    }
    const [opened, closed] = [await start('open', seed), await start('close', seed)];
    assert.deepEqual(closed.images, opened.images);
  }
  assert.ok(stacks >= 2, `${stacks} of 12 scenes have three things that can be stacked`);
  await environment.close();
});

test('tabletop: at least two things of a scene with a zone can be pushed into it, in every place of the list', () => {
  const targets = new Set<number>();
  for (let seed = 0; seed < 100; seed++) {
    const scene = blocksScene(new Random(seed));
    const candidates = pushable(scene);
    assert.ok(candidates.length >= 2 && grippable(scene).length >= 2);
    for (const i of candidates) {
      targets.add(i);
      const way = distance([scene.objects[i]!.x, scene.objects[i]!.y], [scene.marks[0]!.x, scene.marks[0]!.y]);
      assert.ok(way >= 0.1 && way <= 0.22);
    }
  }
  assert.equal(targets.size, 3);
});

test('tabletop: a thing that fell off the table ends the episode as a failure', async () => {
  const environment = await open();
  for (const { name, scene } of TASKS) {
    if (scene === 'drawers' || scene === 'buttons') continue;
    await environment.reset({ task: name, seed: 4 });
    const saved = environment.save();
    const values = saved.world.sim.values.slice();
    const at = environment.privileged().targetPosition;
    const place = values.findIndex((_, i) => at.every((value, k) => Math.abs(values[i + k]! - value) < 1e-9));
    assert.ok(place >= 0, 'the target’s position is in the state');
    values[place] = 1.5;
    await environment.restore({ ...saved, world: { ...saved.world, sim: { values } } });
    let outcome: Outcome = 'running';
    for (let i = 0; i < 10 && outcome === 'running'; i++) outcome = await environment.step([0, 0, 0, 0, 0, 0, -1]);
    assert.equal(outcome, 'failure', name);
  }
  await environment.close();
});

test('tabletop: colours, light and cameras vary with the seed, within what training shows', async () => {
  const mujoco = await loadMujoco();
  const layout = TASKS[0]!.layout(new Random(1));
  const world = new World(
    mujoco,
    layout.objects.map(({ shape }) => shape),
    sevenJointArm,
  );
  world.arrange(layout, [{ position: [0.5, 0, 0.15], yaw: 0 }]);
  const seen = {
    colour: new Set<number>(),
    light: new Set<number>(),
    lamp: new Set<number>(),
    camera: new Set<number>(),
  };
  const mount = world.cameraMount('front').position;
  for (let seed = 0; seed < 20; seed++) {
    const lights = dressWorld(world, USUAL, new Random(seed));
    const red = world.drawable('object0').rgba[0]!;
    assert.ok(Math.abs(red - COLOURS[layout.objects[0]!.colour][0]) <= USUAL.colour + 1e-6);
    const camera = [...world.sim.model('cam_pos').subarray(3 * world.sim.id('camera', 'front'))].slice(0, 3);
    const moved = Math.hypot(...camera.map((value, k) => value - mount[k]!));
    assert.ok(moved <= USUAL.cameras.stand[0][1] + 1e-9);
    seen.colour.add(red);
    seen.light.add(lights[0]!.diffuse);
    seen.lamp.add(lights.at(-1)!.position[0]!);
    seen.camera.add(moved);
  }
  for (const [what, values] of Object.entries(seen)) assert.ok(values.size > 15, what);
  world.sim.close();
});

test('tabletop: scenes keep their distances and colours, and every place in the list can be the target', () => {
  for (const task of TASKS) {
    const targets = new Set<number>();
    for (let seed = 0; seed < 100; seed++) {
      const { objects, target, alternatives } = task.layout(new Random(seed, 1));
      targets.add(target);
      assert.ok(alternatives.length > 0 && !alternatives.includes(target));
      assert.equal(new Set(objects.map(({ colour }) => colour)).size, objects.length, 'colours are distinct');
      const points = objects.map(({ x, y }) => [x, y] as const);
      assert.ok(apart(points, SEPARATION), task.name);
    }
    assert.ok(targets.size >= 2, task.name);
  }
});

test('tabletop: boxes enclose what has the object’s colour in the picture', async () => {
  const environment = await createTabletop({ imageSize: 64 });
  let checked = 0;
  for (let seed = 0; seed < 40; seed++) {
    await environment.reset({ task: 'touch', seed });
    const { images, instruction } = await environment.observe();
    if (!/\bblue\b/.test(instruction)) continue;
    const box = environment.privileged().targetBox['front'];
    assert.ok(box, 'the target is in view');
    const [x0, y0, x1, y1] = box.map((value) => value * 64) as [number, number, number, number];
    let [inside, outside] = [0, 0];
    for (let i = 0; i < 64 * 64; i++) {
      const [red, green, blue] = images['front']!.data.subarray(3 * i, 3 * i + 3);
      if (!(blue! > 90 && blue! > 2 * red! && blue! > 1.4 * green!)) continue;
      const [x, y] = [i % 64, Math.floor(i / 64)];
      if (x >= Math.floor(x0) && x < Math.ceil(x1) && y >= Math.floor(y0) && y < Math.ceil(y1)) inside++;
      else outside++;
    }
    assert.ok(inside > 0.4 * (x1 - x0) * (y1 - y0), `${inside} blue pixels in a box of ${(x1 - x0) * (y1 - y0)}`);
    assert.equal(outside, 0);
    checked++;
  }
  assert.ok(checked >= 5);
  await environment.close();
});

test('tabletop: a simulation that diverges is an error, and the episode is over', async () => {
  const environment = await open();
  await environment.reset({ task: 'lift', seed: 1 });
  const saved = environment.save();
  const values = saved.world.sim.values.slice();
  // One joint velocity beyond all bounds; positions come before velocities in the state.
  values[values.findIndex((value, i) => i > 30 && value === 0)] = 1e13;
  await environment.restore({ ...saved, world: { ...saved.world, sim: { values } } });
  const still = [0, 0, 0, 0, 0, 0, 0];
  await assert.rejects(() => environment.step(still), /expected finite positions and accelerations, got a bad/);
  await assert.rejects(() => environment.step(still), /expected a running episode, got one that ended \(failure\)/);
  await environment.reset({ task: 'lift', seed: 1 });
  assert.equal(await environment.step(still), 'running');
  await environment.close();
});

test('tabletop: an image size that cannot work is refused', async () => {
  for (const imageSize of [0, 8, 64.5, NaN, 5000]) {
    await assert.rejects(() => createTabletop({ imageSize }), /expected an image size from 16 to 2048 pixels/);
  }
});
