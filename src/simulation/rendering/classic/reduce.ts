/**
 * @file Scenes with fewer triangles: what a picture of 256 × 256 pixels does not show is left out. Edges are collapsed by meshoptimizer
 * within an error in metres; afterwards each corner takes, of the normals that the full mesh had at its place, the one that suits its new
 * triangle best, so that creases stay creases.
 */

import { MeshoptSimplifier } from 'meshoptimizer/simplifier';
import { makeGeometry } from '../geometry.ts';
import type { Geometry } from '../geometry.ts';
import { limitSize } from './mip-texture.ts';
import type { MipTexture } from './mip-texture.ts';
import type { ClassicDrawable, ClassicScene } from './scene.ts';

// Its WebAssembly is inside the package and compiles in milliseconds.
await MeshoptSimplifier.ready;

/** How much may be lost. */
export interface Reduction {
  /** How far a surface may move, metres. A pixel of LIBERO's fixed camera is some 3 mm on the table, of its wrist camera 1 to 2 mm. */
  readonly error: number;
  /** What turning a normal by one radian counts as, metres. */
  readonly perRadian: number;
  /** What moving a texture by its whole width counts as, metres. */
  readonly perTexture: number;
  /** Textures keep at most so many texels along a side. */
  readonly texels: number;
}

/** For pictures of 256 × 256 pixels. */
export const FOR_256: Reduction = { error: 0.0005, perRadian: 0.005, perTexture: 0.1, texels: 1024 };

/** Vertices closer than this part of the error are one: many meshes have cracks that would count as borders, which stay. */
const WELDED = 0.25;
/** Meshes of fewer triangles stay as they are. */
const FEW = 64;
/** Below this cosine between a corner's normal and its triangle a mesh without texture coordinates has an edge (MuJoCo's rule). */
const SHARP = 0.8;

/** The scene with reduced meshes and textures; other shapes stay. The same scene gives the same result. */
export function reduceScene(scene: ClassicScene, reduction: Reduction = FOR_256): ClassicScene {
  const smaller = new Map<MipTexture, MipTexture>();
  const drawables = scene.drawables.map((drawable) => {
    const { texture, isMesh } = drawable;
    const mesh = isMesh ? reduced(drawable, reduction) : drawable;
    if (texture === null) return mesh;
    const limited = smaller.get(texture) ?? limitSize(texture, reduction.texels);
    smaller.set(texture, limited);
    return { ...mesh, texture: limited };
  });
  return { ...scene, drawables };
}

function reduced(drawable: ClassicDrawable, { error, perRadian, perTexture }: Reduction): ClassicDrawable {
  const { geometry, coordinates } = drawable;
  if (geometry.indices.length < 3 * FEW) return drawable;
  const welded = weld(geometry, coordinates, error * WELDED);
  const { size, count } = welded;
  const attributes = new Float32Array(count * (3 + size));
  for (let i = 0; i < count; i++) {
    attributes.set(welded.normals.subarray(3 * i, 3 * i + 3), i * (3 + size));
    attributes.set(welded.coordinates.subarray(size * i, size * i + size), i * (3 + size) + 3);
  }
  const weights = [perRadian, perRadian, perRadian, ...Array.from({ length: size }, () => perTexture)];
  const [indices] = MeshoptSimplifier.simplifyWithAttributes(
    welded.indices,
    welded.positions,
    3,
    attributes,
    3 + size,
    weights,
    null,
    0,
    error,
    ['ErrorAbsolute', 'Prune'],
  );
  return { ...drawable, ...unwelded(welded, indices, geometry.uvs === null ? SHARP : -1) };
}

/** A mesh with one vertex per place and texture coordinates, and all normals that the full mesh had there. */
interface Welded {
  readonly count: number;
  /** Numbers per texture coordinate; 0 without texture. */
  readonly size: number;
  readonly positions: Float32Array;
  readonly coordinates: Float32Array;
  /** Their mean. */
  readonly normals: Float32Array;
  /** Per vertex, three numbers each. */
  readonly choices: readonly (readonly number[])[];
  readonly indices: Uint32Array;
}

