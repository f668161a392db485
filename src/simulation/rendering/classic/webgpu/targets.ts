/** @file What is drawn into, and the way of the finished images to the CPU. */

import type { Image } from '../../../../interfaces/observation.ts';
import { BUFFER, MAP_READ, TEXTURE } from './flags.ts';
import { COLOUR_FORMAT, DEPTH_FORMAT, SAMPLES } from './pipelines.ts';

/** Rows of a copied texture begin at multiples of this, bytes. */
const ROW_ALIGNMENT = 256;

/** Textures of one image size, used by image after image. */
export class Targets {
  readonly width: number;
  readonly height: number;
  readonly colour: GPUTextureView;
  readonly depth: GPUTextureView;
  /** What the mirror shows. */
  readonly reflection: GPUTextureView;
  /** The mean of the samples. */
  readonly resolved: GPUTextureView;
  private readonly device: GPUDevice;
  private readonly result: GPUTexture;
  private readonly textures: readonly GPUTexture[];
  private readonly rowBytes: number;
  /** Buffers that no image is waiting for. */
  private free: GPUBuffer[] = [];

  constructor(device: GPUDevice, width: number, height: number) {
    this.device = device;
    this.width = width;
    this.height = height;
    this.rowBytes = Math.ceil((4 * width) / ROW_ALIGNMENT) * ROW_ALIGNMENT;
    const texture = (format: GPUTextureFormat, sampleCount: number, usage: number): GPUTexture =>
      device.createTexture({ size: [width, height], format, sampleCount, usage: usage | TEXTURE.attachment });
    const colour = texture(COLOUR_FORMAT, SAMPLES, 0);
    const depth = texture(DEPTH_FORMAT, SAMPLES, 0);
    const reflection = texture(COLOUR_FORMAT, SAMPLES, TEXTURE.binding);
    this.result = texture(COLOUR_FORMAT, 1, TEXTURE.copyFrom);
    this.textures = [colour, depth, reflection, this.result];
    const views = this.textures.map((one) => one.createView());
    [this.colour, this.depth, this.reflection, this.resolved] = views as [
      GPUTextureView,
      GPUTextureView,
      GPUTextureView,
      GPUTextureView,
    ];
  }

  /** A buffer for so many images. */
  take(images: number): GPUBuffer {
    const size = images * this.rowBytes * this.height;
    const at = this.free.findIndex((buffer) => buffer.size === size);
    if (at >= 0) return this.free.splice(at, 1)[0]!;
    return this.device.createBuffer({ size, usage: BUFFER.mapRead | BUFFER.copyTo });
  }

  /** Copies the image that is finished into its place in a buffer. */
  copy(encoder: GPUCommandEncoder, buffer: GPUBuffer, image: number): void {
    const { width, height, rowBytes } = this;
    const offset = image * rowBytes * height;
    encoder.copyTextureToBuffer({ texture: this.result }, { buffer, offset, bytesPerRow: rowBytes }, [width, height]);
  }

  /** The images of a buffer, the right way up, once the device is done with them. */
  async read(buffer: GPUBuffer, images: number): Promise<Image[]> {
    await buffer.mapAsync(MAP_READ);
    const bytes = new Uint8Array(buffer.getMappedRange());
    const out = Array.from({ length: images }, (_, i) => this.unpack(bytes, i));
    buffer.unmap();
    this.free.push(buffer);
    return out;
  }

  /** Gives the memory back. */
  destroy(): void {
    for (const texture of this.textures) texture.destroy();
    for (const buffer of this.free) buffer.destroy();
    this.free = [];
  }

  private unpack(bytes: Uint8Array, image: number): Image {
    const { width, height, rowBytes } = this;
    const data = new Uint8Array(3 * width * height);
    for (let y = 0, to = 0; y < height; y++) {
      let from = (image * height + height - 1 - y) * rowBytes;
      for (let x = 0; x < width; x++, from += 4, to += 3) {
        data[to] = bytes[from]!;
        data[to + 1] = bytes[from + 1]!;
        data[to + 2] = bytes[from + 2]!;
      }
    }
    return { width, height, data };
  }
}
