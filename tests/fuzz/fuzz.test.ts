/** @file A seeded sample of bad messages and bad conversations for every protocol, and tests of the fuzzer itself. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import { fuzz, type FuzzTarget } from './fuzz.ts';
import { badMessage } from './mutate.ts';
import { fuzzSocket } from './sockets.ts';
import { SOCKET_TARGETS } from './socket-targets.ts';
import { FUZZ_TARGETS } from './targets.ts';

/** A sample; bench/fuzz.ts has more. */
const INPUTS = 3000;
const CONVERSATIONS = 50;
const SEED = 5;

for (const [name, load] of Object.entries(FUZZ_TARGETS)) {
  test(`${name}: bad messages are refused, and nothing else happens`, async () => {
    const report = await fuzz(await load(), INPUTS, SEED);
    assert.deepEqual(report.findings, []);
    assert.ok(report.read < report.inputs / 2, `${report.read} of ${report.inputs} were read`);
    assert.ok(report.read > 0, 'some changes do no harm: the decoder is reached');
    assert.deepEqual(Object.keys(Object.prototype), []);
  });
}

for (const [name, start] of Object.entries(SOCKET_TARGETS)) {
  test(`${name}: bad conversations do not keep good clients from being served`, async (t) => {
    const target = await start();
    t.after(() => target.close());
    const report = await fuzzSocket(target, CONVERSATIONS, SEED);
    assert.equal(report.served, 1);
  });
}

test('the same seed makes the same bad messages, and each is another', () => {
  const material = { seeds: [Buffer.from('a good message')], pieces: [Buffer.from('piece')], longest: 1000 };
  const make = (index: number): string => Buffer.from(badMessage(new Random(1, index), material)).toString('latin1');
  const first = Array.from({ length: 200 }, (_, i) => make(i));
  assert.deepEqual(
    Array.from({ length: 200 }, (_, i) => make(i)),
    first,
  );
  assert.ok(new Set(first).size > 190);
});

test('a decoder that fails is found', async () => {
  const target: FuzzTarget = {
    seeds: [Buffer.from([1, 2, 3, 4])],
    pieces: [],
    decode(bytes) {
      if (bytes[0] !== 1) throw new VlaError('bad-data', 'refused');
      if (bytes.length > 4) return (null as unknown as { length: number }).length;
      return bytes;
    },
  };
  const { findings } = await fuzz(target, 1000, SEED);
  assert.match(findings[0]!, /input \d+: TypeError/);
});