function weld({ positions, normals, indices }: Geometry, coordinates: Float32Array | null, distance: number): Welded {
  const vertices = positions.length / 3;
  const size = coordinates === null ? 0 : coordinates.length / vertices;
  const known = new Map<string, number>();
  const first: number[] = [];
  const choices: number[][] = [];
  const target = new Uint32Array(vertices);
  for (let i = 0; i < vertices; i++) {
    const place = Array.from(positions.subarray(3 * i, 3 * i + 3), (value) => Math.round(value / distance)).join(' ');
    const key = size === 0 ? place : `${place} ${coordinates!.subarray(size * i, size * i + size).join(' ')}`;
    let at = known.get(key);
    if (at === undefined) {
      at = first.length;
      known.set(key, at);
      first.push(i);
      choices.push([]);
    }
    target[i] = at;
    choices[at]!.push(normals[3 * i]!, normals[3 * i + 1]!, normals[3 * i + 2]!);
  }
  const take = (values: Float32Array, per: number): Float32Array =>
    Float32Array.from({ length: per * first.length }, (_, i) => values[per * first[Math.floor(i / per)]! + (i % per)]!);
  return {
    count: first.length,
    size,
    positions: take(positions, 3),
    coordinates: size === 0 ? new Float32Array(0) : take(coordinates!, size),
    normals: Float32Array.from(choices.flatMap(meanNormal)),
    choices,
    indices: withoutSlivers(indices.map((index) => target[index]!)),
  };
}

function meanNormal(choices: readonly number[]): number[] {
  const sum = [0, 1, 2].map((k) => choices.reduce((total, value, i) => total + (i % 3 === k ? value : 0), 0));
  const length = Math.hypot(...sum) || 1;
  return sum.map((value) => value / length);
}

function withoutSlivers(indices: Uint32Array): Uint32Array {
  const kept: number[] = [];
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [indices[t]!, indices[t + 1]!, indices[t + 2]!];
    if (a !== b && b !== c && c !== a) kept.push(a, b, c);
  }
  return Uint32Array.from(kept);
}

/** One vertex per distinct corner: place, texture coordinates and the normal that suits the triangle, or the triangle's own. */
function unwelded(
  { positions, coordinates, size, choices }: Welded,
  triangles: Uint32Array,
  sharp: number,
): Pick<ClassicDrawable, 'geometry' | 'coordinates'> {
  const known = new Map<string, number>();
  const out = { positions: [] as number[], normals: [] as number[], coordinates: [] as number[] };
  const indices = new Uint32Array(triangles.length);
  for (let corner = 0; corner < triangles.length; corner++) {
    const vertex = triangles[corner]!;
    const face = faceNormal(positions, triangles, corner - (corner % 3));
    const normal = bestNormal(choices[vertex]!, face, sharp);
    const key = `${vertex} ${normal.join(' ')}`;
    let at = known.get(key);
    if (at === undefined) {
      at = known.size;
      known.set(key, at);
      out.positions.push(...positions.subarray(3 * vertex, 3 * vertex + 3));
      out.normals.push(...normal);
      out.coordinates.push(...coordinates.subarray(size * vertex, size * vertex + size));
    }
    indices[corner] = at;
  }
  return {
    geometry: makeGeometry(out.positions, out.normals, null, indices),
    coordinates: size === 0 ? null : Float32Array.from(out.coordinates),
  };
}

function bestNormal(choices: readonly number[], face: readonly number[], sharp: number): readonly number[] {
  let [best, cosine] = [0, -2];
  for (let i = 0; i < choices.length; i += 3) {
    const along = choices[i]! * face[0]! + choices[i + 1]! * face[1]! + choices[i + 2]! * face[2]!;
    if (along > cosine) [best, cosine] = [i, along];
  }
  return cosine < sharp ? face : choices.slice(best, best + 3);
}

function faceNormal(positions: Float32Array, triangles: Uint32Array, first: number): [number, number, number] {
  const at = (corner: number, k: number): number => positions[3 * triangles[first + corner]! + k]!;
  const [u, v] = [1, 2].map((corner) => [0, 1, 2].map((k) => at(corner, k) - at(0, k))) as [number[], number[]];
  const [x, y, z] = [u[1]! * v[2]! - u[2]! * v[1]!, u[2]! * v[0]! - u[0]! * v[2]!, u[0]! * v[1]! - u[1]! * v[0]!];
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}
