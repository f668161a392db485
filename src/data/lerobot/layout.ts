/** @file How a LeRobot v3.0 data file is laid out: parquet schema, Hugging Face feature description, cells. */

import { VlaError } from '../../base/errors.ts';
import type { Feature } from '../../interfaces/episode.ts';
import { columnSchema, imageSchema, tableSchema, type ParquetLayout } from '../parquet/write.ts';
import { STANDARD_FEATURES, featureSize, isCamera } from './info.ts';

/** A column of one episode, as workers prepare it: typed numbers row-major [length, size], or texts. */
export type ColumnData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | readonly string[];

const LEAVES = {
  float32: 'FLOAT',
  float64: 'DOUBLE',
  int32: 'INT32',
  int64: 'INT64',
  bool: 'BOOLEAN',
  string: 'UTF8',
} as const;

/** The features of the data file: those given, without video (it has no column), then LeRobot's standard ones. */
export function tableFeatures(features: Readonly<Record<string, Feature>>): Record<string, Feature> {
  const columns = Object.entries(features).filter(([, feature]) => feature.dtype !== 'video');
  return { ...Object.fromEntries(columns), ...STANDARD_FEATURES };
}

/** Refuses features that a LeRobot dataset cannot hold. */
export function checkFeatures(features: Readonly<Record<string, Feature>>): void {
  for (const [name, feature] of Object.entries(features)) {
    const where = `dataset feature "${name}"`;
    if (name.includes('/')) {
      throw new VlaError('bad-argument', `${where}: expected a name without "/".`, {
        hint: 'Use a dot or an underscore instead.',
      });
    }
    if (Object.hasOwn(STANDARD_FEATURES, name)) {
      throw new VlaError('bad-argument', `${where}: expected another name, since the writer adds this column itself.`, {
        hint: 'Leave it out, or rename it.',
      });
    }
    if (isCamera(feature) && (feature.shape.length !== 3 || feature.shape[2] !== 3)) {
      throw new VlaError('bad-shape', `${where}: expected [height, width, 3], got [${feature.shape.join(', ')}].`, {
        hint: 'Describe a camera by its rows, its columns and three colours; other pictures cannot be recorded.',
      });
    }
    // LeRobot takes every statistic under such a name for an image's.
    if (!isCamera(feature) && name.includes('image')) {
      throw new VlaError('bad-argument', `${where}: expected "image" only in the names of cameras.`, {
        hint: 'Rename the feature: LeRobot takes its statistics for those of pictures.',
      });
    }
    if (!feature.shape.every((size) => Number.isInteger(size) && size > 0) || feature.shape.length === 0) {
      throw new VlaError('bad-shape', `${where}: expected positive sizes, got [${feature.shape.join(', ')}].`, {
        hint: 'Give the number of values along each axis; a single number has the shape [1].',
      });
    }
    if (feature.names !== null && !isCamera(feature) && feature.names.length !== featureSize(feature)) {
      throw new VlaError(
        'bad-argument',
        `${where}: expected ${featureSize(feature)} names, got ${feature.names.length}.`,
        { hint: 'Name every value of the feature, or give null.' },
      );
    }
  }
}

/** Schema and key-value metadata of the data files. */
export function dataLayout(features: Readonly<Record<string, Feature>>): ParquetLayout {
  const table = Object.entries(tableFeatures(features));
  const huggingface = { info: { features: Object.fromEntries(table.map(([name, f]) => [name, describe(f)])) } };
  return {
    schema: tableSchema(
      table.map(([name, feature]) =>
        feature.dtype === 'image' || feature.dtype === 'video'
          ? imageSchema(name)
          : columnSchema(name, LEAVES[feature.dtype], listDepth(feature)),
      ),
    ),
    keyValues: { huggingface: JSON.stringify(huggingface) },
  };
}

function listDepth(feature: Feature): number {
  return feature.shape.length === 1 && feature.shape[0] === 1 ? 0 : feature.shape.length;
}

/** The type of a column in the words of the `datasets` library, which LeRobot reads with. */
function describe(feature: Feature): object {
  if (isCamera(feature)) return { _type: 'Image' };
  const value = { dtype: feature.dtype, _type: 'Value' };
  const depth = listDepth(feature);
  if (depth === 0) return value;
  if (depth === 1) return { feature: value, length: feature.shape[0], _type: 'List' };
  return { shape: feature.shape, dtype: feature.dtype, _type: `Array${depth}D` };
}

/** Rows of a column as parquet cells. */
export function cells(data: ColumnData, feature: Feature, length: number): unknown[] {
  if (feature.dtype === 'string') return [...(data as readonly string[])];
  const numbers = feature.dtype === 'bool' ? Array.from(data as Uint8Array, (v) => v !== 0) : data;
  if (listDepth(feature) === 0) return Array.from(numbers as ArrayLike<unknown>);
  const size = featureSize(feature);
  return Array.from({ length }, (_, row) => nest(numbers as ArrayLike<unknown>, row * size, feature.shape));
}

function nest(values: ArrayLike<unknown>, start: number, shape: readonly number[]): unknown[] {
  const [size, ...rest] = shape;
  const step = rest.reduce((product, n) => product * n, 1);
  return Array.from({ length: size! }, (_, i) =>
    rest.length === 0 ? values[start + i] : nest(values, start + i * step, rest),
  );
}
