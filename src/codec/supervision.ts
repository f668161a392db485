/**
 * @file Supervision beside the actions: what a simulator knows about a frame (positions, boxes, subtask), turned into
 * training tensors. Boxes follow the camera's geometry and the augmentation's shift.
 */

import { VlaError } from '../base/errors.ts';
import type { AugmentDraw } from './augment.ts';
import type { FractionMap } from './images.ts';
import { affineMap, normaliseRows, type Normalisation } from './normalise.ts';
import { mergedGrid, type PatchLayout } from './patches.ts';

/**
 * One tensor of supervision, from `feature` (a full feature name) to the training input `output`.
 * `values`: `size` numbers, normalised. `box`: [x0, y0, x1, y1] as fractions of the camera's processed image, zeros
 * when not visible. `patch`: one-hot over the camera's merged patches, at the box's centre; zeros when not visible.
 * `class`: one-hot over `classes`, from one whole number.
 */
export type SupervisionField =
  | {
      readonly kind: 'values';
      readonly feature: string;
      readonly output: string;
      readonly size: number;
      readonly normalisation: Normalisation;
    }
  | { readonly kind: 'box' | 'patch'; readonly feature: string; readonly output: string; readonly camera: string }
  | { readonly kind: 'class'; readonly feature: string; readonly output: string; readonly classes: number };

/** A camera as boxes need it: its layout, and for one sample the geometry and the augmentation of its image. */
export interface CameraView {
  readonly layout: PatchLayout;
  readonly map: FractionMap;
  readonly draw: AugmentDraw;
}

/** A compiled supervision field. */
export interface SupervisionWriter {
  readonly output: string;
  /** Numbers per sample. */
  readonly size: number;
  /** Writes `size` numbers at `at`; `target` holds zeros there. */
  write(
    supervision: Readonly<Record<string, Float32Array>>,
    views: Readonly<Record<string, CameraView>>,
    target: Float32Array,
    at: number,
  ): void;
}

/** Compiles a field; `layouts` are the codec's cameras by name. */
export function createSupervisionWriter(
  field: SupervisionField,
  layouts: Readonly<Record<string, PatchLayout>>,
): SupervisionWriter {
  switch (field.kind) {
    case 'values': {
      const map = affineMap(field.normalisation, field.size, field.feature);
      return {
        output: field.output,
        size: field.size,
        write(supervision, _views, target, at) {
          const rows = Float64Array.from(feature(supervision, field.feature, field.size));
          normaliseRows(map, rows);
          target.set(rows, at);
        },
      };
    }
    case 'class':
      return {
        output: field.output,
        size: field.classes,
        write(supervision, _views, target, at) {
          const index = feature(supervision, field.feature, 1)[0]!;
          if (!Number.isInteger(index) || index < 0 || index >= field.classes) {
            throw new VlaError(
              'bad-data',
              `${field.feature}: expected a whole number below ${field.classes}, got ${index}.`,
              { hint: 'The codec was made for another list of classes than the dataset has.' },
            );
          }
          target[at + index] = 1;
        },
      };
    case 'box':
    case 'patch':
      return boxWriter(field.kind, field.feature, field.output, field.camera, layouts);
  }
}

function boxWriter(
  kind: 'box' | 'patch',
  name: string,
  output: string,
  camera: string,
  layouts: Readonly<Record<string, PatchLayout>>,
): SupervisionWriter {
  const layout = layouts[camera];
  if (layout === undefined) {
    throw new VlaError(
      'bad-argument',
      `${name}: expected a camera of the codec (${Object.keys(layouts).join(', ')}), got "${camera}".`,
      { hint: 'Name one of those, or add the camera to the codec.' },
    );
  }
  const [gridRows, gridColumns] = mergedGrid(layout);
  return {
    output,
    size: kind === 'box' ? 4 : gridRows * gridColumns,
    write(supervision, views, target, at) {
      const { map, draw } = views[camera]!;
      const source = feature(supervision, name, 4);
      if (source[2]! <= source[0]! || source[3]! <= source[1]!) return;
      const x = (value: number): number => value * map.scaleX + map.offsetX - draw.shiftX / layout.width;
      const y = (value: number): number => value * map.scaleY + map.offsetY - draw.shiftY / layout.height;
      const box = [fraction(x(source[0]!)), fraction(y(source[1]!)), fraction(x(source[2]!)), fraction(y(source[3]!))];
      if (box[2]! <= box[0]! || box[3]! <= box[1]!) return;
      if (kind === 'box') {
        target.set(box, at);
        return;
      }
      const column = Math.min(gridColumns - 1, Math.floor(((box[0]! + box[2]!) / 2) * gridColumns));
      const row = Math.min(gridRows - 1, Math.floor(((box[1]! + box[3]!) / 2) * gridRows));
      target[at + row * gridColumns + column] = 1;
    },
  };
}

const fraction = (value: number): number => Math.min(1, Math.max(0, value));

function feature(supervision: Readonly<Record<string, Float32Array>>, name: string, size: number): Float32Array {
  const values = supervision[name];
  if (values === undefined || values.length !== size || values.some((value) => !Number.isFinite(value))) {
    throw new VlaError(
      'bad-data',
      `${name}: expected ${size} finite numbers, got ${values === undefined ? 'no such feature' : `[${values.join(', ')}]`}.`,
      { hint: `The sample has: ${Object.keys(supervision).join(', ') || 'no supervision'}.` },
    );
  }
  return values;
}
