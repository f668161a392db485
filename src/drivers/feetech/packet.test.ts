/** @file Packets: as Feetech's SDK makes them, and found again in streams with noise, losses and false headers. */

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { readJson } from '../../base/files.ts';
import { Random } from '../../base/random.ts';
import { BROADCAST_ID, INSTRUCTION, PacketReader, alarmsOf, encodePacket, type StatusPacket } from './packet.ts';
import { REGISTERS, decodeValue, encodeValue, type RegisterName } from './registers.ts';

const golden = readJson<{ packets: Record<string, number[]>; signs: [RegisterName, number, number][] }>(
  path.join(repositoryRoot, 'tests/golden/feetech.json'),
);

function all(reader: PacketReader, ended = false): StatusPacket[] {
  const found: StatusPacket[] = [];
  for (let packet = reader.next(ended); packet !== null; packet = reader.next(ended)) found.push(packet);
  return found;
}

test('packets are those of Feetech’s SDK', () => {
  const { presentPosition, goalPosition, homingOffset, torqueEnable } = REGISTERS;
  const goals = [0, 1023, 2048, 3000, 4095, 1].flatMap((goal, i) => [i + 1, ...encodeValue('goalPosition', goal)]);
  const made: Record<string, Uint8Array> = {
    'ping 1': encodePacket(1, INSTRUCTION.ping),
    'read 6 presentPosition': encodePacket(6, INSTRUCTION.read, [presentPosition.address, 2]),
    'write 3 torqueEnable 1': encodePacket(3, INSTRUCTION.write, [torqueEnable.address, 1]),
    'write 2 goalPosition 2048': encodePacket(2, INSTRUCTION.write, [
      goalPosition.address,
      ...encodeValue('goalPosition', 2048),
    ]),
    'write 5 homingOffset -1234': encodePacket(5, INSTRUCTION.write, [
      homingOffset.address,
      ...encodeValue('homingOffset', -1234),
    ]),
    'syncRead presentPosition': encodePacket(BROADCAST_ID, INSTRUCTION.syncRead, [
      presentPosition.address,
      2,
      1,
      2,
      3,
      4,
      5,
      6,
    ]),
    'syncWrite goalPosition 0,1023,2048,3000,4095,1': encodePacket(BROADCAST_ID, INSTRUCTION.syncWrite, [
      goalPosition.address,
      2,
      ...goals,
    ]),
  };
  assert.deepEqual(Object.fromEntries(Object.entries(made).map(([name, bytes]) => [name, [...bytes]])), golden.packets);
});

test('signed values are those of LeRobot', () => {
  assert.ok(golden.signs.length >= 20);
  for (const [name, value, raw] of golden.signs) {
    assert.deepEqual(encodeValue(name, value), [raw & 255, raw >> 8], `${name} ${value}`);
    assert.equal(decodeValue(name, [raw & 255, raw >> 8]), value);
  }
});

test('a value that does not fit is refused', () => {
  for (const [name, value] of [
    ['homingOffset', 2048],
    ['homingOffset', -2048],
    ['goalPosition', 0.5],
    ['goalPosition', NaN],
    ['torqueEnable', 256],
    ['torqueLimit', -1],
  ] as const) {
    assert.throws(() => encodeValue(name, value), /expected a whole number from/, `${name} ${value}`);
  }
});

test('a stream in any pieces gives the packets that were put in', () => {
  const random = new Random(3);
  for (let round = 0; round < 300; round++) {
    const sent = Array.from({ length: 1 + random.integer(5) }, () => ({
      id: random.integer(254),
      error: random.integer(256),
      parameters: Uint8Array.from({ length: random.integer(5) }, () => random.integer(256)),
    }));
    const bytes = sent.flatMap(({ id, error, parameters }) => [...encodePacket(id, error, parameters)]);
    const reader = new PacketReader(4);
    const found: StatusPacket[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.integer(7);
      reader.push(Uint8Array.from(bytes.slice(at, at + size)));
      found.push(...all(reader));
      at += size;
    }
    assert.deepEqual(found, sent);
    assert.equal(reader.noise, 0);
  }
});

test('noise of any kind between packets costs no packet', () => {
  const random = new Random(4);
  for (let round = 0; round < 500; round++) {
    const sent: StatusPacket[] = [];
    const reader = new PacketReader(2);
    for (let i = 0; i < 4; i++) {
      // Noise that is itself a header, a broken packet, or anything; never one with a right checksum.
      const whole = encodePacket(random.integer(254), 0, [random.integer(256), random.integer(256)]);
      const broken = whole.slice(0, 1 + random.integer(whole.length - 1));
      const junk = [
        broken,
        Uint8Array.of(255),
        Uint8Array.of(255, 255),
        Uint8Array.of(255, 255, 1, 200),
        whole.slice(1),
      ];
      reader.push(junk[random.integer(junk.length)]!);
      const packet = { id: i + 1, error: 0, parameters: Uint8Array.of(random.integer(256), random.integer(256)) };
      sent.push(packet);
      reader.push(encodePacket(packet.id, packet.error, packet.parameters));
    }
    const found = [...all(reader), ...all(reader, true)];
    const kept = found.filter(({ id, parameters }) =>
      sent.some((packet) => packet.id === id && packet.parameters.join() === parameters.join()),
    );
    assert.equal(kept.length, sent.length);
  }
});

test('a turned bit is never taken for an answer', () => {
  const packet = encodePacket(5, 0, [18, 7]);
  for (let bit = 0; bit < 8 * packet.length; bit++) {
    const bytes = packet.slice();
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const reader = new PacketReader(2);
    reader.push(bytes);
    assert.deepEqual(all(reader, true), [], `bit ${bit}`);
    assert.equal(reader.noise, packet.length);
  }
});

test('alarms have words', () => {
  assert.deepEqual(alarmsOf(0), []);
  assert.deepEqual(alarmsOf(0b100101), ['voltage', 'temperature', 'overload']);
});
