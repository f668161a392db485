/** @file Lists the tensors of a safetensors file: `node dist/examples/read-safetensors.js [file]`; without a file, of a small one. */

import fs from 'node:fs';
import { headerLength, encodeSafetensors, parseHeader } from 'vlakit/base/safetensors';
import { f32, zeros } from 'vlakit/base/tensor';

/** The head of the file alone: a model of gigabytes is listed without reading its numbers. */
function readHeader(file: string): ReturnType<typeof parseHeader> {
  const handle = fs.openSync(file, 'r');
  try {
    const prefix = new Uint8Array(8);
    fs.readSync(handle, prefix, 0, 8, 0);
    const head = new Uint8Array(headerLength(prefix, file));
    fs.readSync(handle, head, 0, head.length, 0);
    return parseHeader(head, fs.fstatSync(handle).size, file);
  } finally {
    fs.closeSync(handle);
  }
}

const file = process.argv[2];
const small = encodeSafetensors(
  { 'layer.weight': zeros('bf16', [2, 3]), 'layer.bias': f32([0.5, -0.5]) },
  { by: 'vlakit' },
);
const { tensors, metadata } = file === undefined ? parseHeader(small, small.length) : readHeader(file);
for (const [name, { dtype, shape, offset, length }] of Object.entries(tensors)) {
  console.log(`${name}: ${dtype} [${shape.join(', ')}], bytes ${offset} to ${offset + length}`);
}
console.log('metadata:', metadata);
