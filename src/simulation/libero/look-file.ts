/** @file What a task looks like as bytes: how its geoms sit on bodies, exactly, then the scene. Little-endian. */

import { decodeScene, encodeScene } from '../rendering/classic/scene-file.ts';
import type { ClassicDrawable, ClassicScene } from '../rendering/classic/scene.ts';

/** A scene whose geoms move with bodies. Ids of bodies and sites are those of the physics model, which keeps all of them. */
export interface VisualModel {
  readonly scene: ClassicScene;
  /** Drawables of sites that show a state; their alpha says whether they do. */
  readonly stateSites: readonly ClassicDrawable[];
  /** Geoms of the model that it was made from; a drawable's id is below it. */
  readonly geoms: number;
  /** Per geom its body, its position in the body's frame [3] (metres), and its orientation [3 × 3], row-major. */
  readonly body: Int32Array;
  readonly position: Float64Array;
  readonly orientation: Float64Array;
}

/** Of the number of geoms; what follows is aligned to 8 bytes. */
const HEADER = 8;

/** Positions and orientations exactly, meshes in 16 bits per number, as `encodeScene` stores them. */
export function encodeLook({ scene, geoms, body, position, orientation }: VisualModel): Uint8Array {
  const parts = [position, orientation, body].map((one) => new Uint8Array(one.buffer, one.byteOffset, one.byteLength));
  const drawn = encodeScene(scene);
  const out = new Uint8Array(HEADER + sizeOf(geoms) + drawn.length);
  new DataView(out.buffer).setUint32(0, geoms, true);
  let at = HEADER;
  for (const part of [...parts, drawn]) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The look of bytes that `encodeLook` wrote. */
export function decodeLook(bytes: Uint8Array): VisualModel {
  const geoms = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const { buffer } = new Uint8Array(bytes.subarray(HEADER, HEADER + sizeOf(geoms)));
  const scene = decodeScene(bytes.subarray(HEADER + sizeOf(geoms)));
  return {
    scene,
    stateSites: scene.drawables.filter(({ carrier }) => carrier === 'site'),
    geoms,
    position: new Float64Array(buffer, 0, 3 * geoms),
    orientation: new Float64Array(buffer, 24 * geoms, 9 * geoms),
    body: new Int32Array(buffer, 96 * geoms, geoms),
  };
}

function sizeOf(geoms: number): number {
  return geoms * (8 * 3 + 8 * 9 + 4);
}
