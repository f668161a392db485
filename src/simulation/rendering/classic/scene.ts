/**
 * @file What a model looks like to MuJoCo's classic renderer: one drawable per visible geom or site, with its triangles, colour, material
 * and texture coordinates, and the sky.
 */

import { VlaError } from '../../../base/errors.ts';
import type { Sim } from '../../mujoco/sim.ts';
import type { Geometry } from '../geometry.ts';
import { meshGeometry } from '../mesh-extraction.ts';
import { coordinatesFor } from './coordinates.ts';
import type { TextureRule } from './coordinates.ts';
import { cubeMipTexture, flatMipTexture } from './mip-texture.ts';
import type { MipTexture } from './mip-texture.ts';
import { boxShape, capsuleShape, cylinderShape, planeShape, planeStep, sphereShape } from './shapes.ts';
import type { Shape } from './shapes.ts';

/** One thing to draw. */
export interface ClassicDrawable {
  /** What carries it, and that one's id: its pose is `geom_xpos`, `geom_xmat` or `site_xpos`, `site_xmat`. */
  readonly carrier: 'geom' | 'site';
  readonly id: number;
  readonly geometry: Geometry;
  /** Red, green, blue, alpha in [0, 1]; may be changed between images. Alpha 0 hides it, below 0.995 it is transparent. */
  readonly rgba: Float64Array;
  readonly texture: MipTexture | null;
  /** Per vertex two numbers for a flat texture, three for a cube map; null without texture. */
  readonly coordinates: Float32Array | null;
  readonly specular: number;
  /** Blinn exponent. */
  readonly shininess: number;
  readonly emission: number;
  /** How much of its own light the world behind the mirror gives; 0 = no mirror. Only a flat side with normal +z can be one. */
  readonly reflectance: number;
  /** Planes are seen from behind, too, faintly. */
  readonly isPlane: boolean;
  readonly isMesh: boolean;
  /** Per axis, steps in metres by which an infinite plane follows the camera; 0 = it stays. */
  readonly follows: readonly [number, number];
}

/** All that is drawn, in MuJoCo's order. */
export interface ClassicScene {
  readonly drawables: readonly ClassicDrawable[];
  /** A cube map around everything, or null: then the background is black. */
  readonly sky: MipTexture | null;
  /** Nearer and farther than these nothing is drawn, metres. */
  readonly near: number;
  readonly far: number;
}

/** What is to be drawn. */
export interface ClassicOptions {
  /** Geoms of these groups. */
  readonly geomGroups: readonly number[];
  /** Sites of these groups; default none. */
  readonly siteGroups?: readonly number[];
  /**
   * Where primitive shapes get texture coordinates: their own since MuJoCo 3.12 (`own`, the default), generated from positions before
   * (`generated`: what pictures of older releases show, so the ones that published LIBERO policies saw).
   */
  readonly primitiveCoordinates?: TextureRule['primitives'];
}

/** mjtGeom. */
const SHAPES = ['plane', 'hfield', 'sphere', 'capsule', 'ellipsoid', 'cylinder', 'box', 'mesh'] as const;
/** mjtTexture. */
const [FLAT, , SKYBOX] = [0, 1, 2];
/** mjtColorSpace. */
const SRGB = 2;
/** Groups beyond this one count as this one (mjNGROUP − 1). */
const LAST_GROUP = 5;
/** From this alpha on a drawable hides what is behind it. */
export const OPAQUE = 0.995;

/** Reads a model's geoms and sites. The result does not refer to the simulation's memory. */
export function classicScene(sim: Sim, options: ClassicOptions): ClassicScene {
  const reader = new SceneReader(sim, options.primitiveCoordinates ?? 'own');
  const drawables = [
    ...reader.read('geom', options.geomGroups),
    ...(options.siteGroups === undefined ? [] : reader.read('site', options.siteGroups)),
  ];
  const { near, far } = sim.visual();
  return { drawables: onlyOneMirror(drawables), sky: reader.sky, near, far };
}

