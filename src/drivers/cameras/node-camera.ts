/**
 * @file Cameras in Node, by FFmpeg inside the optional package node-av: a device of the machine (V4L2, AVFoundation, DirectShow), or a video
 * file that plays in its own time, over and over, where there is no camera. Node only.
 */

import type * as Api from 'node-av/api';
import type * as Lib from 'node-av/lib';
import { systemClock, type Clock } from '../../base/clock.ts';
import { VlaError } from '../../base/errors.ts';
import { loadOptional } from '../../base/optional.ts';
import type { Image } from '../../interfaces/observation.ts';
import type { Camera } from './camera.ts';

/** What a camera gives; images are scaled to the size. */
export interface NodeCameraOptions {
  /** What the robot calls it. */
  readonly name: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly clock?: Clock;
}

interface Library {
  readonly api: typeof Api;
  readonly lib: typeof Lib;
}

const library = (): Promise<Library> =>
  loadOptional('node-av', 'A camera', async () => ({
    api: await import('node-av/api'),
    lib: await import('node-av/lib'),
  }));

/** A device of this machine: a number, or what the system calls it (`/dev/video0`). An image is as old as its arrival. */
export function deviceCamera(
  options: NodeCameraOptions & { readonly device: string | number; readonly frameRate?: number },
): Camera {
  const { device, frameRate, width, height } = options;
  const rate = frameRate === undefined ? {} : { frameRate };
  return new NodeCamera(options, 'now', (api) =>
    api.DeviceAPI.openCamera({ videoDevice: device, width, height, ...rate }),
  );
}

/** A video file in place of a camera; it begins anew at its end. */
export function fileCamera(options: NodeCameraOptions & { readonly file: string }): Camera {
  return new NodeCamera(options, 'file', (api) => api.Demuxer.open(options.file));
}

class NodeCamera implements Camera {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  private readonly clock: Clock;
  private readonly pace: 'now' | 'file';
  private readonly source: (api: typeof Api) => Promise<Api.Demuxer>;
  private ended = new AbortController();
  private playing: Promise<void> = Promise.resolve();

  constructor(
    { name, width, height, clock = systemClock }: NodeCameraOptions,
    pace: 'now' | 'file',
    source: (api: typeof Api) => Promise<Api.Demuxer>,
  ) {
    [this.name, this.width, this.height, this.clock] = [name, width, height, clock];
    [this.pace, this.source] = [pace, source];
  }

  /** Resolves with the first image, so that what cannot be opened is said here. */
  async open(hear: (image: Image, time: number) => void, failed: (error: Error) => void): Promise<void> {
    const av = await library();
    this.ended = new AbortController();
    const { signal } = this.ended;
    let started = false;
    await new Promise<void>((resolve, reject) => {
      const heard = (image: Image, time: number): void => {
        started = true;
        resolve();
        hear(image, time);
      };
      this.playing = this.play(av, heard, signal).catch((cause: unknown) => {
        if (signal.aborted) return resolve();
        const error = this.failure(cause);
        if (started) failed(error);
        else reject(error);
      });
    });
  }

  async close(): Promise<void> {
    this.ended.abort(new VlaError('interrupted', `${this.name}: closed.`));
    await this.playing;
  }

  private failure(cause: unknown): VlaError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new VlaError('io', `camera ${this.name}: expected images, got: ${why}.`, {
      cause,
      hint: 'Check the device or file; another program may have the camera open.',
    });
  }

  private async play(av: Library, hear: (image: Image, time: number) => void, signal: AbortSignal): Promise<void> {
    const scaler = new av.api.Scaler();
    try {
      do {
        const count = await this.playOnce(av, scaler, hear, signal);
        if (count === 0) throw new Error('no pictures');
      } while (this.pace === 'file' && !signal.aborted);
      if (!signal.aborted) throw new Error('the end of its pictures');
    } finally {
      scaler.close();
    }
  }

  /** All pictures of the source; resolves with their number. */
  private async playOnce(
    av: Library,
    scaler: Api.Scaler,
    hear: (image: Image, time: number) => void,
    signal: AbortSignal,
  ): Promise<number> {
    const { width, height, clock } = this;
    const start = clock.now();
    let first: number | null = null;
    let count = 0;
    for await (const { frame, at } of this.frames(av)) {
      if (signal.aborted) break;
      first ??= at;
      if (this.pace === 'file') await clock.sleepUntil(start + at - first, signal);
      const time = clock.now();
      const data = await scaler.toBuffer(frame, { resize: { width, height }, format: 'rgb' });
      count++;
      if (!signal.aborted) hear({ width, height, data: Uint8Array.from(data) }, time);
    }
    return count;
  }

  /**
   * Frames and their times in the source, seconds; a frame is there until the next one is asked for. Packets are read by the format itself:
   * node-av's own generator of packets needs Node 22.
   */
  private async *frames({ api, lib }: Library): AsyncGenerator<{ readonly frame: Lib.Frame; readonly at: number }> {
    const demuxer = await this.source(api);
    const packet = new lib.Packet();
    packet.alloc();
    try {
      const stream = demuxer.video();
      if (stream === undefined) throw new Error('no video');
      const tick = stream.timeBase.num / stream.timeBase.den;
      const decoder = await api.Decoder.create(stream);
      try {
        for (let reading = true; reading;) {
          const code = await demuxer.getFormatContext().readFrame(packet);
          reading = code >= 0;
          if (!reading) await decoder.flush();
          else if (packet.streamIndex === stream.index) await decoder.decode(packet);
          packet.unref();
          for (;;) {
            const frame = await decoder.receive();
            if (!(frame instanceof lib.Frame)) break;
            yield { frame, at: Number(frame.pts) * tick };
            frame.free();
          }
        }
      } finally {
        decoder.close();
      }
    } finally {
      packet.free();
      await demuxer.close();
    }
  }
}
