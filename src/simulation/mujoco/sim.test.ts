/**
 * @file The traps of the MuJoCo bindings 3.14.0, and that `Sim` closes them. Shown as they are beside their guard: boolean arrays,
 * out parameters, views that detach, undeleted objects that fill the heap, objects used or deleted after their end, the arena of
 * nconmax, contacts as copies, divergence without a word. Only guarded: that `MjVFS.addBuffer` is slow (a quarter of a second
 * per megabyte; tests measure no time) shows in files going through the file system instead.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../../base/errors.ts';
import { limitArena } from './arena.ts';
import type { DataField, ModelArrays } from './fields.ts';
import { loadMujoco, printedLines, type MujocoModule } from './module.ts';
import { Sim } from './sim.ts';

const mujoco = await loadMujoco();

const MODEL = `<mujoco>
  <option timestep=".005"/><size memory="1M"/>
  <asset><texture name="checks" type="2d" builtin="checker" width="8" height="8"/>
    <material name="tiles" texture="checks" texuniform="true"/><material name="plain"/></asset>
  <worldbody>
    <light name="lamp" castshadow="false"/>
    <geom name="floor" type="plane" size="1 1 1"/>
    <body name="arm" pos="0 0 1"><joint name="elbow" axis="0 1 0" limited="true" range="-60 60"/>
      <geom name="link" type="capsule" fromto="0 0 0 .3 0 0" size=".02" material="tiles"/><site name="tip" pos=".3 0 0"/></body>
    <body name="crate" pos="0 0 .1"><freejoint name="crate"/><geom name="crate" type="box" size=".1 .1 .1"/></body>
  </worldbody>
  <actuator><motor name="elbow" joint="elbow"/></actuator>
</mujoco>`;

/** A module of its own, for traps that fill or break it. */
async function ownModule(): Promise<MujocoModule> {
  const { default: create } = await import('@mujoco/mujoco');
  return create({ print() {}, printErr() {} });
}

function open(xml = MODEL): Sim {
  return Sim.fromXml(mujoco, xml);
}

/** An error with this code and with these words. */
function expected(code: VlaError['code'], words: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof VlaError && error.code === code && words.test(error.message);
}

test('files reach the compiler through the in-memory file system, folders and all, and leave nothing there', () => {
  const tetrahedron = 'v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n';
  const xml =
    '<mujoco><compiler meshdir="meshes"/><asset><mesh name="m" file="deep/tetra.obj"/></asset>' +
    '<worldbody><geom type="mesh" mesh="m"/></worldbody></mujoco>';
  const before = (mujoco.FS.readdir('/') as string[]).length;
  for (let round = 0; round < 3; round++) {
    const sim = Sim.fromXml(mujoco, xml, { files: { 'meshes/deep/tetra.obj': new TextEncoder().encode(tetrahedron) } });
    assert.equal(sim.count('nmesh'), 1);
    sim.close();
  }
  assert.equal((mujoco.FS.readdir('/') as string[]).length, before);
  assert.throws(() => Sim.fromXml(mujoco, xml), expected('bad-data', /tetra\.obj/));
});

test('models with the same files find what MuJoCo keeps of them, instead of leaving it once more', async () => {
  const own = await ownModule();
  const side = 60;
  const at = (row: number, column: number): number => row * side + column + 1;
  const lines: string[] = [];
  for (let i = 0; i < side * side; i++) lines.push(`v ${i % side} ${Math.floor(i / side)} ${Math.sin(i)}`);
  for (let row = 1; row < side; row++) {
    for (let column = 1; column < side; column++) {
      lines.push(`f ${at(row - 1, column - 1)} ${at(row - 1, column)} ${at(row, column)}`);
    }
  }
  const mesh = new TextEncoder().encode(lines.join('\n'));
  const heap = (scale: number): [bytes: number, size: number] => {
    const xml = `<mujoco><asset><mesh name="m" file="hills.obj" scale="${scale} 1 1" inertia="shell"/></asset>
      <worldbody><geom type="mesh" mesh="m"/></worldbody></mujoco>`;
    const sim = Sim.fromXml(own, xml, { files: { 'hills.obj': mesh } });
    const out = [sim.data('qpos').buffer.byteLength, Math.max(...sim.model('mesh_vert'))] as [number, number];
    sim.close();
    return out;
  };
  const [before, size] = heap(1);
  for (let model = 0; model < 40; model++) assert.equal(heap(1)[1], size);
  assert.equal(heap(1)[0], before);
  assert.ok(heap(5)[1] > 2 * size, 'the same file at another scale is another mesh');
});

