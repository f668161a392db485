/** @file A scene's vertices, indices and textures in a device's memory; uploaded once, whatever moves afterwards. */

import type { MipTexture } from '../mip-texture.ts';
import { limitSize } from '../mip-texture.ts';
import type { ClassicDrawable, ClassicScene } from '../scene.ts';
import { BUFFER, TEXTURE } from './flags.ts';
import { COLOUR_FORMAT, VERTEX_FLOATS } from './pipelines.ts';

/** Where one drawable's triangles are. */
export interface Range {
  readonly indices: number;
  readonly firstIndex: number;
  readonly firstVertex: number;
}

/** A scene on a device. */
export class SceneOnDevice {
  readonly vertices: GPUBuffer;
  readonly indices: GPUBuffer;
  /** Per drawable. */
  readonly ranges: readonly Range[];
  /** Per drawable; for those without texture any. */
  readonly textures: readonly GPUBindGroup[];
  readonly sky: GPUBindGroup | null;
  private readonly owned: GPUTexture[] = [];

  /** `layout`: of a texture and its sampler. */
  constructor(device: GPUDevice, layout: GPUBindGroupLayout, { drawables, sky }: ClassicScene) {
    this.ranges = rangesOf(drawables);
    this.vertices = upload(device, packVertices(drawables), BUFFER.vertex);
    this.indices = upload(device, packIndices(drawables), BUFFER.index);
    const samplers = samplersOf(device);
    const known = new Map<MipTexture, GPUBindGroup>();
    const bind = (texture: MipTexture): GPUBindGroup => {
      const there = known.get(texture);
      if (there !== undefined) return there;
      const made = uploadTexture(device, limitSize(texture, device.limits.maxTextureDimension2D));
      this.owned.push(made);
      const view = made.createView({ dimension: '2d-array' });
      const entries = [view, samplers[texture.kind]].map((resource, binding) => ({ binding, resource }));
      const group = device.createBindGroup({ layout, entries });
      known.set(texture, group);
      return group;
    };
    this.textures = drawables.map(({ texture }) => bind(texture ?? NO_TEXTURE));
    this.sky = sky === null ? null : bind(sky);
  }

  /** Gives the memory back. */
  destroy(): void {
    this.vertices.destroy();
    this.indices.destroy();
    for (const texture of this.owned) texture.destroy();
  }
}

const NO_TEXTURE: MipTexture = {
  kind: 'flat',
  widths: Int32Array.of(1),
  heights: Int32Array.of(1),
  starts: Int32Array.of(0),
  levels: 1,
  texels: Uint32Array.of(0xffffff),
};

function rangesOf(drawables: readonly ClassicDrawable[]): Range[] {
  let [firstIndex, firstVertex] = [0, 0];
  return drawables.map(({ geometry }) => {
    const range = { indices: geometry.indices.length, firstIndex, firstVertex };
    firstIndex += geometry.indices.length;
    firstVertex += geometry.positions.length / 3;
    return range;
  });
}

function packVertices(drawables: readonly ClassicDrawable[]): Float32Array<ArrayBuffer> {
  const count = drawables.reduce((sum, { geometry }) => sum + geometry.positions.length / 3, 0);
  const out = new Float32Array(VERTEX_FLOATS * count);
  let at = 0;
  for (const { geometry, coordinates, texture } of drawables) {
    const { positions, normals } = geometry;
    const size = texture?.kind === 'cube' ? 3 : 2;
    for (let i = 0; 3 * i < positions.length; i++, at += VERTEX_FLOATS) {
      for (let k = 0; k < 3; k++) {
        out[at + k] = positions[3 * i + k]!;
        out[at + 3 + k] = normals[3 * i + k]!;
      }
      if (coordinates !== null) out.set(coordinates.subarray(size * i, size * i + size), at + 6);
    }
  }
  return out;
}

function packIndices(drawables: readonly ClassicDrawable[]): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(drawables.reduce((sum, { geometry }) => sum + geometry.indices.length, 0));
  let at = 0;
  for (const { geometry } of drawables) {
    out.set(geometry.indices, at);
    at += geometry.indices.length;
  }
  return out;
}

function upload(
  device: GPUDevice,
  values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
  usage: number,
): GPUBuffer {
  // A buffer of no bytes cannot be bound.
  const buffer = device.createBuffer({ size: Math.max(4, values.byteLength), usage: usage | BUFFER.copyTo });
  device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}

/** Flat textures repeat, faces of cube maps end. */
function samplersOf(device: GPUDevice): Record<MipTexture['kind'], GPUSampler> {
  const linear = { magFilter: 'linear', minFilter: 'linear', mipmapFilter: 'linear' } as const;
  const sampler = (mode: GPUAddressMode): GPUSampler =>
    device.createSampler({ ...linear, addressModeU: mode, addressModeV: mode });
  return { flat: sampler('repeat'), cube: sampler('clamp-to-edge') };
}

/** All mip levels as the CPU's renderer has them; a cube map is six layers. */
function uploadTexture(device: GPUDevice, { kind, widths, heights, starts, levels, texels }: MipTexture): GPUTexture {
  const layers = kind === 'cube' ? 6 : 1;
  const texture = device.createTexture({
    size: [widths[0]!, heights[0]!, layers],
    format: COLOUR_FORMAT,
    mipLevelCount: levels,
    usage: TEXTURE.binding | TEXTURE.copyTo,
  });
  for (let layer = 0; layer < layers; layer++) {
    for (let level = 0; level < levels; level++) {
      const [width, height] = [widths[level]!, heights[level]!];
      const start = starts[layer * levels + level]!;
      const bytes = new Uint32Array(texels.subarray(start, start + width * height));
      const to = { texture, mipLevel: level, origin: [0, 0, layer] };
      device.queue.writeTexture(to, bytes, { bytesPerRow: 4 * width }, [width, height]);
    }
  }
  return texture;
}
