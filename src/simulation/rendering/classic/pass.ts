/** @file One pass over the opaque drawables: which triangle each sample sees, and a shader for them. */

import { fillTriangles } from './fill.ts';
import { makeSamples } from './samples.ts';
import type { Samples } from './samples.ts';
import type { ClassicDrawable } from './scene.ts';
import { TriangleShader } from './shade.ts';
import { VertexStage } from './vertices.ts';
import type { Poses } from './poses.ts';
import type { ClassicView } from './view.ts';

/** The memory and the stages of one pass. */
export class Pass {
  readonly samples: Samples;
  readonly vertices: VertexStage;
  readonly shader: TriangleShader;
  /** Per drawable: its triangles' ids are from here (and end where the next one's begin). */
  private readonly firstTriangles: number[] = [];

  constructor(width: number, height: number) {
    this.samples = makeSamples(width, height);
    this.vertices = new VertexStage(this.samples);
    this.shader = new TriangleShader(this.samples, this.vertices);
  }

  /** Fills the samples with what `view` sees of the drawables for which `draws` says so. */
  fill(
    view: ClassicView,
    drawables: readonly ClassicDrawable[],
    poses: Poses,
    draws: (drawable: ClassicDrawable) => boolean,
  ): void {
    const { samples, vertices, firstTriangles } = this;
    vertices.begin(view, drawables, poses);
    const { left, right, top, bottom } = view.window;
    for (let y = top; y <= bottom; y++) {
      const row = y * samples.width;
      samples.triangleId.fill(-1, row + left, row + right + 1);
      // What is farther than this is cut off.
      samples.depth.fill(1 / view.far, row + left, row + right + 1);
    }
    samples.vertices = 0;
    samples.triangles = 0;
    for (let i = 0; i < drawables.length; i++) {
      firstTriangles[i] = samples.triangles;
      const drawable = drawables[i]!;
      if (vertices.sees(i) && draws(drawable)) {
        fillTriangles(samples, view, drawable.geometry.indices, vertices.transform(i), i);
      }
    }
    firstTriangles[drawables.length] = samples.triangles;
    this.shader.begin(drawables);
  }

  /** The ids of a drawable's triangles. */
  trianglesOf(index: number): [first: number, end: number] {
    return [this.firstTriangles[index]!, this.firstTriangles[index + 1]!];
  }
}
