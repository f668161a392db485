/** @file One pass over the opaque drawables: which triangle each sample sees, and a shader for them. */

import { fillTriangles } from '../fill.ts';
import type { FillState } from '../fill.ts';
import { makeBuffers } from '../raster-buffers.ts';
import type { ClassicDrawable } from './scene.ts';
import { TriangleShader } from './shade.ts';
import { VertexStage } from './vertices.ts';
import type { Poses } from './vertices.ts';
import { CLASSIC_FIELDS, ROTATED_GRID } from './view.ts';
import type { ClassicBuffers, ClassicView } from './view.ts';

/** The memory and the stages of one pass. */
export class Pass {
  readonly buffers: ClassicBuffers;
  readonly vertices: VertexStage;
  readonly shader: TriangleShader;
  readonly state: FillState = { vertices: 0, triangles: 0 };

  constructor(width: number, height: number) {
    this.buffers = makeBuffers(width, height, ROTATED_GRID, CLASSIC_FIELDS);
    this.vertices = new VertexStage(this.buffers);
    this.shader = new TriangleShader(this.buffers, this.vertices);
  }

  /** Fills the samples with what `view` sees of the drawables for which `draws` says so. */
  fill(
    view: ClassicView,
    drawables: readonly ClassicDrawable[],
    poses: Poses,
    draws: (drawable: ClassicDrawable) => boolean,
  ): void {
    const { buffers, state, vertices } = this;
    vertices.begin(view, drawables, poses);
    const { left, right, top, bottom } = view.window;
    const stride = buffers.width * buffers.pattern.columns;
    if (left === 0 && right === stride - 1) {
      buffers.triangleId.fill(-1, top * stride, (bottom + 1) * stride);
      buffers.depth.fill(1 / view.far, top * stride, (bottom + 1) * stride);
    } else {
      for (let y = top; y <= bottom; y++) {
        buffers.triangleId.fill(-1, y * stride + left, y * stride + right + 1);
        buffers.depth.fill(1 / view.far, y * stride + left, y * stride + right + 1);
      }
    }
    state.vertices = 0;
    state.triangles = 0;
    for (let i = 0; i < drawables.length; i++) {
      const drawable = drawables[i]!;
      if (!vertices.sees(i) || !draws(drawable)) continue;
      const base = state.vertices;
      state.vertices += vertices.transform(i, base);
      fillTriangles(buffers, view, drawable.geometry.indices, base, i, state);
    }
    this.shader.begin(drawables, buffers.triangle.drawable.length);
  }
}
