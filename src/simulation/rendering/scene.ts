/** @file What a model looks like: one drawable per visible geom, with geometry, colour and material. */

import { VlaError } from '../../base/errors.ts';
import type { Sim } from '../mujoco/sim.ts';
import { boxGeometry, capsuleGeometry, cylinderGeometry, ellipsoidGeometry, planeGeometry } from './geometry.ts';
import type { Geometry } from './geometry.ts';
import { meshGeometry } from './mesh-extraction.ts';
import { cubeCoordinates, flatCoordinates } from './texture-coordinates.ts';
import { cubeTexture, flatTexture } from './texture.ts';
import type { Texture } from './texture.ts';

/** One geom to draw. */
export interface Drawable {
  /** The geom's id: its pose is `geom_xpos`, `geom_xmat`. */
  readonly geom: number;
  readonly geometry: Geometry;
  /** Red, green, blue, alpha in [0, 1]; may be changed between images. Alpha 0 hides the drawable. */
  readonly rgba: Float64Array;
  readonly texture: Texture | null;
  /** Per vertex two numbers for a flat texture, three for a cube map; null without texture. */
  readonly coordinates: Float32Array | null;
  readonly specular: number;
  /** Blinn exponent. */
  readonly shininess: number;
  readonly emission: number;
}

/** All that is drawn. */
export interface Scene {
  readonly drawables: readonly Drawable[];
}

/** mjtGeom. */
const SHAPES = ['plane', 'hfield', 'sphere', 'capsule', 'ellipsoid', 'cylinder', 'box', 'mesh'] as const;
/** Faces longer than this get more vertices, because light is computed at vertices; metres. */
const FACE_LENGTH = 0.25;
/** Squares of a plane along one side. */
const MOST_DIVISIONS = 32;
/** mjtTexture: flat and cube; the rest are skyboxes, which are not drawn. */
const [FLAT, CUBE] = [0, 1];
/** mjtColorSpace. */
const SRGB = 2;

/** Reads the geoms of the given groups (MuJoCo's convention: 0–2 are drawn). */
export function extractScene(sim: Sim, groups: readonly number[]): Scene {
  const textures = readTextures(sim);
  const group = sim.model('geom_group');
  const drawables: Drawable[] = [];
  for (let geom = 0; geom < sim.count('ngeom'); geom++) {
    if (groups.includes(group[geom]!)) drawables.push(drawableOf(sim, geom, textures));
  }
  return { drawables };
}

function drawableOf(sim: Sim, geom: number, textures: readonly (Texture | null)[]): Drawable {
  const material = sim.model('geom_matid')[geom]!;
  const own = sim.model('geom_rgba').subarray(4 * geom, 4 * geom + 4);
  const geometry = geometryOf(sim, geom);
  if (material < 0) {
    const plain = { texture: null, coordinates: null, specular: 0.5, shininess: 64, emission: 0 };
    return { geom, geometry, rgba: Float64Array.from(own), ...plain };
  }
  // MuJoCo's default colour means "the material's".
  const unset = own[0] === 0.5 && own[1] === 0.5 && own[2] === 0.5 && own[3] === 1;
  const rgba = Float64Array.from(unset ? sim.model('mat_rgba').subarray(4 * material, 4 * material + 4) : own);
  const ids = sim.model('mat_texid');
  const roles = ids.length / sim.count('nmat');
  const id = Math.max(ids[material * roles + 1]!, ids[material * roles]!);
  const texture = id >= 0 ? textures[id]! : null;
  return {
    geom,
    geometry,
    rgba,
    texture,
    coordinates: texture === null ? null : coordinatesOf(sim, geom, material, geometry, texture),
    specular: sim.model('mat_specular')[material]!,
    shininess: sim.model('mat_shininess')[material]! * 128,
    emission: sim.model('mat_emission')[material]!,
  };
}

function geometryOf(sim: Sim, geom: number): Geometry {
  const size = sim.model('geom_size').slice(3 * geom, 3 * geom + 3);
  const shape = SHAPES[sim.model('geom_type')[geom]!];
  switch (shape) {
    case 'plane':
      return plane(size);
    case 'sphere':
      return ellipsoidGeometry([size[0]!, size[0]!, size[0]!]);
    case 'ellipsoid':
      return ellipsoidGeometry(size);
    case 'capsule':
      return capsuleGeometry(size[0]!, size[1]!);
    case 'cylinder':
      return cylinderGeometry(size[0]!, size[1]!);
    case 'box':
      return boxGeometry(size, Math.min(4, Math.ceil(Math.max(...size) / FACE_LENGTH)));
    case 'mesh':
      return meshGeometry(sim, sim.model('geom_dataid')[geom]!);
    default:
      throw new VlaError('unsupported', `extractScene: expected a shape of ${SHAPES.join(', ')}, got type ${shape}.`, {
        hint: 'Height fields and signed-distance shapes are not drawn; put them in a geom group that is hidden.',
      });
  }
}

/** A plane's third size is the distance of its grid lines; half sizes of zero mean an infinite plane, drawn 20 m wide. */
function plane([x, y, grid]: ArrayLike<number> & Iterable<number>): Geometry {
  const [halfX, halfY] = [x! || 10, y! || 10];
  return planeGeometry(halfX, halfY, Math.max(1, Math.min(MOST_DIVISIONS, Math.round(Math.max(halfX, halfY) / grid!))));
}

function coordinatesOf(sim: Sim, geom: number, material: number, geometry: Geometry, texture: Texture): Float32Array {
  if (geometry.uvs !== null) return geometry.uvs;
  const repeat = sim.model('mat_texrepeat');
  const half = sim.model('geom_size').subarray(3 * geom, 3 * geom + 3);
  const layout = {
    repeat: [repeat[2 * material]!, repeat[2 * material + 1]!] as const,
    uniform: sim.flag('mat', material, 'texuniform'),
  };
  if (texture.kind === 'flat') return flatCoordinates(geometry.positions, half, layout);
  return cubeCoordinates(geometry.positions, half, SHAPES[sim.model('geom_type')[geom]!] === 'mesh', layout);
}

function readTextures(sim: Sim): (Texture | null)[] {
  const [widths, heights, depths] = [sim.model('tex_width'), sim.model('tex_height'), sim.model('tex_nchannel')];
  const [starts, kinds, spaces] = [sim.model('tex_adr'), sim.model('tex_type'), sim.model('tex_colorspace')];
  return Array.from({ length: sim.count('ntex') }, (_, i) => {
    const [width, height, channels] = [widths[i]!, heights[i]!, depths[i]!];
    const bytes = sim.model('tex_data').subarray(starts[i]!, starts[i]! + width * height * channels);
    const image = { width, height, channels, bytes, srgb: spaces[i] === SRGB };
    return kinds[i] === FLAT ? flatTexture(image) : kinds[i] === CUBE ? cubeTexture(image) : null;
  });
}