/** MuJoCo reflects in the first mirror only. */
function onlyOneMirror(drawables: readonly ClassicDrawable[]): ClassicDrawable[] {
  const first = drawables.find(({ reflectance, rgba }) => reflectance > 0 && rgba[3]! >= OPAQUE);
  return drawables.map((one) => (one === first ? one : { ...one, reflectance: 0 }));
}

class SceneReader {
  readonly sky: MipTexture | null;
  private readonly sim: Sim;
  private readonly textures: readonly (MipTexture | null)[];
  private readonly primitives: TextureRule['primitives'];
  private readonly meshes = new Map<number, Geometry>();

  constructor(sim: Sim, primitives: TextureRule['primitives']) {
    this.sim = sim;
    this.primitives = primitives;
    this.textures = readTextures(sim);
    const types = sim.count('ntex') === 0 ? [] : [...sim.model('tex_type')];
    this.sky = this.textures[types.indexOf(SKYBOX)] ?? null;
  }

  read(carrier: 'geom' | 'site', groups: readonly number[]): ClassicDrawable[] {
    const { sim } = this;
    const count = sim.count(carrier === 'geom' ? 'ngeom' : 'nsite');
    const drawables: ClassicDrawable[] = [];
    for (let id = 0; id < count; id++) {
      const group = sim.model(carrier === 'geom' ? 'geom_group' : 'site_group')[id]!;
      if (groups.includes(Math.max(0, Math.min(LAST_GROUP, group)))) drawables.push(...this.drawablesOf(carrier, id));
    }
    return drawables;
  }

  /** One drawable, or two when a side of a box is a mirror: that side, and the rest. */
  private drawablesOf(carrier: 'geom' | 'site', id: number): ClassicDrawable[] {
    const { sim } = this;
    const ofGeom = carrier === 'geom';
    const material = sim.model(ofGeom ? 'geom_matid' : 'site_matid')[id]!;
    const own = sim.model(ofGeom ? 'geom_rgba' : 'site_rgba').subarray(4 * id, 4 * id + 4);
    const rgba = this.colourOf(own, material);
    if (rgba[3] === 0) return [];
    const kind = SHAPES[sim.model(ofGeom ? 'geom_type' : 'site_type')[id]!];
    const size = sizeOf(kind, sim.model(ofGeom ? 'geom_size' : 'site_size').subarray(3 * id, 3 * id + 3));
    const reflectance = material < 0 || rgba[3]! < OPAQUE ? 0 : sim.model('mat_reflectance')[material]!;
    const isMirror = reflectance > 0 && (kind === 'plane' || kind === 'box');
    const sides = isMirror && kind === 'box' ? (['top', 'rest'] as const) : (['all'] as const);
    return sides.map((side) => {
      const shape = this.shapeOf(kind, size, ofGeom ? sim.model('geom_dataid')[id]! : -1, material, side);
      return {
        carrier,
        id,
        geometry: shape.geometry,
        rgba,
        ...this.surfaceOf(material, kind === 'mesh' || kind === 'plane' ? kind : 'unit', size, shape),
        reflectance: isMirror && side !== 'rest' ? reflectance : 0,
        isPlane: kind === 'plane',
        isMesh: kind === 'mesh',
        follows: kind === 'plane' ? this.followsOf(size, material) : [0, 0],
      };
    });
  }

  /** MuJoCo's default colour means "the material's". */
  private colourOf(own: Float32Array, material: number): Float64Array {
    const unset = own[0] === 0.5 && own[1] === 0.5 && own[2] === 0.5 && own[3] === 1;
    const of = unset && material >= 0 ? this.sim.model('mat_rgba').subarray(4 * material, 4 * material + 4) : own;
    return Float64Array.from(of);
  }

