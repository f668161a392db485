/** @file What a benchmark is: a world, its episodes, how they are played, and what others got. */

import type { ModuleCall } from '../../base/user-module.ts';
import type { LiberoRendererName } from '../../simulation/libero/renderers.ts';
import type { PublishedTable } from './published.ts';

/** What a run chooses. */
export interface BenchmarkChoice {
  /** What the benchmark says it means. */
  readonly seed: number;
  /** Episodes per task, for a benchmark that has a limited number. */
  readonly episodes: number;
  /** Side of the cameras' square images, pixels; null: as the benchmark says. */
  readonly imageSize: number | null;
  /** Pixels of films. */
  readonly filmSize: number;
  /** Who draws the images; "cpu" is what every benchmark has. */
  readonly renderer: LiberoRendererName;
}

/** A benchmark that can be played. */
export interface OpenedBenchmark {
  /** Opened by each worker. */
  readonly environment: ModuleCall;
  /** The environment that is filmed; null: the same. */
  readonly stage: ModuleCall | null;
  readonly firstSeed: number;
  /** How it is played, in a sentence or two for readers of the result. */
  readonly text: string;
  /** Everything beside tasks, seeds and steps that changes numbers: results with other settings are not parts of one. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** A benchmark, as the table lists it. */
export interface Benchmark {
  /** As on the command line. */
  readonly name: string;
  /** One line for help texts. */
  readonly summary: string;
  /** How many tasks it has, and episodes per task. */
  readonly tasks: number;
  readonly episodes: number;
  readonly seed: { readonly value: number; readonly meaning: string };
  /** The conditions of protocol.ts that its environment can play; its perturbations can always be played. The first is the benchmark itself. */
  readonly conditions: readonly string[];
  /**
   * Checks what is needed before anything runs, and says what to open. Rejects with a next step: files that are missing or not accepted,
   * choices that cannot be.
   */
  open(choice: BenchmarkChoice): Promise<OpenedBenchmark>;
  /** What others report; null: nothing that is comparable. */
  readonly published: PublishedTable | null;
}
