/** @file Fields of a message as cameras, state and instruction: names, ways into maps, mapping files, and pictures in other forms. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { toyEmbodiment } from '../../tests/serving/toy-policy.ts';
import { fieldAt, mappingFor, observationFromWire, readMappingFile } from './observation-mapping.ts';
import { openpiMapping } from './openpi/openpi-messages.ts';
import { DEFAULT_WIRE_LIMITS } from './wire/limits.ts';
import { NumericArray } from '../base/numeric-array.ts';

const robot = toyEmbodiment({ imageSize: 2 });
const state = NumericArray.ofFloats(Float32Array.of(1, 2), [2]);
const image = NumericArray.ofBytes(
  Uint8Array.from({ length: 12 }, (_, i) => i),
  [2, 2, 3],
);

test('a name is a key, or the way to one', () => {
  assert.equal(fieldAt({ 'a/b': 1, a: { b: 2 } }, 'a/b'), 1);
  assert.equal(fieldAt({ a: { 'b.c': { d: 3 } } }, 'a.b.c/d'), 3);
  assert.equal(fieldAt({ a: { b: 2 } }, 'a/c'), undefined);
  assert.equal(fieldAt({ a: {} }, 'a/constructor'), undefined);
  assert.equal(fieldAt({}, 'toString'), undefined);
});

test('planes and floats give the picture that bytes with the colours last give', () => {
  const planes = Uint8Array.from({ length: 12 }, (_, i) => image.bytes[(i % 4) * 3 + Math.floor(i / 4)]!);
  const floats = (type: 'f4' | 'f8'): NumericArray => {
    const numbers = Array.from(image.bytes, (value) => (value + 0.5) / 255);
    const data = type === 'f4' ? Float32Array.from(numbers) : Float64Array.from(numbers);
    return new NumericArray(type, [1, 2, 2, 3], new Uint8Array(data.buffer));
  };
  for (const front of [image, NumericArray.ofBytes(planes, [3, 2, 2]), floats('f4'), floats('f8')]) {
    const seen = observationFromWire(
      { front, wrist: image, state, prompt: 'go' },
      openpiMapping(robot),
      robot,
      DEFAULT_WIRE_LIMITS,
    );
    assert.deepEqual(seen.images['front'], { width: 2, height: 2, data: image.bytes });
  }
  for (const value of [-0.01, 1.01, NaN]) {
    const front = NumericArray.ofFloats(new Float32Array(12).fill(value), [2, 2, 3]);
    const message = { front, wrist: image, state, prompt: 'go' };
    assert.throws(
      () => observationFromWire(message, openpiMapping(robot), robot, DEFAULT_WIRE_LIMITS),
      /floats from 0 to 1/,
    );
  }
});

test('a mapping file replaces what it names, and is refused where it names what is not there', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-mapping-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = (content: string): string => {
    const at = path.join(folder, 'mapping.json');
    fs.writeFileSync(at, content);
    return at;
  };
  const changes = readMappingFile(file('{"images": {"front": ["eye", "eyes/0"]}, "state": ["arm", "hand"]}'));
  const mapping = mappingFor(robot, openpiMapping(robot), changes);
  const message = { eyes: { 0: image }, wrist: image, arm: [1], hand: 2, prompt: 'go' };
  const seen = observationFromWire(message, mapping, robot, DEFAULT_WIRE_LIMITS);
  assert.deepEqual([seen.state, seen.instruction], [Float32Array.of(1, 2), 'go']);
  const strange = readMappingFile(file('{"images": {"top": "eye"}}'));
  assert.throws(() => mappingFor(robot, openpiMapping(robot), strange), /expected cameras of front, wrist, got top/);
  for (const content of ['{"image": {}}', '{"images": 3}', '[', '{"state": []}']) {
    assert.throws(() => readMappingFile(file(content)), /mapping\.json: /);
  }
});
