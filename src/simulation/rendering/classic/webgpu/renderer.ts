/**
 * @file Pictures as the classic renderer makes them (`../renderer.ts`), on a graphics card through WebGPU, in browsers and in Node. Bytes
 * differ a little from the CPU's, and from card to card.
 */

import { VlaError } from '../../../../base/errors.ts';
import type { Image } from '../../../../interfaces/observation.ts';
import type { Camera } from '../../camera.ts';
import type { ClassicLight } from '../lights.ts';
import type { Poses } from '../poses.ts';
import type { ClassicScene } from '../scene.ts';
import { BUFFER } from './flags.ts';
import { Frame, type Shot } from './frame.ts';
import { createPipelines, type Pipelines } from './pipelines.ts';
import { SceneOnDevice } from './scene-on-device.ts';
import { MOST_LIGHTS } from './shaders.ts';
import { Targets } from './targets.ts';
import { DRAWABLE_BYTES, DRAWABLE_STRIDE, VIEW_BYTES, VIEW_STRIDE } from './uniforms.ts';

/** Scenes that stay on the device; each is some tens of megabytes. */
const MOST_SCENES = 4;

/** Draws scenes into images of one size. */
export class WebGpuRenderer {
  private readonly device: GPUDevice;
  private readonly pipelines: Pipelines;
  private readonly targets: Targets;
  private readonly mirrored: GPUBindGroup;
  private readonly frame = new Frame();
  /** The one that was used last comes last. */
  private readonly scenes = new Map<ClassicScene, SceneOnDevice>();
  private uniforms: { readonly views: GPUBuffer; readonly drawables: GPUBuffer; readonly group: GPUBindGroup } | null =
    null;
  /** What the device complained about first: no picture can be trusted any more. */
  private complaint: string | null = null;
  private closed = false;

  private constructor(device: GPUDevice, pipelines: Pipelines, width: number, height: number) {
    this.device = device;
    this.pipelines = pipelines;
    this.targets = new Targets(device, width, height);
    const entries = [{ binding: 0, resource: this.targets.reflection }];
    this.mirrored = device.createBindGroup({ layout: pipelines.reflection, entries });
    device.addEventListener('uncapturederror', this.complain);
  }

  /** `width` and `height` in pixels. The device stays the caller's. Rejects: `bad-argument` for sizes, `unsupported` when the device fails. */
  static async create(
    device: GPUDevice,
    { width, height }: { readonly width: number; readonly height: number },
  ): Promise<WebGpuRenderer> {
    const most = device.limits.maxTextureDimension2D;
    if (![width, height].every((side) => Number.isInteger(side) && side >= 1 && side <= most)) {
      throw new VlaError(
        'bad-argument',
        `WebGPU renderer: expected sides of 1 to ${most} pixels, got ${width} × ${height}.`,
      );
    }
    try {
      return new WebGpuRenderer(device, await createPipelines(device), width, height);
    } catch (cause) {
      throw failure(messageOf(cause), cause);
    }
  }

  /**
   * One fresh image per camera. Poses, colours and lights are those at the time of the call, not of the answer. Rejects as `unsupported`
   * when the device fails or is lost.
   */
  async render(
    scene: ClassicScene,
    poses: Poses,
    cameras: readonly Camera[],
    lights: readonly ClassicLight[],
  ): Promise<Image[]> {
    if (this.closed) throw new VlaError('bad-argument', 'WebGPU renderer: expected an open one, got a closed one.');
    if (lights.length > MOST_LIGHTS) {
      throw new VlaError(
        'bad-argument',
        `WebGPU renderer: expected at most ${MOST_LIGHTS} lights, got ${lights.length}.`,
      );
    }
    const { width, height } = this.targets;
    const shots = this.frame.plan({ scene, poses, cameras, lights, width, height });
    try {
      const buffer = this.targets.take(shots.length);
      this.draw(scene, shots, buffer);
      const images = await this.targets.read(buffer, shots.length);
      if (this.complaint !== null) throw new Error(this.complaint);
      return images;
    } catch (cause) {
      throw failure(this.complaint ?? messageOf(cause), cause);
    }
  }

