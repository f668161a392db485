/** @file Weight files: single and in shards, and every way in which shards and index can disagree, named by file and tensor. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { randomTensors, shardName, writeJson, writeWeights } from '../../tests/published-folders.ts';
import { encodeSafetensors } from '../base/safetensors.ts';
import { f32 } from '../base/tensor.ts';
import { openWeightFiles, requireWhole, weightStems } from './weight-files.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'weight-files-'));
after(() => fs.rmSync(root, { recursive: true }));

const tensors = randomTensors({
  'a.weight': { dtype: 'bf16', shape: [3, 2] },
  'b.weight': { dtype: 'f16', shape: [4] },
  'c.weight': { dtype: 'f32', shape: [2, 2] },
  'd.weight': { dtype: 'f32', shape: [5] },
});
const [first, second] = [shardName('model', 0, 2), shardName('model', 1, 2)];
const INDEX = 'model.safetensors.index.json';

function sharded(name: string): string {
  const folder = path.join(root, name);
  writeWeights(folder, 'model', tensors, 2);
  return folder;
}

/** The messages of a folder's problems, without the folder. */
function problems(folder: string, stems: readonly string[] = ['model']): string[] {
  return openWeightFiles(folder, stems).problems.map(({ message }) => message.replaceAll(`${folder}/`, ''));
}

function editIndex(
  folder: string,
  edit: (index: { weight_map: Record<string, string>; metadata: object }) => void,
): void {
  const index = JSON.parse(fs.readFileSync(path.join(folder, INDEX), 'utf8')) as Parameters<typeof edit>[0];
  edit(index);
  writeJson(folder, INDEX, index);
}

test('a single file and shards give the same tensors, each with its file', () => {
  const whole = path.join(root, 'single');
  writeWeights(whole, 'model', tensors);
  const one = openWeightFiles(whole, ['model']);
  const two = openWeightFiles(sharded('whole'), ['model']);
  requireWhole(one);
  requireWhole(two);
  assert.deepEqual(Object.keys(two.tensors).sort(), Object.keys(one.tensors).sort());
  assert.deepEqual(
    two.files.map(({ name }) => name),
    [first, second],
  );
  assert.equal(two.tensors['c.weight']!.file, second);
  assert.deepEqual(two.tensors['a.weight']!.shape, [3, 2]);
  assert.deepEqual(one.files[0]!.metadata, { format: 'pt' });
  assert.deepEqual(weightStems(two.folder), ['model']);
});

test('a missing shard is named, with what it should hold', () => {
  const folder = sharded('missing');
  fs.rmSync(path.join(folder, second));
  const { problems: found, tensors: rest } = openWeightFiles(folder, ['model']);
  assert.equal(found.length, 1);
  assert.equal(found[0]!.message, `${path.join(folder, second)}: expected this shard, got no such file.`);
  assert.equal(found[0]!.hint, `${INDEX} places 2 tensors in it: fetch it again.`);
  assert.deepEqual(Object.keys(rest), ['a.weight', 'b.weight']);
  assert.throws(() => requireWhole(openWeightFiles(folder, ['model'])), { code: 'not-found' });
});

test('a shard without a tensor that the index names, or with one that it does not', () => {
  const folder = sharded('lacking');
  editIndex(folder, ({ weight_map: map }) => {
    map['e.weight'] = second;
    delete map['a.weight'];
  });
  assert.deepEqual(problems(folder), [
    `${first}: tensor "a.weight" is not in ${INDEX}.`,
    `${second}: expected tensor "e.weight", got none.`,
  ]);
});

test('a shard that was cut off is named with the tensor that does not end in it', () => {
  const folder = sharded('cut');
  const file = path.join(folder, first);
  fs.truncateSync(file, fs.statSync(file).size - 3);
  const [message] = problems(folder);
  assert.match(message!, new RegExp(`^${first}: tensor "b.weight": expected to end within the file's \\d+ bytes`));
  fs.truncateSync(file, 20);
  assert.match(problems(folder)[0]!, new RegExp(`^${first}: expected a header of \\d+ bytes, got 20 bytes in all`));
  fs.truncateSync(file, 0);
  assert.match(problems(folder)[0]!, new RegExp(`^${first}: expected a safetensors file, got 0 bytes`));
});

test('an index of other weights is told by its total', () => {
  const folder = sharded('total');
  editIndex(folder, (index) => (index.metadata = { total_size: 1 }));
  assert.deepEqual(problems(folder), [`${INDEX}: expected 1 bytes of tensors, got 56 in its shards.`]);
});

test('an index that is damaged, or points elsewhere, is refused', () => {
  const folder = sharded('damaged');
  fs.truncateSync(path.join(folder, INDEX), 30);
  assert.match(problems(folder)[0]!, new RegExp(`^${INDEX}: expected JSON`));
  writeJson(folder, INDEX, { weight_map: ['a'] });
  writeJson(folder, INDEX, { weight_map: { a: 1 } });
  assert.match(problems(folder)[0]!, /expected a weight_map of tensor to file names/);
  writeJson(folder, INDEX, { weight_map: { a: '../elsewhere.safetensors' } });
  assert.match(problems(folder)[0]!, /expected names of safetensors files beside it, got "\.\.\/elsewhere/);
});

test('one tensor in two files, and a folder without weights', () => {
  const folder = sharded('twice');
  fs.writeFileSync(path.join(folder, 'expert.safetensors'), encodeSafetensors({ 'a.weight': f32([1]) }));
  assert.deepEqual(problems(folder, ['model', 'expert']), [
    `expert.safetensors: tensor "a.weight" is in ${first} as well.`,
  ]);
  const empty = path.join(root, 'empty');
  fs.mkdirSync(empty);
  assert.match(problems(empty)[0]!, /expected model\.safetensors or model\.safetensors\.index\.json, got neither/);
});
