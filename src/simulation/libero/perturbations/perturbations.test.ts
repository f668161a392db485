/** @file What each perturbation changes of a task, and that it changes nothing else. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { composedTask, composedTasks, packFiles } from '../../../../tests/libero-tasks.ts';
import { skipReason } from '../../../../tests/shared-data.ts';
import { Random } from '../../../base/random.ts';
import { normaliseQuaternion, rotateVector, type Quaternion, type Vector3 } from '../../../base/rotation.ts';
import { objectClass } from '../object-catalogue.ts';
import { LIBERO_SUITES, suiteTasks } from '../suites.ts';
import type { LiberoTask } from '../task-model.ts';
import { elementsOf, numbersOf, readXml, type XmlNode } from '../xml-tree.ts';
import { surfaceHeight } from './camera.ts';
import { DISTRACTORS, freeCategories } from './distractors.ts';
import { LIBERO_PERTURBATIONS, perturbEpisode } from './index.ts';
import { pilesOf } from './layout.ts';
import { paraphrased } from './paraphrase.ts';

const skip = skipReason('libero');
const files = packFiles;

/** One task per arena of the pack. */
function examples(): LiberoTask[] {
  const seen = new Map(composedTasks().map(([suite, name]) => [suite, name]));
  return [...seen].map(([suite, name]) => composedTask(suite, name));
}

const perturb = (name: string, task: LiberoTask, seed = 3): LiberoTask =>
  perturbEpisode(name, seed, { task, instruction: task.language, files }).task;