  private surfaceOf(
    material: number,
    kind: TextureRule['kind'],
    size: readonly [number, number, number],
    shape: Shape,
  ): Pick<ClassicDrawable, 'texture' | 'coordinates' | 'specular' | 'shininess' | 'emission'> {
    const { sim } = this;
    // What MuJoCo gives a geom without material: mjv_initGeom.
    if (material < 0) return { texture: null, coordinates: null, specular: 0.5, shininess: 64, emission: 0 };
    const ids = sim.model('mat_texid');
    // Roles: a user-defined one, then red, green and blue. Each material has one place per role.
    const id = ids[material * (ids.length / sim.count('nmat')) + 1]!;
    const repeats = sim.model('mat_texrepeat');
    const rule = {
      size,
      kind,
      repeat: [repeats[2 * material]!, repeats[2 * material + 1]!] as const,
      uniform: sim.flag('mat', material, 'texuniform'),
      primitives: this.primitives,
    };
    const texture = id < 0 ? null : this.textures[id]!;
    const coordinates = texture === null ? null : coordinatesFor(texture.kind, shape, rule);
    return {
      texture: coordinates === null ? null : texture,
      coordinates,
      specular: sim.model('mat_specular')[material]!,
      shininess: sim.model('mat_shininess')[material]! * 128,
      emission: sim.model('mat_emission')[material]!,
    };
  }

  private shapeOf(
    kind: (typeof SHAPES)[number] | undefined,
    size: readonly [number, number, number],
    mesh: number,
    material: number,
    side: 'all' | 'top' | 'rest',
  ): Shape {
    const visual = this.sim.visual();
    switch (kind) {
      case 'plane':
        return planeShape(size, visual.far, this.repeatOf(material));
      case 'sphere':
      case 'ellipsoid':
        return sphereShape(size, visual);
      case 'capsule':
        return capsuleShape(size[0], size[2], visual);
      case 'cylinder':
        return cylinderShape(size[0], size[2], visual);
      case 'box':
        return boxShape(size, visual, side);
      case 'mesh': {
        const geometry = this.meshes.get(mesh) ?? meshGeometry(this.sim, mesh);
        this.meshes.set(mesh, geometry);
        return { geometry, object: geometry.positions };
      }
      default:
        throw new VlaError('unsupported', `classicScene: expected a shape of ${SHAPES.join(', ')}, got type ${kind}.`, {
          hint: 'Height fields and signed-distance shapes are not drawn; put them in a group that is hidden.',
        });
    }
  }

  private repeatOf(material: number): [number, number] {
    if (material < 0) return [0, 0];
    const repeats = this.sim.model('mat_texrepeat');
    return [repeats[2 * material]!, repeats[2 * material + 1]!];
  }

  private followsOf(size: readonly [number, number, number], material: number): [number, number] {
    const { far } = this.sim.visual();
    const repeat = this.repeatOf(material);
    // By an even number of steps, so that the texture stays where it is.
    return [0, 1].map((k) => (size[k]! > 0 ? 0 : 2 * planeStep(far, repeat[k]!))) as [number, number];
  }
}

/** Sizes as MuJoCo scales its unit shapes by them. */
function sizeOf(kind: (typeof SHAPES)[number] | undefined, size: ArrayLike<number>): [number, number, number] {
  const [a, b, c] = [size[0]!, size[1]!, size[2]!];
  if (kind === 'sphere') return [a, a, a];
  return kind === 'capsule' || kind === 'cylinder' ? [a, a, b] : [a, b, c];
}

function readTextures(sim: Sim): (MipTexture | null)[] {
  const count = sim.count('ntex');
  if (count === 0) return [];
  const [widths, heights, depths] = [sim.model('tex_width'), sim.model('tex_height'), sim.model('tex_nchannel')];
  const [starts, kinds, spaces] = [sim.model('tex_adr'), sim.model('tex_type'), sim.model('tex_colorspace')];
  return Array.from({ length: count }, (_, i) => {
    const [width, height, channels] = [widths[i]!, heights[i]!, depths[i]!];
    if (channels < 3) return null;
    const start = starts[i]!;
    const bytes = sim.model('tex_data').subarray(start, start + width * height * channels);
    const image = { width, height, channels, bytes, srgb: spaces[i] === SRGB };
    return kinds[i] === FLAT ? flatMipTexture(image) : cubeMipTexture(image);
  });
}