/** All boolean arrays of mjModel and mjData. */
const BOOLEAN_ARRAYS = {
  model: [
    'actuator_actearly',
    'actuator_actlimited',
    'actuator_ctrllimited',
    'actuator_forcelimited',
    'eq_active0',
    'flex_centered',
    'flex_flatskin',
    'flex_internal',
    'flex_rigid',
    'flexedge_rigid',
    'jnt_actfrclimited',
    'jnt_actgravcomp',
    'jnt_limited',
    'light_active',
    'light_castshadow',
    'mat_texuniform',
    'tendon_actfrclimited',
    'tendon_limited',
  ],
  data: ['bvh_active', 'eq_active'],
} as const;

/** The getters of an object that throw. */
function brokenGetters(object: object): string[] {
  const names: string[] = [];
  for (let type = Object.getPrototypeOf(object) as object; type !== Object.prototype;) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      if (get === undefined) continue;
      try {
        get.call(object);
      } catch (error) {
        assert.match(String(error), /unknown type .*memory_view/);
        names.push(name);
      }
    }
    type = Object.getPrototypeOf(type) as object;
  }
  return names.sort();
}

test('boolean arrays cannot be read and are not exposed; the flags that are used can be, one by one', () => {
  const sim = open();
  const raw = mujoco.MjModel.from_xml_string(MODEL);
  const data = new mujoco.MjData(raw);
  assert.deepEqual(brokenGetters(raw), [...BOOLEAN_ARRAYS.model], 'the trap has changed');
  assert.deepEqual(brokenGetters(data), [...BOOLEAN_ARRAYS.data], 'the trap has changed');
  data.delete();
  raw.delete();
  // Does not compile when `Sim.model` or `Sim.data` offers one of them.
  type Broken = (typeof BOOLEAN_ARRAYS)['model' | 'data'][number];
  const hidden: Exclude<Broken, keyof ModelArrays | DataField>[] = [...BOOLEAN_ARRAYS.model, ...BOOLEAN_ARRAYS.data];
  assert.equal(hidden.length, 20);
  assert.equal(sim.flag('jnt', sim.id('joint', 'elbow'), 'limited'), true);
  assert.equal(sim.flag('jnt', sim.id('joint', 'crate'), 'limited'), false);
  assert.equal(sim.flag('mat', sim.id('material', 'tiles'), 'texuniform'), true);
  assert.equal(sim.flag('mat', sim.id('material', 'plain'), 'texuniform'), false);
  assert.equal(sim.flag('light', 0, 'castshadow'), false);
  assert.equal(sim.flag('light', 0, 'active'), true);
  assert.equal(sim.flag('actuator', 0, 'ctrllimited'), false);
  sim.close();
});

test('a JavaScript array as out parameter stays zero; an out buffer is filled and its size is checked', () => {
  const model = mujoco.MjModel.from_xml_string(MODEL);
  const data = new mujoco.MjData(model);
  mujoco.mj_forward(model, data);
  const ignored = new Float64Array(3 * model.nv);
  mujoco.mj_jacSite(model, data, ignored, null, 0);
  assert.ok(
    ignored.every((value) => value === 0),
    'the trap is gone: typed arrays are filled now',
  );
  data.delete();
  model.delete();

  const sim = open();
  const nv = sim.count('nv');
  const [translation, rotation] = [sim.outBuffer(3 * nv), sim.outBuffer(3 * nv)];
  sim.siteJacobian(sim.id('site', 'tip'), translation, rotation);
  // The tip is 0.3 m along x from a joint about y: it moves down as the joint turns.
  assert.ok(Math.abs(translation.view()[2 * nv]! + 0.3) < 1e-12);
  assert.equal(rotation.view()[nv], 1);
  assert.throws(
    () => sim.siteJacobian(0, sim.outBuffer(3), rotation),
    expected('bad-shape', /expected a buffer of 21/),
  );
  const fake = { length: 3 * nv, view: () => new Float64Array(3 * nv) };
  assert.throws(() => sim.siteJacobian(0, fake, rotation), expected('bad-shape', /from outBuffer/));
  sim.close();
});

