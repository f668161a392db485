/** @file MuJoCo meshes to triangles with one vertex per distinct (position, normal, texture coordinate). */

import type { Sim } from '../mujoco/sim.ts';
import { makeGeometry } from './geometry.ts';
import type { Geometry } from './geometry.ts';

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
  const known = new Map<string, number>();
  const out = { positions: [] as number[], normals: [] as number[], uvs: [] as number[] };
  const indices = new Uint32Array(3 * faces);
  for (let corner = 0; corner < 3 * faces; corner++) {
    const vertex = face[3 * faceStart + corner]!;
    const normal = faceNormal[3 * faceStart + corner]!;
    const uv = textured ? faceUv[3 * faceStart + corner]! : 0;
    const key = `${vertex} ${normal} ${uv}`;
    let index = known.get(key);
    if (index === undefined) {
      index = known.size;
      known.set(key, index);
      for (let k = 0; k < 3; k++) {
        out.positions.push(vertices[3 * (vertexStart + vertex) + k]!);
        out.normals.push(normals[3 * (normalStart + normal) + k]!);
      }
      if (textured) out.uvs.push(uvs[2 * (uvStart + uv)]!, uvs[2 * (uvStart + uv) + 1]!);
    }
    indices[corner] = index;
  }
  return makeGeometry(out.positions, out.normals, textured ? out.uvs : null, indices);
}
