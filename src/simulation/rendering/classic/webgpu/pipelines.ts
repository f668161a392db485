/** @file The render pipelines: what is opaque, seen directly or in the mirror, the mirror, what is transparent, the sky. */

import { STAGE } from './flags.ts';
import { MIRROR_SHADER, SCENE_SHADER } from './shaders.ts';

/** Four samples per pixel, as Mesa's software renderer has them. */
export const SAMPLES = 4;
export const COLOUR_FORMAT = 'rgba8unorm';
export const DEPTH_FORMAT = 'depth32float';
/** Floats per vertex: position 3, normal 3, texture coordinates 3. */
export const VERTEX_FLOATS = 9;

/** All that is made once per device. */
export interface Pipelines {
  readonly uniforms: GPUBindGroupLayout;
  readonly texture: GPUBindGroupLayout;
  readonly reflection: GPUBindGroupLayout;
  readonly opaque: GPURenderPipeline;
  /** The same, turning the other way. */
  readonly mirrored: GPURenderPipeline;
  /** Adds the mirrored world where the mirror is seen. */
  readonly mirror: GPURenderPipeline;
  readonly transparent: GPURenderPipeline;
  /** Transparent, from behind. */
  readonly back: GPURenderPipeline;
  readonly sky: GPURenderPipeline;
}

const VERTICES: GPUVertexBufferLayout = {
  arrayStride: 4 * VERTEX_FLOATS,
  attributes: [0, 1, 2].map((shaderLocation) => ({
    shaderLocation,
    offset: 12 * shaderLocation,
    format: 'float32x3' as const,
  })),
};
const ADDED: GPUBlendState = {
  color: { srcFactor: 'one', dstFactor: 'one' },
  alpha: { srcFactor: 'zero', dstFactor: 'one' },
};
const BLENDED: GPUBlendState = {
  color: { srcFactor: 'src-alpha', dstFactor: 'one-minus-src-alpha' },
  alpha: { srcFactor: 'zero', dstFactor: 'one' },
};

/** How things are drawn; the image is upside down, so what turns counter-clockwise in it turns clockwise here. */
interface Look {
  readonly fragment: 'fragment' | 'mirror';
  readonly turns: GPUFrontFace;
  readonly hides: boolean;
  readonly depth: GPUCompareFunction;
  readonly blend?: GPUBlendState;
}

/** Compiles them. */
export async function createPipelines(device: GPUDevice): Promise<Pipelines> {
  const both = STAGE.vertex | STAGE.fragment;
  const buffer = { type: 'uniform', hasDynamicOffset: true } as const;
  const uniforms = device.createBindGroupLayout({
    entries: [0, 1].map((binding) => ({ binding, visibility: both, buffer })),
  });
  const texture = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: STAGE.fragment, texture: { viewDimension: '2d-array' } },
      { binding: 1, visibility: STAGE.fragment, sampler: {} },
    ],
  });
  const reflection = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: STAGE.fragment, texture: { sampleType: 'unfilterable-float', multisampled: true } },
    ],
  });
  const scene = device.createShaderModule({ code: SCENE_SHADER });
  const mirror = device.createShaderModule({ code: MIRROR_SHADER });
  const sceneLayout = device.createPipelineLayout({ bindGroupLayouts: [uniforms, texture] });
  const mirrorLayout = device.createPipelineLayout({ bindGroupLayouts: [uniforms, reflection] });
  const things = ({ fragment, turns, hides, depth, blend }: Look): Promise<GPURenderPipeline> => {
    const module = fragment === 'mirror' ? mirror : scene;
    const target = { format: COLOUR_FORMAT, ...(blend === undefined ? {} : { blend }) } as const;
    return device.createRenderPipelineAsync({
      layout: fragment === 'mirror' ? mirrorLayout : sceneLayout,
      vertex: { module, entryPoint: 'vertex', buffers: [VERTICES] },
      primitive: { topology: 'triangle-list', cullMode: 'back', frontFace: turns },
      depthStencil: { format: DEPTH_FORMAT, depthWriteEnabled: hides, depthCompare: depth },
      multisample: { count: SAMPLES },
      fragment: { module, entryPoint: fragment, targets: [target] },
    });
  };
  const opaque = { fragment: 'fragment', hides: true, depth: 'greater-equal' } as const;
  const transparent = { ...opaque, hides: false, blend: BLENDED } as const;
  const made = await Promise.all([
    things({ ...opaque, turns: 'cw' }),
    things({ ...opaque, turns: 'ccw' }),
    things({ fragment: 'mirror', turns: 'cw', hides: false, depth: 'equal', blend: ADDED }),
    things({ ...transparent, turns: 'cw' }),
    things({ ...transparent, turns: 'ccw' }),
    device.createRenderPipelineAsync({
      layout: sceneLayout,
      vertex: { module: scene, entryPoint: 'everywhere' },
      depthStencil: { format: DEPTH_FORMAT, depthWriteEnabled: false, depthCompare: 'always' },
      multisample: { count: SAMPLES },
      fragment: { module: scene, entryPoint: 'sky', targets: [{ format: COLOUR_FORMAT }] },
    }),
  ]);
  const [seen, mirrored, surface, front, back, sky] = made;
  return {
    uniforms,
    texture,
    reflection,
    opaque: seen,
    mirrored,
    mirror: surface,
    transparent: front,
    back,
    sky,
  };
}
