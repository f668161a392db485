/** @file WebGPU's usage flags as its specification numbers them: browsers have them as globals, Node does not. */

/** GPUBufferUsage. */
export const BUFFER = { mapRead: 1, copyFrom: 4, copyTo: 8, index: 16, vertex: 32, uniform: 64 } as const;
/** GPUTextureUsage. */
export const TEXTURE = { copyFrom: 1, copyTo: 2, binding: 4, attachment: 16 } as const;
/** GPUShaderStage. */
export const STAGE = { vertex: 1, fragment: 2 } as const;
/** GPUMapMode.READ. */
export const MAP_READ = 1;