test('views detach when the heap grows; the ones of Sim stay alive', () => {
  const sim = open();
  const kept = sim.data('qpos');
  sim.data('qpos')[0] = 0.25;
  const buffer = sim.outBuffer(4);
  buffer.view()[0] = 7;
  const bytes = (): number => sim.data('qpos').buffer.byteLength;
  const before = bytes();
  const others: Sim[] = [];
  for (let i = 0; i < 40 && bytes() === before; i++) others.push(open(MODEL.replace('"1M"', '"64M"')));
  assert.ok(bytes() > before, 'the heap did not grow');
  assert.equal(kept.length, 0, 'the trap is gone: views survive');
  assert.equal(sim.data('qpos').length, 8);
  assert.equal(sim.data('qpos')[0], 0.25);
  assert.equal(sim.model('geom_type').length, 3);
  assert.equal(buffer.view()[0], 7);
  sim.step(3);
  for (const other of others) other.close();
  sim.close();
});

test('closing frees the memory: many models in turn do not grow the heap', () => {
  const probe = open();
  const bytes = (): number => probe.data('qpos').buffer.byteLength;
  const before = bytes();
  for (let i = 0; i < 100; i++) {
    const sim = open(MODEL.replace('"1M"', '"32M"'));
    sim.step();
    sim.close();
  }
  assert.ok(bytes() - before < 2 ** 27, `grew by ${bytes() - before} bytes over 100 models of 32 MB`);
  probe.close();
});

test('objects that are not deleted fill the heap: nothing collects them', async () => {
  const own = await ownModule();
  const fill = (): void => {
    const kept: unknown[] = [];
    while (kept.length < 100) kept.push(new own.MjData(own.MjModel.from_xml_string(MODEL.replace('"1M"', '"64M"'))));
  };
  assert.throws(fill, /Could not allocate memory/, 'the trap is gone: 100 models with data of 64 MB fit 2 GB');
});

test('what was taken from a deleted object reads freed memory, and what it owns must not be deleted', async () => {
  const own = await ownModule();
  const model = own.MjModel.from_xml_string(MODEL);
  const data = new own.MjData(model);
  const { opt } = model;
  assert.equal(opt.timestep, 0.005);
  model.delete();
  // The object itself says so, in the words of the bindings; its members say anything.
  assert.throws(() => own.mj_step(model, data), /deleted object/);
  assert.notEqual(opt.timestep, 0.005, 'the trap is gone: members outlive their owner');
  data.warning.delete();
  assert.throws(() => data.delete(), /Aborted/, 'the trap is gone: lists of a data object may be deleted');
});

test('a closed simulation answers with one clear error; closing twice is fine', () => {
  const sim = open();
  const buffer = sim.outBuffer(3);
  sim.close();
  sim.close();
  assert.equal(sim.closed, true);
  for (const use of [
    () => sim.step(),
    () => sim.data('qpos'),
    () => sim.model('geom_type'),
    () => sim.contacts(),
    () => sim.save(),
    () => sim.time,
    () => buffer.view(),
  ]) {
    assert.throws(use, expected('bad-argument', /got one that was closed/));
  }
  const other = open();
  other.step(5);
  other.close();
});

test('nconmax and njmax cost a gigabyte, not through Sim, and a huge arena is refused', async () => {
  const greedy =
    '<mujoco><size nconmax="5000" njmax="5000" nuserdata="3"/><worldbody><geom size=".1"/></worldbody></mujoco>';
  const own = await ownModule();
  const raw = own.MjModel.from_xml_string(greedy);
  assert.ok(raw.narena > 1.2e9, `the trap is gone: an arena of ${raw.narena} bytes`);
  raw.delete();
  assert.equal(limitArena(greedy, '64M').includes('<size memory="64M" nuserdata="3"/>'), true);
  assert.equal(limitArena(MODEL, '64M'), MODEL);
  const sim = Sim.fromXml(mujoco, greedy, { arena: '2M' });
  assert.equal(sim.count('narena'), 2 * 2 ** 20);
  sim.close();
  const huge = '<mujoco><size memory="600M"/><worldbody><geom size=".1"/></worldbody></mujoco>';
  assert.throws(() => Sim.fromXml(mujoco, huge), expected('bad-data', /at most 512 MB, got 600 MB/));
});