  /** Gives the memory on the device back. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.device.removeEventListener('uncapturederror', this.complain);
    for (const scene of this.scenes.values()) scene.destroy();
    this.scenes.clear();
    this.targets.destroy();
    this.uniforms?.views.destroy();
    this.uniforms?.drawables.destroy();
    this.uniforms = null;
  }

  private readonly complain = (event: GPUUncapturedErrorEvent): void => {
    // It would be printed.
    event.preventDefault();
    this.complaint ??= event.error.message;
  };

  private draw(scene: ClassicScene, shots: readonly Shot[], buffer: GPUBuffer): void {
    const { device, targets } = this;
    const stored = this.sceneOnDevice(scene);
    this.writeUniforms();
    const encoder = device.createCommandEncoder();
    for (const [i, shot] of shots.entries()) {
      if (shot.reflection !== null) this.drawReflection(encoder, stored, shot.reflection);
      this.drawShot(encoder, stored, shot);
      targets.copy(encoder, buffer, i);
    }
    device.queue.submit([encoder.finish()]);
  }

  private drawReflection(
    encoder: GPUCommandEncoder,
    scene: SceneOnDevice,
    { slot, drawn }: NonNullable<Shot['reflection']>,
  ): void {
    const { reflection, depth } = this.targets;
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view: reflection, loadOp: 'clear', storeOp: 'store', clearValue: [0, 0, 0, 0] }],
      depthStencilAttachment: { view: depth, depthLoadOp: 'clear', depthStoreOp: 'discard', depthClearValue: 0 },
    });
    begin(pass, scene);
    pass.setPipeline(this.pipelines.mirrored);
    for (const index of drawn) this.drawOne(pass, scene, slot, index, scene.textures[index]!);
    pass.end();
  }

  private drawShot(encoder: GPUCommandEncoder, scene: SceneOnDevice, shot: Shot): void {
    const { pipelines } = this;
    const { colour, depth, resolved } = this.targets;
    const { slot, near, far, opaque, layers, reflection } = shot;
    const pass = encoder.beginRenderPass({
      colorAttachments: [
        { view: colour, resolveTarget: resolved, loadOp: 'clear', storeOp: 'discard', clearValue: [0, 0, 0, 1] },
      ],
      // What is farther than `far` is not drawn.
      depthStencilAttachment: {
        view: depth,
        depthLoadOp: 'clear',
        depthStoreOp: 'discard',
        depthClearValue: near / far,
      },
    });
    begin(pass, scene);
    if (scene.sky !== null) {
      pass.setPipeline(pipelines.sky);
      pass.setBindGroup(0, this.uniforms!.group, [slot * VIEW_STRIDE, 0]);
      pass.setBindGroup(1, scene.sky);
      pass.draw(3);
    }
    pass.setPipeline(pipelines.opaque);
    for (const index of opaque) this.drawOne(pass, scene, slot, index, scene.textures[index]!);
    if (reflection !== null) {
      pass.setPipeline(pipelines.mirror);
      this.drawOne(pass, scene, slot, reflection.mirror, this.mirrored);
    }
    for (const { index, behind } of layers) {
      pass.setPipeline(behind ? pipelines.back : pipelines.transparent);
      this.drawOne(pass, scene, slot, index, scene.textures[index]!);
    }
    pass.end();
  }

  private drawOne(
    pass: GPURenderPassEncoder,
    { ranges }: SceneOnDevice,
    slot: number,
    index: number,
    texture: GPUBindGroup,
  ): void {
    const { indices, firstIndex, firstVertex } = ranges[index]!;
    const drawable = (slot * ranges.length + index) * DRAWABLE_STRIDE;
    pass.setBindGroup(0, this.uniforms!.group, [slot * VIEW_STRIDE, drawable]);
    pass.setBindGroup(1, texture);
    pass.drawIndexed(indices, 1, firstIndex, firstVertex);
  }

  private sceneOnDevice(scene: ClassicScene): SceneOnDevice {
    const stored = this.scenes.get(scene) ?? new SceneOnDevice(this.device, this.pipelines.texture, scene);
    this.scenes.delete(scene);
    this.scenes.set(scene, stored);
    const [oldest] = this.scenes;
    if (this.scenes.size > MOST_SCENES) {
      oldest![1].destroy();
      this.scenes.delete(oldest![0]);
    }
    return stored;
  }

  private writeUniforms(): void {
    const { device, frame } = this;
    const fits =
      this.uniforms !== null &&
      this.uniforms.views.size >= frame.views.byteLength &&
      this.uniforms.drawables.size >= frame.drawables.byteLength;
    if (!fits) {
      this.uniforms?.views.destroy();
      this.uniforms?.drawables.destroy();
      const usage = BUFFER.uniform | BUFFER.copyTo;
      const views = device.createBuffer({ size: frame.views.byteLength, usage });
      const drawables = device.createBuffer({ size: Math.max(DRAWABLE_STRIDE, frame.drawables.byteLength), usage });
      const entries = [
        { binding: 0, resource: { buffer: views, size: VIEW_BYTES } },
        { binding: 1, resource: { buffer: drawables, size: DRAWABLE_BYTES } },
      ];
      this.uniforms = { views, drawables, group: device.createBindGroup({ layout: this.pipelines.uniforms, entries }) };
    }
    device.queue.writeBuffer(this.uniforms!.views, 0, frame.views);
    device.queue.writeBuffer(this.uniforms!.drawables, 0, frame.drawables);
  }
}

function begin(pass: GPURenderPassEncoder, { vertices, indices }: SceneOnDevice): void {
  pass.setVertexBuffer(0, vertices);
  pass.setIndexBuffer(indices, 'uint32');
}

function failure(message: string, cause: unknown): VlaError {
  return new VlaError('unsupported', `WebGPU renderer: expected images, got: ${message}`, {
    hint: 'The renderer on the CPU needs no driver.',
    cause,
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
