/**
 * @file Scenes as bytes, for a cache on disk: a header in JSON, then arrays. Meshes are stored in 16 bits per number (places within 1/65 535
 * of the mesh's box), everything else exactly.
 */

import { VlaError } from '../../../base/errors.ts';
import { makeGeometry } from '../geometry.ts';
import type { Geometry } from '../geometry.ts';
import { cubeMipTexture, flatMipTexture } from './mip-texture.ts';
import type { MipTexture } from './mip-texture.ts';
import type { ClassicDrawable, ClassicScene } from './scene.ts';

/** "VKSC". */
const MAGIC = 0x43534b56;
/** The version of the layout. */
export const SCENE_FILE_VERSION = 1;
const HEADER = 12;

/** An array in the file. `ranges`: per component lowest value and step, when it is stored in 16 bits. */
interface Stored {
  readonly at: number;
  readonly length: number;
  readonly type: 'f32' | 'u16' | 'u32' | 'u8';
  readonly ranges?: readonly (readonly [number, number])[];
}

interface StoredTexture {
  readonly kind: MipTexture['kind'];
  readonly width: number;
  readonly height: number;
  readonly texels: Stored;
}

interface StoredDrawable extends Omit<ClassicDrawable, 'geometry' | 'rgba' | 'texture' | 'coordinates'> {
  readonly rgba: readonly number[];
  readonly positions: Stored;
  readonly normals: Stored;
  readonly indices: Stored;
  readonly coordinates: Stored | null;
  readonly texture: number;
}

interface Header {
  readonly near: number;
  readonly far: number;
  readonly sky: number;
  readonly textures: readonly StoredTexture[];
  readonly drawables: readonly StoredDrawable[];
}

/** The bytes of a scene. */
export function encodeScene(scene: ClassicScene): Uint8Array {
  const writer = new Writer();
  const textures: MipTexture[] = [];
  const indexOf = (texture: MipTexture | null): number => {
    if (texture === null) return -1;
    if (!textures.includes(texture)) textures.push(texture);
    return textures.indexOf(texture);
  };
  const drawables = scene.drawables.map((drawable): StoredDrawable => {
    const { geometry, rgba, texture, coordinates, isMesh, ...rest } = drawable;
    const size = coordinates === null ? 0 : (3 * coordinates.length) / geometry.positions.length;
    const put = (values: Float32Array, per: number): Stored =>
      isMesh ? writer.inRange(values, per) : writer.put(values);
    return {
      ...rest,
      isMesh,
      rgba: [...rgba],
      positions: put(geometry.positions, 3),
      normals: put(geometry.normals, 3),
      indices: writer.put(
        geometry.positions.length > 3 * 65_536 ? geometry.indices : Uint16Array.from(geometry.indices),
      ),
      coordinates: coordinates === null ? null : put(coordinates, size),
      texture: indexOf(texture),
    };
  });
  const sky = indexOf(scene.sky);
  const header: Header = {
    near: scene.near,
    far: scene.far,
    sky,
    textures: textures.map((texture) => storeTexture(texture, writer)),
    drawables,
  };
  return writer.finish(new TextEncoder().encode(JSON.stringify(header)));
}

/** The scene of bytes that `encodeScene` wrote; others are a `bad-data` error. */
export function decodeScene(bytes: Uint8Array): ClassicScene {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || view.getUint32(0, true) !== MAGIC) throw bad('a scene file', 'something else');
  const version = view.getUint32(4, true);
  if (version !== SCENE_FILE_VERSION) throw bad(`version ${SCENE_FILE_VERSION}`, `version ${version}`);
  const end = HEADER + view.getUint32(8, true);
  if (end > bytes.length) throw bad(`at least ${end} bytes`, `${bytes.length}`);
  const header = parseHeader(bytes.subarray(HEADER, end));
  // A copy with a buffer of its own (`slice` of Node's Buffers is none).
  const reader = new Reader(new Uint8Array(bytes.subarray(align(end))));
  const textures = header.textures.map((texture) => restoreTexture(texture, reader));
  const geometries = new Map<string, Geometry>();
  const drawables = header.drawables.map((stored): ClassicDrawable => {
    const { positions, normals, indices, coordinates, texture, rgba, ...rest } = stored;
    const key = `${positions.at} ${indices.at}`;
    const geometry =
      geometries.get(key) ??
      makeGeometry(reader.floats(positions), reader.floats(normals), null, reader.integers(indices));
    geometries.set(key, geometry);
    return {
      ...rest,
      geometry,
      rgba: Float64Array.from(rgba),
      texture: textures[texture] ?? null,
      coordinates: coordinates === null ? null : reader.floats(coordinates),
    };
  });
  return { near: header.near, far: header.far, sky: textures[header.sky] ?? null, drawables };
}

