/** @file A weight's numbers out of the file that it lies in, tensor by tensor: models of gigabytes are never read as a whole. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import { fromBfloat16, fromHalf } from '../base/half.ts';
import { f32, viewBytes, type DType, type Tensor } from '../base/tensor.ts';
import type { WeightContent } from '../engine/index.ts';

/** Where a weight lies: `file` relative to a folder. */
export type WeightPlace = Exclude<WeightContent, Tensor>;

/** The weight as it is stored: its own element type, and its axes in the file's order. */
export function readStored(folder: string, place: WeightPlace): Tensor {
  const { dtype, shape, offset, length } = place;
  const bytes = new Uint8Array(length);
  const file = path.join(folder, place.file);
  try {
    const handle = fs.openSync(file, 'r');
    try {
      // One read gives at most 2 GiB.
      for (let at = 0; at < length;) {
        const count = fs.readSync(handle, bytes, at, Math.min(length - at, 1 << 30), offset + at);
        if (count === 0) {
          throw new VlaError('bad-data', `${file}: expected ${length} bytes from byte ${offset}, got ${at}.`, {
            hint: 'The file was cut off; fetch it again.',
          });
        }
        at += count;
      }
    } finally {
      fs.closeSync(handle);
    }
  } catch (cause) {
    throw fileError('read', file, cause);
  }
  return { dtype, shape, data: viewBytes(dtype, bytes) } as Tensor;
}

/** The weight `name` in the order of axes that the model reads, as f32. Throws `unsupported` for what is no float. */
export function readFloats(folder: string, name: string, place: WeightPlace): Tensor<'f32'> {
  const stored = readStored(folder, place);
  const floats = widen(stored, `${path.join(folder, place.file)}: tensor "${name}"`);
  return place.swapped === true ? swapped(floats) : floats;
}

/** From the stored 16 bits to a number. */
const WIDEN: Readonly<Partial<Record<DType, (bits: number) => number>>> = { bf16: fromBfloat16, f16: fromHalf };

function widen({ dtype, shape, data }: Tensor, where: string): Tensor<'f32'> {
  if (dtype === 'f32') return f32(data as Float32Array<ArrayBuffer>, shape);
  const toNumber = WIDEN[dtype];
  if (toNumber !== undefined) return f32(Float32Array.from(data as Uint16Array, toNumber), shape);
  throw new VlaError('unsupported', `${where}: expected f32, bf16 or f16, got ${dtype}.`, {
    hint: 'Only float weights can be used.',
  });
}

/** The last two axes in each other's place. */
function swapped({ shape, data }: Tensor<'f32'>): Tensor<'f32'> {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const matrix = rows * columns;
  const out = data.map((_, i) => {
    const place = i % matrix;
    return data[i - place + (place % rows) * columns + Math.floor(place / rows)]!;
  });
  return f32(out, [...shape.slice(0, -2), columns, rows]);
}
