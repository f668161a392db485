/** @file What the page and its two workers tell each other. */

import type { Outcome } from 'vlakit/interfaces/environment';
import type { TabletopState } from 'vlakit/simulation/tabletop';

/** Where a policy can run in a browser. */
export type WebRuntime = 'cpu' | 'webgpu';

/** From the page to the worker that simulates and infers. Each is answered; orders are carried out one after the other. */
export type Order =
  /** Takes the line to the worker that draws. */
  | { readonly kind: 'connect'; readonly view: MessagePort }
  /** Opens the checkpoint at a URL. */
  | { readonly kind: 'open'; readonly url: string; readonly runtime: WebRuntime }
  /** Puts another scene on the table. */
  | { readonly kind: 'scene'; readonly task: string; readonly seed: number }
  /** Gives an instruction; the policy acts until it is done. */
  | { readonly kind: 'ask'; readonly sentence: string }
  | { readonly kind: 'stop' }
  /** In real time (20 control steps a second) or as fast as the machine can. */
  | { readonly kind: 'pace'; readonly realTime: boolean };

/** How fast it goes. Rates are those of the last seconds, latencies of the last 500 inferences. */
export interface Speed {
  readonly inferences: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly chunksPerSecond: number;
  readonly stepsPerSecond: number;
}

/** From that worker to the page. */
export type Report =
  | { readonly kind: 'opened'; readonly name: string; readonly runtime: WebRuntime; readonly seconds: number }
  /** The scene on the table: its own instruction, and what else can be asked there. */
  | { readonly kind: 'scene'; readonly instruction: string; readonly sentences: readonly string[] }
  /** `task` is null where nothing can tell success from failure. */
  | { readonly kind: 'asked'; readonly sentence: string; readonly task: string | null }
  | { readonly kind: 'acting'; readonly seconds: number; readonly speed: Speed }
  | { readonly kind: 'ended'; readonly outcome: Outcome | 'stopped'; readonly seconds: number }
  | { readonly kind: 'problem'; readonly message: string; readonly hint: string | null };

/** To the worker that draws: its canvases, by camera, and then moments of the world, each answered with an empty message. */
export interface ViewSetup {
  readonly line: MessagePort;
  readonly canvases: Readonly<Record<string, OffscreenCanvas>>;
}
/** A moment to draw. */
export type Moment = TabletopState;