function parseHeader(bytes: Uint8Array): Header {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Header;
  } catch {
    throw bad('a header in JSON', 'something else');
  }
}

function storeTexture(texture: MipTexture, writer: Writer): StoredTexture {
  const [width, height] = [texture.widths[0]!, texture.heights[0]!];
  const face = (i: number): Uint32Array => {
    const start = texture.starts[i * texture.levels]!;
    return texture.texels.subarray(start, start + width * height);
  };
  const count = texture.starts.length / texture.levels;
  const distinct = [...Array(count).keys()].some((i) => face(i).some((texel, at) => texel !== face(0)[at])) ? count : 1;
  const out = new Uint8Array(3 * distinct * width * height);
  for (let i = 0, at = 0; i < distinct; i++) {
    for (const texel of face(i)) {
      out[at++] = texel;
      out[at++] = texel >> 8;
      out[at++] = texel >> 16;
    }
  }
  return { kind: texture.kind, width, height: distinct * height, texels: writer.put(out) };
}

function restoreTexture({ kind, width, height, texels }: StoredTexture, reader: Reader): MipTexture {
  const image = { width, height, channels: 3, bytes: reader.bytesOf(texels), srgb: false };
  return kind === 'flat' ? flatMipTexture(image) : cubeMipTexture(image);
}

class Writer {
  private readonly parts: Uint8Array[] = [];
  private readonly known = new Map<Float32Array, Stored>();
  private length = 0;

  put(values: Float32Array | Uint16Array | Uint32Array | Uint8Array): Stored {
    const type =
      values instanceof Float32Array
        ? 'f32'
        : values instanceof Uint16Array
          ? 'u16'
          : values instanceof Uint32Array
            ? 'u32'
            : 'u8';
    const at = this.length;
    this.parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.length = align(at + values.byteLength);
    this.parts.push(new Uint8Array(this.length - at - values.byteLength));
    return { at, length: values.length, type };
  }

  /** In 16 bits per number, from the lowest to the highest of each of the `per` components; the same array is stored once. */
  inRange(values: Float32Array, per: number): Stored {
    const before = this.known.get(values);
    if (before !== undefined) return before;
    const ranges = Array.from({ length: per }, (_, k) => {
      let [low, high] = [Infinity, -Infinity];
      for (let i = k; i < values.length; i += per) {
        low = Math.min(low, values[i]!);
        high = Math.max(high, values[i]!);
      }
      return [low, (high - low) / 65_535 || 1] as const;
    });
    const codes = Uint16Array.from(values, (value, i) =>
      Math.round((value - ranges[i % per]![0]) / ranges[i % per]![1]),
    );
    const stored = { ...this.put(codes), ranges };
    this.known.set(values, stored);
    return stored;
  }

  finish(header: Uint8Array): Uint8Array {
    const start = align(HEADER + header.length);
    const out = new Uint8Array(start + this.length);
    const view = new DataView(out.buffer);
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, SCENE_FILE_VERSION, true);
    view.setUint32(8, header.length, true);
    out.set(header, HEADER);
    let at = start;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

class Reader {
  private readonly bytes: Uint8Array;

  /** `bytes` start at the beginning of their buffer. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  bytesOf({ at, length, type }: Stored): Uint8Array {
    const size = length * (type === 'u8' ? 1 : type === 'u16' ? 2 : 4);
    if (at + size > this.bytes.length) throw bad(`${at + size} bytes of arrays`, `${this.bytes.length}`);
    return this.bytes.subarray(at, at + size);
  }

  integers(stored: Stored): Uint32Array {
    const { buffer, byteOffset } = this.bytesOf(stored);
    return stored.type === 'u16'
      ? Uint32Array.from(new Uint16Array(buffer, byteOffset, stored.length))
      : new Uint32Array(buffer, byteOffset, stored.length);
  }

  floats(stored: Stored): Float32Array {
    const { ranges, length } = stored;
    const { buffer, byteOffset } = this.bytesOf(stored);
    if (ranges === undefined) return new Float32Array(buffer, byteOffset, length);
    const codes = new Uint16Array(buffer, byteOffset, length);
    return Float32Array.from(codes, (code, i) => ranges[i % ranges.length]![0] + code * ranges[i % ranges.length]![1]);
  }
}

function align(at: number): number {
  return (at + 3) & ~3;
}

function bad(expected: string, got: string): VlaError {
  return new VlaError('bad-data', `decodeScene: expected ${expected}, got ${got}.`, {
    hint: 'Delete the cached file; it is made again.',
  });
}
