/** @file Supervision heads: their losses by hand, and rows without a target. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { f32, type Tensor } from '../../base/tensor.ts';
import { createSession, input, output, trace, type Value } from '../../engine/index.ts';
import { asInputs, flatten, mapTree, type ParameterSpec } from '../../nn/parameters.ts';
import { supervisionInputs, supervisionLosses, supervisionSpec, type SupervisionConfig } from './supervision-heads.ts';

const heads: SupervisionConfig = {
  where: { kind: 'pointer', input: 'patch', weight: 1, camera: 'front' },
  place: { kind: 'values', input: 'goal', weight: 1, size: 2, mask: 'hasGoal' },
  next: { kind: 'class', input: 'subtask', weight: 1, classes: 3 },
};
const layout = {
  length: 5,
  images: [{ camera: 'front', start: 1, count: 2, rows: 1, columns: 2 }],
  positions: [],
};
const [B, D] = [2, 2];
const spec = supervisionSpec(heads, D);

/** The losses where every affine map is the identity (the class head adds a third row of zeros). */
async function losses(targets: Readonly<Record<string, Tensor>>): Promise<Record<string, number>> {
  const sizes = supervisionInputs(heads, layout);
  const graph = trace(() => {
    const inputs = Object.fromEntries(
      Object.entries(sizes).map(([name, size]): [string, Value] => [name, input(name, 'f32', [B, size])]),
    );
    const hidden = input('hidden', 'f32', [B, 5, D]);
    const readout = input('readout', 'f32', [B, D]);
    const found = supervisionLosses(asInputs(spec), heads, { hidden, readout, layout, inputs });
    for (const [name, loss] of Object.entries(found)) output(`loss.${name}`, loss);
  });
  const identity = mapTree(spec, ({ shape }: ParameterSpec) =>
    f32(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) =>
        shape.length === 2 && Math.floor(i / D) === i % D ? 1 : 0,
      ),
      shape,
    ),
  );
  const session = await createSession(graph, { runtime: 'reference' });
  const hidden = f32(
    Float32Array.from({ length: B * 5 * D }, (_, i) => i % 7),
    [B, 5, D],
  );
  const results = await session.run({
    ...Object.fromEntries(flatten<Tensor>(identity)),
    hidden,
    readout: f32([1, 2, 0.5, -1], [B, D]),
    ...targets,
  });
  return Object.fromEntries(Object.keys(heads).map((name) => [name, Number(results[`loss.${name}`]!.data[0])]));
}

const none = {
  patch: f32([0, 0, 0, 0], [B, 2]),
  goal: f32([9, 9, 9, 9], [B, 2]),
  hasGoal: f32([0, 0], [B, 1]),
  subtask: f32([0, 0, 0, 0, 0, 0], [B, 3]),
};

test('heads say which inputs they read', () => {
  assert.deepEqual(supervisionInputs(heads, layout), { patch: 2, goal: 2, hasGoal: 1, subtask: 3 });
});

test('losses are what they are by hand', async () => {
  const logSum = (...x: number[]): number => Math.log(x.reduce((sum, value) => sum + Math.exp(value), 0));
  const found = await losses({
    // Of the second sample only: image tokens are places 1 and 2 of its sequence, [5, 6] and [0, 1]; its query is [0.5, −1].
    patch: f32([0, 0, 0, 1], [B, 2]),
    goal: f32([0, 0, 9, 9], [B, 2]),
    hasGoal: f32([1, 0], [B, 1]),
    subtask: f32([0, 1, 0, 0, 0, 1], [B, 3]),
  });
  const logits = [5 * 0.5 - 6, -1].map((logit) => logit / Math.SQRT2);
  const near = (name: string, expected: number): void =>
    assert.ok(Math.abs(found[name]! - expected) < 1e-5, `${name}: ${found[name]}, expected ${expected}`);
  near('where', logSum(...logits) - logits[1]!);
  near('place', (1 + 4) / 2);
  near('next', (logSum(1, 2, 0) - 2 + logSum(0.5, -1, 0)) / 2);
});

test('where there is no target there is no loss', async () => {
  for (const [name, loss] of Object.entries(await losses(none))) assert.ok(loss === 0, name);
});
