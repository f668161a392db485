/** @file Recorded robot data as a reader hands it out: datasets, episodes, frames and windows of actions. */

import type { Annotation } from './annotation.ts';
import type { Image } from './observation.ts';

/** One column of a dataset, after LeRobot's `features`. */
export interface Feature {
  readonly dtype: 'float32' | 'float64' | 'int64' | 'int32' | 'bool' | 'image' | 'video' | 'string';
  readonly shape: readonly number[];
  /** One name per dimension, or null. */
  readonly names: readonly string[] | null;
}

/** Per-dimension statistics over the frames of a dataset. Quantiles are exact. */
export interface FeatureStatistics {
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly mean: readonly number[];
  /** Population standard deviation. */
  readonly std: readonly number[];
  readonly q01: readonly number[];
  readonly q10: readonly number[];
  readonly q50: readonly number[];
  readonly q90: readonly number[];
  readonly q99: readonly number[];
  readonly count: number;
}

/** What is known of an episode before it is read. */
export interface EpisodeInfo {
  /** The episode's own index in the dataset. */
  readonly index: number;
  /** Frames. */
  readonly length: number;
  /** The instruction(s) of the episode. */
  readonly tasks: readonly string[];
}

/** A recorded dataset, opened for reading. Numeric columns are in memory; images are decoded on demand. */
export interface Dataset {
  readonly name: string;
  readonly fps: number;
  readonly robotType: string | null;
  readonly features: Readonly<Record<string, Feature>>;
  readonly episodes: readonly EpisodeInfo[];
  /** Names of the image and video features. */
  readonly cameras: readonly string[];
  /** A numeric column of one episode, row-major [length, dim]. */
  column(feature: string, episode: number): Promise<Float32Array>;
  /** The instruction of a frame. */
  instruction(episode: number, frame: number): Promise<string>;
  /** What is known about a frame in words; undefined where nothing is. */
  annotation(episode: number, frame: number): Promise<Annotation | undefined>;
  /** One decoded camera frame. */
  image(camera: string, episode: number, frame: number): Promise<Image>;
  /** Exact statistics of a numeric feature over the chosen episodes. */
  statistics(feature: string): Promise<FeatureStatistics>;
  close(): Promise<void>;
}
