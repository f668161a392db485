/** @file Golden tensors: files under tests/golden, and how far results are from them. */

import fs from 'node:fs';
import path from 'node:path';
import { decodeSafetensors } from '../src/base/safetensors.ts';
import type { Tensor } from '../src/base/tensor.ts';
import { repositoryRoot } from './shared-data.ts';

/** The tensors of tests/golden/<name>.safetensors. */
export function goldenTensors(name: string): Record<string, Tensor> {
  const file = path.join(repositoryRoot, 'tests/golden', `${name}.safetensors`);
  return decodeSafetensors(fs.readFileSync(file), file).tensors;
}

/** The largest difference between elements of two tensors of one shape; NaN counts as infinite. */
export function largestDifference(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) throw new Error(`shapes [${a.shape.join()}] and [${b.shape.join()}]`);
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) {
    const difference = Math.abs(Number(a.data[i]) - Number(b.data[i]));
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}
