/**
 * @file Vertices to the image, and their light: OpenGL's fixed-function model (one light sum per vertex, Blinn highlights seen from the
 * camera's place, spots), clamped to [0, 1] before anything is interpolated. Only vertices of triangles that are seen are lit.
 */

import { PLACE_STRIDE, Places } from './places.ts';
import type { Poses } from './poses.ts';
import { reserve } from './samples.ts';
import type { Samples } from './samples.ts';
import { OPAQUE } from './scene.ts';
import type { ClassicDrawable } from './scene.ts';
import { LIGHT_STRIDE } from './view.ts';
import type { ClassicView } from './view.ts';

type Matrix = readonly [number, number, number, number, number, number, number, number, number];

/** Transforms and lights the vertices of one image. */
export class VertexStage {
  private readonly samples: Samples;
  private view!: ClassicView;
  private drawables: readonly ClassicDrawable[] = [];
  private readonly places = new Places();
  /** Per drawable its first vertex. */
  private bases = new Int32Array(0);
  /** Per vertex: 1 = lit, or made by clipping. */
  private lit = new Uint8Array(0);

  constructor(samples: Samples) {
    this.samples = samples;
  }

  /** A new image: places all drawables, and makes room for the vertices and triangles of those that are seen. */
  begin(view: ClassicView, drawables: readonly ClassicDrawable[], poses: Poses): void {
    this.view = view;
    this.drawables = drawables;
    if (this.bases.length < drawables.length) this.bases = new Int32Array(drawables.length);
    this.places.begin(view, drawables, poses);
    let [vertices, triangles] = [0, 0];
    for (const [i, drawable] of drawables.entries()) {
      const { geometry, rgba } = drawable;
      if (!this.sees(i)) continue;
      const count = geometry.indices.length / 3;
      const crosses = this.places.values[PLACE_STRIDE * i + 11]! + geometry.radius > -view.near;
      // Clipping at the near plane adds at most two vertices and one triangle per triangle; what may be transparent is drawn twice.
      const times = rgba[3]! < OPAQUE || drawable.isPlane ? 2 : 1;
      vertices += geometry.positions.length / 3 + (crosses ? 2 * times * count : 0);
      triangles += times * (crosses ? 2 : 1) * count;
    }
    // One more for the transparent triangle at hand.
    reserve(this.samples, vertices, triangles + 1);
    const room = this.samples.vertex.screenX.length;
    if (this.lit.length < room) this.lit = new Uint8Array(room);
    else this.lit.fill(0, 0, vertices);
  }

  /** Whether any of a drawable may be in the picture. */
  sees(index: number): boolean {
    return this.places.sees(index);
  }

  /** Transforms a drawable's vertices; returns the first one's index. */
  transform(index: number): number {
    const base = this.samples.vertices;
    const { focalX, focalY, centreX, centreY } = this.view;
    const m = this.places.values.subarray(PLACE_STRIDE * index, PLACE_STRIDE * index + 12);
    const [m00, m01, m02, m10, m11, m12, m20, m21, m22] = m as unknown as readonly number[] as Matrix;
    const [tx, ty, tz] = [m[9]!, m[10]!, m[11]!];
    this.bases[index] = base;
    const { screenX, screenY, inverseDepth, viewX, viewY, viewZ } = this.samples.vertex;
    const p = this.drawables[index]!.geometry.positions;
    for (let j = 0, k = base; j < p.length; j += 3, k++) {
      const px = p[j]!;
      const py = p[j + 1]!;
      const pz = p[j + 2]!;
      const x = m00 * px + m01 * py + m02 * pz + tx;
      const y = m10 * px + m11 * py + m12 * pz + ty;
      const z = m20 * px + m21 * py + m22 * pz + tz;
      const inverse = z < -1e-6 ? -1 / z : 0;
      viewX[k] = x;
      viewY[k] = y;
      viewZ[k] = z;
      inverseDepth[k] = inverse;
      screenX[k] = centreX + x * inverse * focalX;
      screenY[k] = centreY - y * inverse * focalY;
    }
    this.samples.vertices += p.length / 3;
    return base;
  }

