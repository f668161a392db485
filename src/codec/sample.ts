/** @file Training samples: what the data side hands to a codec. */

import type { Annotation } from '../interfaces/annotation.ts';
import type { Image } from '../interfaces/observation.ts';

/** A frame of an episode with the actions that follow it, in robot units. */
export interface TrainingSample {
  /** Camera name (as in `Embodiment.cameras`, without a dataset's `observation.images.` prefix) → image. */
  readonly images: Readonly<Record<string, Image>>;
  /** Proprioception in the embodiment's units. */
  readonly state: Float32Array;
  readonly instruction: string;
  /** Row-major [horizon, action dimensions], in robot units; steps beyond the episode's end repeat the last action. */
  readonly actions: Float32Array;
  /** One per step of the horizon: 1 where the step lies beyond the episode's end. */
  readonly actionIsPad: Uint8Array;
  /**
   * Features of the frame whose name starts with `supervision.`, by full name; may be empty. Where annotations say how far the task
   * is, `supervision.chunk_progress` holds it before and after the actions.
   */
  readonly supervision: Readonly<Record<string, Float32Array>>;
  /** What is known about the frame in words; left out where nothing is. */
  readonly annotation?: Annotation;
}

/** A question about images and its answer: vision-language data. */
export interface ConversationSample {
  /** Camera name (of the codec) → image; none at all for text alone. */
  readonly images: Readonly<Record<string, Image>>;
  readonly question: string;
  readonly answer: string;
}
