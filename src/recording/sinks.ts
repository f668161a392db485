/** @file The sinks of this folder by name, for `startRecorder`: what they are made of is loaded by the recorder's thread alone. */

import { workerUrl } from '../base/worker-url.ts';
import type { ImageKind } from './image-encoder.ts';
import type { SinkCall } from './recorder-messages.ts';

/** An MCAP file. */
export interface McapOptions {
  readonly file: string;
  readonly existing: 'refuse' | 'replace';
  readonly images: ImageKind;
  /** A chunk is written when it holds more than this; what is younger is lost in a crash. Default 64 KiB: about two seconds without pictures. */
  readonly chunkBytes?: number;
}

/** Names this sink for `startRecorder`. */
export function mcapSink(options: McapOptions): SinkCall {
  return { name: 'mcap', module: workerUrl(import.meta.url, './mcap-sink').href, options };
}

/** A live view: where to listen, and for whom. */
export interface LiveOptions {
  /** Beyond this machine only with a token. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly token: string | null;
  readonly images: ImageKind;
  /** A viewer with more than this on the way to it is skipped; default 4 MiB. */
  readonly sendBytes?: number;
}

/** LeRobot's port, which is Foxglove's own. */
export const LIVE_PORT = 8765;

/** Names this sink for `startRecorder`. */
export function liveSink(options: LiveOptions): SinkCall {
  return { name: 'live', module: workerUrl(import.meta.url, './live-sink').href, options };
}