/** Every element by tag and name (or place), with its attributes in one text. */
function described(xml: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (node: XmlNode, place: string): void => {
    const attributes = [...node.attributes]
      .map(([name, value]) => `${name}=${numbers(value)}`)
      .sort((a, b) => (a < b ? -1 : 1));
    found.set(place, attributes.join(' '));
    const counts = new Map<string, number>();
    for (const child of node.children) {
      const base = `${child.tag}:${child.attributes.get('name') ?? ''}`;
      const count = (counts.get(base) ?? 0) + 1;
      counts.set(base, count);
      visit(child, `${place}/${base}${count > 1 ? `#${count}` : ''}`);
    }
  };
  visit(readXml(xml, 'test'), '');
  return found;
}

/** ".9 1." and "0.9 1" are the same. */
const numbers = (text: string): string =>
  /^[\s\d.e+-]+$/.test(text) && text.trim() !== '' ? text.trim().split(/\s+/).map(Number).join(' ') : text;

/** `tag:name` of the elements that differ, come or go. */
function differing(before: string, after: string): string[] {
  const [a, b] = [described(before), described(after)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((place) => a.get(place) !== b.get(place))
    .map((place) => place.slice(place.lastIndexOf('/') + 1))
    .sort((x, y) => (x < y ? -1 : 1));
}

test('a perturbation is the same for the same seed and another for another', { skip }, () => {
  const [task] = examples();
  for (const [name, { task: change }] of Object.entries(LIBERO_PERTURBATIONS)) {
    const at = (seed: number): string => perturb(name, task!, seed).xml;
    assert.equal(at(5), at(5), name);
    if (change === undefined) assert.equal(at(5), task!.xml, `${name} leaves the model alone`);
    else assert.ok(new Set([5, 6, 7, 8].map(at)).size > 1, name);
  }
  assert.throws(() => perturb('moved-camra', task!), { code: 'not-found', hint: /moved-camera/ });
});

test('the camera moves on a sphere around what it looks at, stays upright, and nothing else changes', { skip }, () => {
  for (const task of examples()) {
    for (let seed = 0; seed < 10; seed++) {
      const { xml } = perturb('moved-camera', task, seed);
      assert.deepEqual(differing(task.xml, xml), ['camera:agentview']);
      const [before, after] = [lookingAt(task, task.xml), lookingAt(task, xml)];
      const apart = (a: Vector3, b: Vector3): number => Math.hypot(...a.map((value, i) => value - b[i]!));
      assert.ok(apart(before.at, after.at) < 1e-9, 'it looks at the same place');
      const ratio = apart(after.eye, after.at) / apart(before.eye, before.at);
      assert.ok(ratio > 0.94 && ratio < 1.11, `distance ${ratio}`);
      const degrees = (Math.acos(dot(before.gaze, after.gaze)) * 180) / Math.PI;
      assert.ok(degrees > 6 && degrees < 22, `turned by ${degrees}`);
      assert.ok(Math.abs(after.right[2]) < 1e-6, 'the horizon stays level');
      assert.ok(after.eye[2] > surfaceHeight(task) + 0.3);
    }
  }
});

const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** The scene camera of a model, and the place at the surface's height that it looks at. */
function lookingAt(task: LiberoTask, xml: string): Record<'eye' | 'gaze' | 'right' | 'at', Vector3> {
  const camera = [...elementsOf(readXml(xml, ''), 'camera')].find(
    ({ attributes }) => attributes.get('name') === 'agentview',
  )!;
  const eye = numbersOf(camera, 'pos') as unknown as Vector3;
  const orientation = normaliseQuaternion(numbersOf(camera, 'quat') as unknown as Quaternion);
  const gaze = rotateVector(orientation, [0, 0, -1]);
  const reach = (surfaceHeight(task) - eye[2]) / gaze[2];
  const at = [0, 1, 2].map((i) => eye[i]! + reach * gaze[i]!) as unknown as Vector3;
  return { eye, gaze, right: rotateVector(orientation, [1, 0, 0]), at };
}

test('light changes lamps and head light alone', { skip }, () => {
  for (const task of examples()) {
    const strengths = new Set<string>();
    for (let seed = 0; seed < 8; seed++) {
      const { xml } = perturb('changed-light', task, seed);
      const changed = differing(task.xml, xml);
      assert.deepEqual(
        changed.map((one) => one.replace(/:.*/, '')),
        ['headlight', 'light', 'light'],
      );
      const [lamp] = elementsOf(readXml(xml, ''), 'light');
      const factor = numbersOf(lamp!, 'diffuse')[0]! / 0.8;
      assert.ok((factor > 0.29 && factor < 0.7) || (factor > 1.1 && factor < 1.85), `factor ${factor}`);
      strengths.add(factor < 1 ? 'dim' : 'bright');
    }
    assert.equal(strengths.size, 2);
  }
});

test('textures change on walls, floor and table alone', { skip }, () => {
  for (const task of examples()) {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 8; seed++) {
      const changed = differing(task.xml, perturb('changed-textures', task, seed).xml);
      assert.ok(changed.length >= 3, changed.join());
      for (const one of changed) {
        assert.match(one, /^(material|texture):/);
        kinds.add(one.split(':')[0]!);
        const name = one.slice(one.indexOf(':') + 1);
        assert.ok(!/^(robot0|gripper0|mount0)_/.test(name), name);
        for (const object of Object.keys(task.objects)) assert.ok(!name.startsWith(`${object}_`), name);
      }
    }
    assert.deepEqual(kinds, new Set(['material', 'texture']));
  }
});

test('distractors come last, two of them, of categories that the task has not', { skip }, () => {
  for (const task of examples()) {
    const after = perturb('distractors', task);
    const names = Object.keys(after.objects).filter((name) => !(name in task.objects));
    assert.equal(names.length, 2);
    const classes = Object.values(task.objects).map(({ className }) => className);
    for (const name of names) {
      assert.ok(!classes.includes(after.objects[name]!.className), name);
      assert.match(name, /^distractor_/);
    }
    const bodies = (xml: string): string[] =>
      [...elementsOf(readXml(xml, ''), 'worldbody')][0]!.children
        .filter(({ tag }) => tag === 'body')
        .map(({ attributes }) => attributes.get('name')!);
    assert.deepEqual(bodies(after.xml), [...bodies(task.xml), ...names.map((name) => `${name}_main`)]);
    const own = differing(task.xml, after.xml).filter((one) => !one.includes('distractor_'));
    assert.deepEqual(
      own.filter((one) => !one.endsWith(':')),
      [],
      'what was there stays',
    );
    assert.deepEqual([after.goal, after.sites, after.placements], [task.goal, task.sites, task.placements]);
  }
  for (const [suite, name] of composedTasks()) {
    assert.ok(freeCategories(composedTask(suite, name)).length >= 2, name);
  }
  assert.deepEqual(
    Object.keys(DISTRACTORS).map((category) => objectClass(category).freeJoint),
    [true, true, true, true],
  );
});

test('paraphrases of all 130 instructions keep things and places, and never become another task’s', () => {
  const all = new Map(
    LIBERO_SUITES.flatMap((suite) => suiteTasks(suite).map(({ instruction }) => [instruction, suite])),
  );
  assert.ok(all.size > 100);
  const verbs = /\b(pick up|turn on|turn off|place|put|open|close|stack|push)\b/;
  const owners = new Map<string, string>();
  for (const instruction of all.keys()) {
    const others = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const words = paraphrased(instruction, new Random(seed, 1));
      others.add(words);
      assert.ok(!all.has(words), `"${words}" is an instruction itself`);
      const owner = owners.get(words) ?? instruction;
      owners.set(words, instruction);
      assert.equal(unverbed(owner), unverbed(instruction), `"${words}" means two tasks`);
      // Between the verbs, nothing is lost and the order stays.
      let at = 0;
      for (const part of instruction.split(verbs).filter((_, i) => i % 2 === 0)) {
        const found = words.indexOf(part.trim(), at);
        assert.ok(found >= 0, `"${words}" lacks "${part}"`);
        at = found + part.trim().length;
      }
    }
    assert.ok(others.size >= 10, `${instruction}: ${others.size}`);
  }
});

/** "put" and "place" are the same to LIBERO: two suites ask for the same thing in both ways. */
const unverbed = (instruction: string): string => instruction.replaceAll(/\b(place|put)\b/g, 'put');

test('what lies on other things moves with them; what is in or on fixtures does not move', { skip }, () => {
  const task = (part: string): LiberoTask => {
    const [suite, name] = composedTasks().find(([, one]) => one.includes(part))!;
    return composedTask(suite, name);
  };
  const piles = (part: string): Record<string, readonly string[]> =>
    Object.fromEntries(pilesOf(task(part)).map(({ joint, carried }) => [joint.replace('_joint0', ''), carried]));
  assert.deepEqual(piles('on_the_cookie_box')['cookies_1'], ['akita_black_bowl_1_joint0']);
  const drawer = piles('in_the_top_drawer_of_the_wooden');
  assert.ok(!('akita_black_bowl_1' in drawer) && 'plate_1' in drawer);
  assert.ok(!('akita_black_bowl_1' in piles('pick_up_the_black_bowl_on_the_stove')));
});
