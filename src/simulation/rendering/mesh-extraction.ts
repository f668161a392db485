/** @file MuJoCo meshes to triangles with one vertex per distinct (position, normal, texture coordinate). */

import { cross } from '../../base/rotation.ts';
import type { Vector3 } from '../../base/rotation.ts';
import type { Sim } from '../mujoco/sim.ts';
import { makeGeometry } from './geometry.ts';
import type { Geometry } from './geometry.ts';

/** Cosine between a vertex normal and its face below which the face's own normal is used. */
const SHARP = 0.8;

/** The triangles of mesh `id`. MuJoCo indexes positions, normals and texture coordinates separately; a GPU-like renderer wants one index. */
export function meshGeometry(sim: Sim, id: number): Geometry {
  const at = (
    field: 'mesh_vertadr' | 'mesh_faceadr' | 'mesh_facenum' | 'mesh_normaladr' | 'mesh_texcoordadr',
  ): number => sim.model(field)[id]!;
  const [vertexStart, faceStart, faces] = [at('mesh_vertadr'), at('mesh_faceadr'), at('mesh_facenum')];
  const [normalStart, uvStart] = [at('mesh_normaladr'), at('mesh_texcoordadr')];
  const [vertices, normals, uvs] = [sim.model('mesh_vert'), sim.model('mesh_normal'), sim.model('mesh_texcoord')];
  const [face, faceNormal, faceUv] = [
    sim.model('mesh_face'),
    sim.model('mesh_facenormal'),
    sim.model('mesh_facetexcoord'),
  ];
  const textured = uvStart >= 0;
  const flat = new Float64Array(3);
  const known = new Map<string, number>();
  const out = { positions: [] as number[], normals: [] as number[], uvs: [] as number[] };
  const indices = new Uint32Array(3 * faces);
  for (let corner = 0; corner < 3 * faces; corner++) {
    if (corner % 3 === 0) faceDirection(vertices, vertexStart, face, 3 * faceStart + corner, flat);
    const vertex = face[3 * faceStart + corner]!;
    const normal = 3 * (normalStart + faceNormal[3 * faceStart + corner]!);
    const uv = textured ? faceUv[3 * faceStart + corner]! : 0;
    // MuJoCo draws meshes without texture coordinates with sharp edges: a normal far from the face's gives way to it.
    const along = normals[normal]! * flat[0]! + normals[normal + 1]! * flat[1]! + normals[normal + 2]! * flat[2]!;
    const sharp = !textured && along < SHARP;
    const key = sharp ? `${vertex} face ${Math.floor(corner / 3)}` : `${vertex} ${normal} ${uv}`;
    let index = known.get(key);
    if (index === undefined) {
      index = known.size;
      known.set(key, index);
      for (let k = 0; k < 3; k++) {
        out.positions.push(vertices[3 * (vertexStart + vertex) + k]!);
        out.normals.push(sharp ? flat[k]! : normals[normal + k]!);
      }
      if (textured) out.uvs.push(uvs[2 * (uvStart + uv)]!, uvs[2 * (uvStart + uv) + 1]!);
    }
    indices[corner] = index;
  }
  return makeGeometry(out.positions, out.normals, textured ? out.uvs : null, indices);
}

/** The unit normal of the triangle whose corners start at `corner`, into `out`. */
function faceDirection(
  vertices: Float32Array,
  start: number,
  face: Int32Array,
  corner: number,
  out: Float64Array,
): void {
  const at = (c: number, k: number): number => vertices[3 * (start + face[corner + c]!) + k]!;
  const u = [0, 1, 2].map((k) => at(1, k) - at(0, k));
  const v = [0, 1, 2].map((k) => at(2, k) - at(0, k));
  out.set(cross(u as unknown as Vector3, v as unknown as Vector3));
  const length = Math.hypot(out[0]!, out[1]!, out[2]!) || 1;
  for (let k = 0; k < 3; k++) out[k]! /= length;
}