test('contacts are copied out each time they are asked for, and reading them does not leak', () => {
  const model = mujoco.MjModel.from_xml_string(MODEL);
  const data = new mujoco.MjData(model);
  mujoco.mj_step(model, data);
  const [first, second] = [data.contact, data.contact];
  assert.notEqual(first, second, 'the trap is gone: contacts are one list');
  const count = data.ncon;
  assert.ok(count > 0);
  // The crate is lifted: nothing touches, but the copy does not know.
  (data.qpos as Float64Array)[3] = 5;
  mujoco.mj_forward(model, data);
  assert.deepEqual([data.ncon, first.size()], [0, count], 'the trap is gone: contacts are live');
  for (const owned of [first, second, data, model]) owned.delete();

  const sim = open();
  sim.step(20);
  const contacts = sim.contacts();
  assert.equal(contacts.length, sim.contactCount);
  const [floor, crate] = [sim.id('geom', 'floor'), sim.id('geom', 'crate')];
  assert.ok(contacts.length >= 3);
  assert.ok(contacts.every(({ geom1, geom2 }) => geom1 === floor && geom2 === crate));
  assert.ok(contacts.every(({ distance }) => Math.abs(distance) < 0.01));
  const before = sim.data('qpos').buffer.byteLength;
  for (let i = 0; i < 20_000; i++) sim.contacts();
  assert.equal(sim.data('qpos').buffer.byteLength, before);
  sim.close();
});

test('a mistake in the model is an error that names the element and the line', () => {
  assert.throws(
    () => open('<mujoco>\n<worldbody>\n<geom/>\n</worldbody></mujoco>'),
    expected('bad-data', /size 0 must be positive in geom Element name '', id 0, line 3/),
  );
  assert.throws(
    () => open('<mujoco>\n<worldbody>\n\n<gem/>\n</worldbody></mujoco>'),
    expected('bad-data', /unrecognized element Element 'gem', line 4/),
  );
  // limitArena rewrites the text: lines stay where they are.
  assert.throws(
    () => open('<mujoco>\n<size nconmax="9"\n njmax="9"/>\n<worldbody>\n<geom/></worldbody></mujoco>'),
    expected('bad-data', /size 0 must be positive .* line 5/),
  );
  assert.throws(() => open('<mujoco><worldbody>'), expected('bad-data', /XML parse error/));
});

test('a simulation that diverges says so: MuJoCo itself resets without a word', () => {
  const sim = open();
  sim.step(10);
  sim.data('qvel')[0] = NaN;
  assert.throws(() => sim.step(10), expected('not-finite', /got a bad velocity/));
  // It was reset and goes on; a second time is told again.
  sim.step(10);
  sim.data('qvel')[2] = Infinity;
  assert.throws(() => sim.step(10), expected('not-finite', /got a bad velocity/));
  sim.step(10);
  sim.reset();
  sim.data('qpos')[0] = Infinity;
  assert.throws(
    () => {
      for (let i = 0; i < 3; i++) {
        sim.computePose();
        sim.actAndIntegrate();
      }
      sim.check();
    },
    expected('not-finite', /got a bad position/),
  );
  sim.reset();
  sim.data('ctrl')[0] = NaN;
  assert.throws(() => sim.step(), expected('not-finite', /control for actuator 0, got NaN/));
  sim.close();
});

test('looking for divergence does not touch what must not be deleted', () => {
  const sim = open();
  for (let i = 0; i < 5000; i++) {
    sim.reset();
    sim.check();
  }
  sim.step();
  sim.close();
});

test('what MuJoCo prints is kept, not shown', () => {
  mujoco.mju_printMat([1.5, 2.5], 1, 2);
  assert.ok(
    printedLines().some((line) => /1\.5/.test(line) && /2\.5/.test(line)),
    printedLines().join('\n'),
  );
});

test('names are found, a miss suggests the nearest', () => {
  const sim = open();
  assert.equal(sim.id('body', 'crate'), 2);
  assert.deepEqual(sim.namesOf('joint'), ['elbow', 'crate']);
  assert.throws(
    () => sim.id('joint', 'elbo'),
    (error) => error instanceof VlaError && error.code === 'not-found' && error.hint === 'Did you mean "elbow"?',
  );
  sim.close();
});

test('a saved state replays bit for bit, in the same and in another simulation of the model', () => {
  const run = (sim: Sim, steps: number): number[] => {
    for (let i = 0; i < steps; i++) {
      sim.data('ctrl')[0] = Math.sin(0.1 * i);
      sim.step(2);
    }
    return [...sim.data('qpos'), ...sim.data('qvel'), ...sim.data('xpos'), sim.time];
  };
  const sim = open();
  sim.data('qvel').set([0.4, 0.1, -0.2, 1, 0.5, 0.2], 1);
  run(sim, 20);
  const saved = sim.save();
  const first = run(sim, 60);
  sim.restore(saved);
  assert.deepEqual(run(sim, 60), first);
  const twin = open();
  twin.restore(saved);
  assert.deepEqual(run(twin, 60), first);
  assert.throws(() => twin.restore({ values: new Float64Array(3) }), expected('mismatch', /got 3/));
  sim.close();
  twin.close();
});
