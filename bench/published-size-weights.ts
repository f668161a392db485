/** @file Random weights of a published size as a sharded bf16 checkpoint, written once, tensor by tensor. */

import fs from 'node:fs';
import path from 'node:path';
import { toBfloat16 } from '../src/base/half.ts';
import { Random } from '../src/base/random.ts';
import { headerLength, parseHeader } from '../src/base/safetensors.ts';
import { elementCount } from '../src/base/tensor.ts';
import { safetensorsWeights, type WeightContent } from '../src/engine/index.ts';
import type { ParameterSpec } from '../src/nn/parameters.ts';

const SHARDS = 2;
/** Normal numbers to choose from. */
const NORMALS = 65_536;
/** Numbers that are written at once. */
const PIECE = 1 << 22;
/** Spread of what starts as constant: biases about 0, norms about 1. */
const SMALL = 0.02;

type Leaf = readonly [name: string, spec: ParameterSpec];

/** Writes the checkpoint unless the folder has one. */
export function writeWeights(folder: string, leaves: readonly Leaf[], kind: WeightKind, seed: number): void {
  const files = Array.from({ length: SHARDS }, (_, i) =>
    path.join(folder, `model-0000${i + 1}-of-0000${SHARDS}.safetensors`),
  );
  if (files.every((file) => fs.existsSync(file))) return;
  fs.mkdirSync(folder, { recursive: true });
  const random = new Random(seed);
  const normals = Float32Array.from({ length: NORMALS }, () => random.normal());
  const draw = xorshift(random.bits() || 1);
  const total = leaves.reduce((sum, [, { shape }]) => sum + elementCount(shape), 0);
  let done = 0;
  const shards: Leaf[][] = files.map(() => []);
  for (const leaf of leaves) {
    shards[Math.min(SHARDS - 1, Math.floor((done / total) * SHARDS))]!.push(leaf);
    done += elementCount(leaf[1].shape);
  }
  const piece = new Uint16Array(PIECE);
  for (const [i, shard] of shards.entries()) {
    const temporary = `${files[i]}.tmp`;
    const file = fs.openSync(temporary, 'w');
    fs.writeSync(file, header(shard));
    for (const [name, spec] of shard) {
      const count = elementCount(spec.shape);
      const [mean, std] = distribution(kind, name, spec);
      const values = Uint16Array.from(normals, (x) => toBfloat16(mean + std * x));
      for (let at = 0; at < count; at += PIECE) {
        const part = piece.subarray(0, Math.min(PIECE, count - at));
        for (let k = 0; k < part.length; k++) part[k] = values[draw() >>> 16]!;
        fs.writeSync(file, part);
      }
    }
    fs.closeSync(file);
    fs.renameSync(temporary, files[i]!);
  }
}

/** All weights of a folder's shards, in place. */
export function shardedWeights(folder: string): Record<string, WeightContent> {
  const weights: Record<string, WeightContent> = {};
  for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.safetensors'))) {
    const file = fs.openSync(path.join(folder, name), 'r');
    const prefix = new Uint8Array(8);
    fs.readSync(file, prefix, 0, 8, 0);
    const bytes = new Uint8Array(headerLength(prefix, name));
    fs.readSync(file, bytes, 0, bytes.length, 0);
    Object.assign(weights, safetensorsWeights(parseHeader(bytes, fs.fstatSync(file).size, name), name));
    fs.closeSync(file);
  }
  return weights;
}

/**
 * `initial`: what training would start from, with a little noise in constants. `stress`: every matrix keeps the variance of what it
 * multiplies, also those that start small so that their branch is a small correction.
 */
export type WeightKind = 'initial' | 'stress';

function distribution(kind: WeightKind, name: string, { shape, init }: ParameterSpec): readonly [number, number] {
  if (init === 'ones') return [1, SMALL];
  if (init === 'zeros') return [0, SMALL];
  if (init.kind === 'values') return [0, 0.5];
  if (kind === 'initial' || shape.length < 2 || /embed|table|position/.test(name)) return [0, init.std];
  // [out, in …] as in PyTorch, or [1, in, out] with a leading axis for the robot.
  const inputs = shape.length === 3 && shape[0] === 1 ? shape[1]! : elementCount(shape.slice(1));
  return [0, 1 / Math.sqrt(inputs)];
}

function header(shard: readonly Leaf[]): Uint8Array {
  const entries: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, { shape }] of shard) {
    const length = 2 * elementCount(shape);
    entries[name] = { dtype: 'BF16', shape, data_offsets: [offset, offset + length] };
    offset += length;
  }
  const text = new TextEncoder().encode(JSON.stringify(entries));
  const bytes = new Uint8Array(Math.ceil((8 + text.length) / 64) * 64).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(text, 8);
  return bytes;
}

/** 32 random bits at a time (Marsaglia 2003), multiplied so that the upper half is well mixed: billions are needed. */
function xorshift(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.imul(state, 0x9e3779b1);
  };
}