  /** Lights a drawable's vertex and fetches its texture coordinates, unless that is done. */
  light(vertex: number, index: number): void {
    if (this.lit[vertex] === 1) return;
    this.lit[vertex] = 1;
    const drawable = this.drawables[index]!;
    const local = vertex - this.bases[index]!;
    // What clipping makes comes after all of the drawable's own vertices, and is interpolated from lit ones.
    if (3 * local >= drawable.geometry.positions.length) return;
    this.lightVertex(vertex, drawable, local, PLACE_STRIDE * index);
    const { coordinates, texture } = drawable;
    if (coordinates === null) return;
    const { u, v, w } = this.samples.vertex;
    if (texture!.kind === 'flat') {
      u[vertex] = coordinates[2 * local]!;
      v[vertex] = coordinates[2 * local + 1]!;
    } else {
      u[vertex] = coordinates[3 * local]!;
      v[vertex] = coordinates[3 * local + 1]!;
      w[vertex] = coordinates[3 * local + 2]!;
    }
  }

  private lightVertex(vertex: number, drawable: ClassicDrawable, local: number, rotation: number): void {
    const { samples, view } = this;
    const m = this.places.values;
    const { red, green, blue, viewX, viewY, viewZ } = samples.vertex;
    const { lights, tint } = view;
    const { rgba, specular: gloss, shininess, emission } = drawable;
    const n = drawable.geometry.normals;
    const n0 = n[3 * local]!;
    const n1 = n[3 * local + 1]!;
    const n2 = n[3 * local + 2]!;
    const nx = m[rotation]! * n0 + m[rotation + 1]! * n1 + m[rotation + 2]! * n2;
    const ny = m[rotation + 3]! * n0 + m[rotation + 4]! * n1 + m[rotation + 5]! * n2;
    const nz = m[rotation + 6]! * n0 + m[rotation + 7]! * n1 + m[rotation + 8]! * n2;
    const x = viewX[vertex]!;
    const y = viewY[vertex]!;
    const z = viewZ[vertex]!;
    const base = emission + view.ambient;
    const dullest = dullestCosine(gloss, shininess);
    let sumRed = base;
    let sumGreen = base;
    let sumBlue = base;
    let shineRed = 0;
    let shineGreen = 0;
    let shineBlue = 0;
    for (let at = 0; at < lights.length; at += LIGHT_STRIDE) {
      let lx: number;
      let ly: number;
      let lz: number;
      let fade = 1;
      if (lights[at + 20] === 1) {
        lx = -lights[at + 3]!;
        ly = -lights[at + 4]!;
        lz = -lights[at + 5]!;
      } else {
        lx = lights[at]! - x;
        ly = lights[at + 1]! - y;
        lz = lights[at + 2]! - z;
        const distance = Math.sqrt(lx * lx + ly * ly + lz * lz + 1e-12);
        lx /= distance;
        ly /= distance;
        lz /= distance;
        fade = 1 / (lights[at + 8]! + distance * (lights[at + 9]! + distance * lights[at + 10]!));
        if (lights[at + 6]! > -2) {
          const along = -(lx * lights[at + 3]! + ly * lights[at + 4]! + lz * lights[at + 5]!);
          if (along < lights[at + 6]!) continue;
          fade *= Math.pow(along, lights[at + 7]!);
        }
      }
      const facing = nx * lx + ny * ly + nz * lz;
      const diffuse = facing > 0 ? fade * facing : 0;
      sumRed += fade * lights[at + 11]! + diffuse * lights[at + 14]!;
      sumGreen += fade * lights[at + 12]! + diffuse * lights[at + 15]!;
      sumBlue += fade * lights[at + 13]! + diffuse * lights[at + 16]!;
      if (facing <= 0 || dullest >= 1) continue;
      const towards = 1 / Math.sqrt(x * x + y * y + z * z + 1e-12);
      const hx = lx - x * towards;
      const hy = ly - y * towards;
      const hz = lz - z * towards;
      const half = (nx * hx + ny * hy + nz * hz) / Math.sqrt(hx * hx + hy * hy + hz * hz + 1e-12);
      if (half < dullest) continue;
      const shine = fade * gloss * Math.pow(half, shininess);
      shineRed += shine * lights[at + 17]!;
      shineGreen += shine * lights[at + 18]!;
      shineBlue += shine * lights[at + 19]!;
    }
    const r = sumRed * rgba[0]! * tint + shineRed;
    const g = sumGreen * rgba[1]! * tint + shineGreen;
    const b = sumBlue * rgba[2]! * tint + shineBlue;
    red[vertex] = r < 1 ? r : 1;
    green[vertex] = g < 1 ? g : 1;
    blue[vertex] = b < 1 ? b : 1;
  }
}

/** A highlight at a smaller cosine is none: it is weaker than a quarter of a byte's step. */
export function dullestCosine(gloss: number, shininess: number): number {
  return gloss === 0 ? 1 : Math.pow(2 ** -10, 1 / Math.max(shininess, 1e-3));
}
